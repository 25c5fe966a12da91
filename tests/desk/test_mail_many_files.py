"""A mail to many with files: written, checked, tried on oneself, sent and looked at again."""

import json
from html import unescape
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from salotto.channels.email.actions.bulk import continue_batch
from salotto.channels.email.models import Batch, BatchRecipient
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Attachment
from tests.cast import Cast
from tests.channels.email.post import person
from tests.desk.mails import files_of, last_message, open_box

PRICES = b"%PDF cups 12.00"


def uploaded(cast: Cast, client: Client, name: str = "prices.pdf") -> str:
    given = {"file": SimpleUploadedFile(name, PRICES, "application/pdf")}
    told = client.post(f"/a/{cast.slug}/uploads/", given, HTTP_ACCEPT="application/json")
    return str(told.json()["id"])


def letter(cast: Cast, attachments: str, **more: Any) -> dict[str, Any]:
    box = open_box(cast)
    return {
        "mailbox": box.mailbox.pk,
        "to": f"{person()}\n{person()}",
        "subject": "Prices",
        "body": "Hello",
        "key": str(uuid4()),
        "attachments": attachments,
        **more,
    }


def kept(page: str) -> list[str]:
    """The names of the files that a form comes back with."""
    found = page.partition('data-kept="')[2].partition('"')[0]
    return [one["name"] for one in json.loads(unescape(found))]


def batch_with(cast: Cast, people: int) -> Batch:
    """The latest one, made."""
    with account_scope(cast.account.pk):
        batch: Batch = Batch.objects.latest("id")
        assert BatchRecipient.objects.filter(batch=batch).count() == people
    continue_batch(cast.account.pk, batch.pk)
    return batch


def test_files_are_named_tried_sent_and_shown_in_each_conversation(cast: Cast) -> None:
    client, address = cast.client(cast.agent), f"/a/{cast.slug}/mail/many/"
    fields = letter(cast, uploaded(cast, client))
    page = client.post(address, {**fields, "me": "1"}).content.decode()
    assert "prices.pdf" in page and "Files of 15 B go with each mail, 30 B in all." in page.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    batch_with(cast, 1)
    told = client.post(address, {**fields, "sure": "1"})
    batch = batch_with(cast, 2)
    with account_scope(cast.account.pk):
        found = BatchRecipient.objects.filter(batch=batch).values_list("conversation_id", flat=True)
    for conversation in found:
        assert conversation is not None
        assert [one.name for one in files_of(cast, last_message(cast, conversation).pk)] == ["prices.pdf"]
        shown = client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
        assert "prices.pdf" in shown
    page = client.get(told["Location"]).content.decode()
    file = page.partition(f'href="{told["Location"]}files/')[2].partition('"')[0]
    served = f"{told['Location']}files/{file}"
    assert client.get(served).content == PRICES
    assert cast.client(cast.viewer).get(served).status_code == 403
    assert cast.client(cast.outsider).get(served).status_code == 404
    assert client.get(f"{address}999999999/files/{file}").status_code == 404


def test_files_stay_while_the_form_comes_back_and_only_those_that_are_there(cast: Cast) -> None:
    client, address = cast.client(cast.agent), f"/a/{cast.slug}/mail/many/"
    mine, theirs = uploaded(cast, client), uploaded(cast, cast.client(cast.admin), "secret.pdf")
    fields = letter(cast, f"{mine},{theirs}")
    page = client.post(address, fields).content.decode()
    assert "A file is no longer there. Attach it again." in page
    assert kept(page) == ["prices.pdf"] and "secret.pdf" not in page
    for wrong in ({"to": ""}, {"back": "1"}, {"to": "nobody"}):
        assert kept(client.post(address, {**fields, "attachments": mine, **wrong}).content.decode()) == [
            "prices.pdf"
        ], wrong
    assert kept(client.post(address, {**fields, "attachments": "x;y"}).content.decode()) == []
    with account_scope(cast.account.pk):
        Attachment.objects.filter(pk=mine).update(size=11 * 1024 * 1024)
    for sure in ({}, {"sure": "1"}):
        page = client.post(address, {**fields, "attachments": mine, **sure}).content.decode()
        assert "The files are larger than 10 MB together." in page and kept(page) == ["prices.pdf"]
    with account_scope(cast.account.pk):
        assert not Batch.objects.filter(key=fields["key"]).exists()


def test_mail_to_many_is_a_click_away_for_whoever_may_send_it(cast: Cast) -> None:
    link = f'href="/a/{cast.slug}/mail/many/"'
    assert link not in cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/").content.decode()
    open_box(cast)
    assert link in cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/").content.decode()
    assert link not in cast.client(cast.viewer).get(f"/a/{cast.slug}/inbox/").content.decode()
