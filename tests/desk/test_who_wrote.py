"""Who wrote, by which inbox, and whether they can be answered: the same on every part of a page."""

from email.message import EmailMessage

from django.test import Client

from salotto.channels.email.models import Mailbox
from salotto.core.tenancy import account_scope
from tests.cast import Cast, found_cast
from tests.channels.email.post import letter, new_id, person
from tests.desk.mails import came, open_box, write_to


def page(client: Client, cast: Cast, path: str) -> str:
    answer = client.get(f"/a/{cast.account.slug}/inbox/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def everywhere(cast: Cast, conversation: int) -> list[str]:
    """The list, its live rows, the thread with its contact, and the live state of the thread."""
    client = cast.client(cast.agent)
    whole = page(client, cast, f"all/{conversation}/")
    live = client.get(f"/a/{cast.account.slug}/inbox/all/rows/?ids={conversation}").json()
    state = client.get(f"/a/{cast.account.slug}/c/{conversation}/messages/?after=0").json()
    return [
        page(client, cast, ""),
        live["rows"][0]["html"],
        whole.partition("<title>")[2].partition("</title>")[0],
        whole.partition("data-thread=")[2].partition('data-title="')[2].partition('"')[0],
        whole.partition('id="contact"')[2],
        state["head"],
        state["html"],
    ]


def test_whoever_gave_no_name_is_called_by_address_everywhere() -> None:
    cast = found_cast()
    address = person("dora")
    box = open_box(cast)
    conversation, _ = came(box, letter(address, box.address))
    for part in everywhere(cast, conversation):
        assert address in part and "Visitor" not in part


def test_a_mail_without_a_sender_says_so_everywhere() -> None:
    cast = found_cast()
    box = open_box(cast)
    mail = EmailMessage()
    mail["To"], mail["Subject"], mail["Message-ID"] = box.address, "Lost", f"<{new_id()}>"
    mail.set_content("Who am I?")
    conversation, _ = came(box, mail.as_bytes())
    for part in everywhere(cast, conversation):
        assert "Unknown sender" in part and "Visitor" not in part


def test_each_row_names_its_inbox() -> None:
    cast = found_cast()
    names = {}
    for name in ("Support", "Orders"):
        names[name] = write_to(open_box(cast, name=name))[0]
    client = cast.client(cast.agent)
    for name, conversation in names.items():
        told = client.get(f"/a/{cast.account.slug}/inbox/all/rows/?ids={conversation}").json()
        assert f"Email · {name}" in told["rows"][0]["html"]
        assert f"Email · {name}" in page(client, cast, f"all/{conversation}/").partition('id="contact"')[2]


def test_of_an_inbox_that_is_off_there_are_notes_only() -> None:
    cast = found_cast()
    box = open_box(cast)
    conversation, _ = write_to(box)
    client = cast.client(cast.agent)
    before = page(client, cast, f"all/{conversation}/")
    assert "data-notes-only" not in before and "data-recipients" in before
    with account_scope(cast.account.pk):
        Mailbox.objects.filter(pk=box.mailbox.pk).update(enabled=False)
    after = page(client, cast, f"all/{conversation}/")
    assert (
        "This inbox is switched off: nothing can be sent from it. Notes for the team are possible." in after
    )
    form = after.partition('<form class="composer')[2].partition("</form>")[0]
    assert "data-notes-only" in form and "/note/" in form.partition('action="')[2].partition('"')[0]
    assert "data-recipients" not in form and 'name="quote"' not in form
    note = {"client_id": "0d9e7d0e-4f6a-4bd8-9d7e-1f2ad7a2f001", "body": "ask Marco"}
    assert client.post(f"/a/{cast.account.slug}/c/{conversation}/note/", note).status_code in (200, 302)
