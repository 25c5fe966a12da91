"""The settings of email inboxes: who may, what they show, what bad input gets."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from salotto.accounts.actions import permit_channels
from salotto.channels.email.models import Auth, FromName, Mailbox, Position, Way
from salotto.channels.email.oauth import PROVIDERS
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Inbox
from tests.cast import Cast
from tests.channels.email.post import Post, open_post
from tests.desk.email_pages import open_inbox, page, permitted, post, read_by, row, server, text_of, url
from tests.mailservers.provider import Provider, provider

READS = (
    "",
    "add/",
    "domains/",
    "mail/",
    "email/{id}/",
    "email/{id}/connect/",
    "email/{id}/receiving/",
    "email/{id}/sending/",
    "email/{id}/look/",
    "email/{id}/automatic/",
    "email/{id}/forwarding/",
    "email/{id}/http/",
    "email/{id}/remove/",
    "chat/",
)
WRITES = (
    "add/",
    "email/{id}/",
    "email/{id}/switch/",
    "email/{id}/remove/",
    "email/{id}/receiving/",
    "email/{id}/sending/",
    "email/{id}/servers/in/test/",
    "email/{id}/servers/in/remove/",
    "email/{id}/connect/google/",
    "email/{id}/look/",
    "email/{id}/look/preview/",
    "email/{id}/look/logo/",
    "email/{id}/automatic/",
    "email/{id}/automatic/preview/",
    "email/{id}/automatic/chats/",
    "email/{id}/automatic/chats/preview/",
    "email/{id}/http/",
    "email/{id}/tests/",
    "domains/",
    "mail/retry/",
    "mail/1/retry/",
    "mail/1/dismiss/",
    "mail/1/assign/",
)


@pytest.fixture
def box(cast: Cast) -> Post:
    return open_inbox(cast)


@pytest.mark.parametrize("path", READS)
def test_only_who_manages_channels_reads(cast: Cast, box: Post, path: str) -> None:
    address = url(cast, path.format(id=box.mailbox.pk))
    got = {name: cast.client(member).get(address).status_code for name, member in cast.members().items()}
    assert got == {
        "primary_admin": 200,
        "admin": 403,
        "agent": 403,
        "viewer": 403,
        "nobody": 403,
        "outsider": 404,
    }
    assert cast.client(permitted(cast)).get(address).status_code == 200


@pytest.mark.parametrize("path", WRITES)
def test_only_who_manages_channels_writes(cast: Cast, box: Post, path: str) -> None:
    address = url(cast, path.format(id=box.mailbox.pk))
    before = row(box)
    got = {name: cast.client(getattr(cast, name)).post(address).status_code for name in ("admin", "agent")}
    assert got == {"admin": 403, "agent": 403}
    assert cast.client(cast.outsider).post(address).status_code == 404
    assert row(box).hook_digest == before.hook_digest


@pytest.mark.parametrize("path", [path for path in (*READS, *WRITES) if "{id}" in path])
def test_an_inbox_of_another_account_does_not_exist(cast: Cast, path: str) -> None:
    other = open_post(cast.outsider)
    address = url(cast, path.format(id=other.mailbox.pk))
    client = cast.client(cast.primary_admin)
    answer = client.post(address) if path in WRITES else client.get(address)
    assert answer.status_code == 404
    assert client.get(url(cast, f"email/{2**63}/")).status_code == 404


def test_the_reason_of_a_refusal_is_said(cast: Cast) -> None:
    answer = cast.client(cast.admin).get(url(cast))
    assert "The primary admin can give it to you" in text_of(answer.content.decode())


def test_the_rail_leads_there_who_may(cast: Cast) -> None:
    inbox = f"/a/{cast.slug}/inbox/"
    assert "/settings/channels/" in cast.client(cast.primary_admin).get(inbox).content.decode()
    assert "/settings/channels/" not in cast.client(cast.agent).get(inbox).content.decode()


def test_every_inbox_is_listed_with_its_state(cast: Cast, box: Post) -> None:
    found = page(cast)
    assert "Web chat" in found and box.address in found
    assert "Nothing comes in yet" in found


def test_an_inbox_is_added_by_its_address(cast: Cast) -> None:
    answer = post(cast, "add/", {"address": "help@gmail.com", "name": "Help"})
    assert answer.status_code == 302
    with account_scope(cast.account.pk):
        made = Mailbox.objects.get(address="help@gmail.com")
    assert answer["Location"] == url(cast, f"email/{made.pk}/connect/")
    assert "is a mailbox at Gmail" in page(cast, f"email/{made.pk}/connect/")
    assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="mailbox.added").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"address": "help", "name": "Help"}, "This is not an email address."),
        ({"address": "", "name": "Help"}, "This field is required."),
        ({"address": "a@b.example", "name": " "}, "This field is required."),
    ],
)
def test_what_is_no_inbox_is_not_added(cast: Cast, data: dict[str, str], words: str) -> None:
    answer = post(cast, "add/", data)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert words in text_of(shown)
    if data["address"]:
        assert f'value="{data["address"]}"' in shown
    with account_scope(cast.account.pk):
        assert not Mailbox.objects.exists()


def test_an_address_belongs_to_one_inbox(cast: Cast, box: Post) -> None:
    answer = post(cast, "add/", {"address": box.address.upper(), "name": "Again"})
    assert answer.status_code == 422
    assert "has this address already" in text_of(answer.content.decode())


def test_name_and_addresses_are_changed_together(cast: Cast, box: Post) -> None:
    given = {"name": "Orders", "address": "orders@shop.example", "aliases": "a@shop.example\nb@shop.example"}
    assert post(cast, f"email/{box.mailbox.pk}/", given).status_code == 302
    now = row(box)
    assert (now.inbox.name, now.address) == ("Orders", "orders@shop.example")
    assert now.aliases.split() == ["a@shop.example", "b@shop.example"]


def test_a_wrong_alias_keeps_all_that_was_typed_and_changes_nothing(cast: Cast, box: Post) -> None:
    given = {"name": "Orders", "address": "orders@shop.example", "aliases": "a@shop.example\nnonsense"}
    answer = post(cast, f"email/{box.mailbox.pk}/", given)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "“nonsense” is not an email address." in text_of(shown)
    assert 'value="Orders"' in shown and "a@shop.example\nnonsense" in shown
    assert row(box).inbox.name == "Support"


def test_it_is_switched_off_and_on(cast: Cast, box: Post) -> None:
    post(cast, f"email/{box.mailbox.pk}/switch/", {"on": "no"})
    assert not row(box).enabled
    assert "Switched off" in page(cast)
    post(cast, f"email/{box.mailbox.pk}/switch/", {"on": "yes"})
    assert row(box).enabled


def test_an_inbox_without_conversations_is_removed(cast: Cast, box: Post) -> None:
    assert post(cast, f"email/{box.mailbox.pk}/remove/", {}).status_code == 302
    assert box.address not in page(cast)


def test_one_with_mails_is_kept(cast: Cast, box: Post) -> None:
    box.store(b"From: a@customer.example\r\nSubject: Hello\r\n\r\nHello")
    assert post(cast, f"email/{box.mailbox.pk}/remove/", {}).status_code == 409
    assert "so it stays" in page(cast, f"email/{box.mailbox.pk}/")


IMAP = {
    "host": "imap.example.com",
    "port": "993",
    "security": "tls",
    "auth": "password",
    "username": "support@shop.example",
    "password": "s3cret-word",
    "folder": "INBOX",
    "take": "new",
}


def test_a_server_is_saved_and_its_password_never_shown(cast: Cast, box: Post) -> None:
    path = f"email/{box.mailbox.pk}/receiving/"
    assert post(cast, path, IMAP).status_code == 302
    kept = server(box, Way.IN)
    assert kept is not None and kept.host == "imap.example.com" and "s3cret" not in kept.secret
    shown = cast.client(cast.primary_admin).get(url(cast, path)).content.decode()
    assert "imap.example.com" in shown and "s3cret-word" not in shown
    assert "One is kept" in shown


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("host", "", "Enter the server’s name."),
        ("host", "two words", "Enter the server's name, such as imap.example.com."),
        ("port", "99999", "between 1 and 65535"),
        ("port", "x", "between 1 and 65535"),
        ("username", "", "Enter the user name"),
        ("password", "", "Enter the password"),
        ("security", "ssl", "Select a valid choice"),
    ],
)
def test_wrong_server_settings_are_said_beside_the_field(
    cast: Cast, box: Post, field: str, value: str, words: str
) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/receiving/", {**IMAP, field: value})
    shown = answer.content.decode()
    assert answer.status_code == 422 and words in text_of(shown)
    assert "s3cret-word" not in shown
    assert 'value="support@shop.example"' in shown or field == "username"
    assert server(box, Way.IN) is None


def test_a_known_provider_is_filled_in_for_both_ways(cast: Cast) -> None:
    box = open_inbox(cast, address="help@gmx.de")
    path = f"email/{box.mailbox.pk}/receiving/"
    shown = cast.client(cast.primary_admin).get(url(cast, path)).content.decode()
    assert 'value="imap.gmx.net"' in shown
    given = {**IMAP, "host": "imap.gmx.net", "both": "on"}
    assert post(cast, path, given).status_code == 302
    out = server(box, Way.OUT)
    assert out is not None and (out.host, out.port, out.security) == ("mail.gmx.net", 587, "starttls")


def test_a_connection_is_tried_without_saving(cast: Cast, box: Post) -> None:
    given = {**IMAP, "host": "127.0.0.1", "port": "1", "security": "none"}
    answer = post(cast, f"email/{box.mailbox.pk}/servers/in/test/", given, headers={"HX-Request": "true"})
    found = text_of(answer.content.decode())
    assert "Done: Server found" in found and "Failed: Connected The server cannot be reached." in found
    assert server(box, Way.IN) is None


def test_a_server_is_forgotten(cast: Cast, box: Post) -> None:
    post(cast, f"email/{box.mailbox.pk}/receiving/", IMAP)
    assert post(cast, f"email/{box.mailbox.pk}/servers/in/remove/", {}).status_code == 302
    assert server(box, Way.IN) is None
    assert post(cast, f"email/{box.mailbox.pk}/servers/sideways/remove/", {}).status_code == 404


def test_a_provider_that_is_not_set_up_says_what_is_missing(cast: Cast, box: Post) -> None:
    found = page(cast, f"email/{box.mailbox.pk}/connect/")
    assert "SALOTTO_GOOGLE_CLIENT_ID" in found and "Connect with Google" not in found
    assert post(cast, f"email/{box.mailbox.pk}/connect/google/", {}).status_code == 404


@override_settings(MAIL_OAUTH={"google": ("id", "secret"), "microsoft": ("", "")})
def test_a_provider_that_is_set_up_is_led_to(cast: Cast, box: Post) -> None:
    assert "Connect with Google" in page(cast, f"email/{box.mailbox.pk}/connect/")
    answer = post(cast, f"email/{box.mailbox.pk}/connect/google/", {})
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://accounts.google.com/")


def test_a_strange_answer_of_a_provider_is_refused_in_words(cast: Cast) -> None:
    answer = cast.client(cast.primary_admin).get("/mail/oauth/google/callback?state=x&code=y")
    assert answer.status_code == 400
    assert "Begin again." in text_of(answer.content.decode())
    assert cast.client(cast.primary_admin).get("/mail/oauth/nobody/callback").status_code == 404
    assert cast.client().get("/mail/oauth/google/callback").status_code == 302


@override_settings(MAIL_OAUTH={"google": ("id", "secret"), "microsoft": ("", "")})
def test_a_refusal_at_the_provider_is_told_on_the_page_of_the_inbox(cast: Cast, box: Post) -> None:
    client = cast.client(cast.primary_admin)
    begun = client.post(url(cast, f"email/{box.mailbox.pk}/connect/google/"))
    state = begun["Location"].partition("state=")[2].partition("&")[0]
    answer = client.get(f"/mail/oauth/google/callback?state={state}&error=access_denied", follow=True)
    assert answer.status_code == 200
    assert "The provider gave no access: access_denied" in text_of(answer.content.decode())


@pytest.fixture
def google(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Google, as far as we can see."""
    settings.MAIL_OAUTH = {"google": ("client", "client secret"), "microsoft": ("", "")}
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with provider("support@shop.example") as made:
        known = PROVIDERS[Auth.GOOGLE]
        ours = replace(known, authorize_url=f"{made.url}/auth", token_url=f"{made.url}/token")
        monkeypatch.setitem(PROVIDERS, Auth.GOOGLE, ours)
        yield made


def test_a_mailbox_is_connected_with_its_provider(cast: Cast, box: Post, google: Provider) -> None:
    client = cast.client(cast.primary_admin)
    begun = client.post(url(cast, f"email/{box.mailbox.pk}/connect/google/"), {"take": "everything"})
    back = client.get("/mail/oauth/google/callback", google.consent(begun["Location"]), follow=True)
    found = text_of(back.content.decode())
    assert "Connected with Google as support@shop.example" in found
    assert "Use a password instead" in found
    sending = page(cast, f"email/{box.mailbox.pk}/sending/")
    assert "Sent by Google as support@shop.example" in sending
    path = f"email/{box.mailbox.pk}/receiving/"
    assert post(cast, path, {"folder": "Support"}).status_code == 302
    kept = server(box, Way.IN)
    assert kept is not None and (kept.folder, kept.auth) == ("Support", Auth.GOOGLE)
    assert post(cast, f"email/{box.mailbox.pk}/sending/", {"per_minute": "30"}).status_code == 302
    out = server(box, Way.OUT)
    assert out is not None and (out.per_minute, out.auth) == (30, Auth.GOOGLE)


def test_consent_is_of_use_to_nobody_else(cast: Cast, box: Post, google: Provider) -> None:
    client = cast.client(cast.primary_admin)
    begun = client.post(url(cast, f"email/{box.mailbox.pk}/connect/google/"))
    answer = google.consent(begun["Location"])
    assert cast.client(cast.outsider).get("/mail/oauth/google/callback", answer).status_code == 400
    permit_channels(cast.admin.user.pk, True, by=cast.primary_admin)
    other = cast.client(cast.admin)
    theirs = google.consent(other.post(url(cast, f"email/{box.mailbox.pk}/connect/google/"))["Location"])
    permit_channels(cast.admin.user.pk, False, by=cast.primary_admin)
    assert other.get("/mail/oauth/google/callback", theirs).status_code == 403
    assert server(box, Way.IN) is None


LOOK = {
    "from_name": FromName.COMPANY,
    "company": "Bottega",
    "subject": "",
    "signature": "{agent}\n{company}",
    "colour": "#336699",
    "footer": "Via Roma 1",
}


def test_a_look_is_saved(cast: Cast, box: Post) -> None:
    assert post(cast, f"email/{box.mailbox.pk}/look/", LOOK).status_code == 302
    assert row(box).colour == "#336699"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("colour", "red", "A colour is written like"),
        ("from_name", "king", "Select a valid choice"),
        ("language", "xx", "Select a valid choice"),
        ("company", "x" * 81, "at most 80 characters"),
    ],
)
def test_a_look_that_cannot_be_is_not_saved(
    cast: Cast, box: Post, field: str, value: str, words: str
) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/look/", {**LOOK, field: value})
    shown = text_of(answer.content.decode())
    assert answer.status_code == 422 and words in shown
    assert "Via Roma 1" in answer.content.decode()
    assert row(box).footer == ""


def test_the_preview_shows_what_was_typed_and_keeps_nothing(cast: Cast, box: Post) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/look/preview/", LOOK)
    assert "Re: Where is my order?" in answer.content.decode() and "Anna Rossi" in answer.content.decode()
    shown = answer.content.decode()
    assert "Giulia Conti" in shown and "Via Roma 1" in shown and "#336699" in shown
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert row(box).footer == ""


def test_the_language_of_mails_is_chosen_and_previewed(cast: Cast, box: Post) -> None:
    assert "As the customer writes" in page(cast, f"email/{box.mailbox.pk}/look/")
    given = {**LOOK, "from_name": FromName.BOTH, "as": "text", "language": "it"}
    assert (
        "From: Giulia di Bottega"
        in post(cast, f"email/{box.mailbox.pk}/look/preview/", given).content.decode()
    )
    assert post(cast, f"email/{box.mailbox.pk}/look/", given).status_code == 302
    assert row(box).language == "it"


def test_the_preview_as_text_has_the_sender(cast: Cast, box: Post) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/look/preview/", {**LOOK, "as": "text"})
    shown = answer.content.decode()
    assert f"From: Bottega &lt;{box.address}&gt;" in shown
    assert "-- \nGiulia Conti\nBottega" in shown


def test_a_preview_of_what_cannot_be_shows_the_rest(cast: Cast, box: Post) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/look/preview/", {**LOOK, "colour": "<script>"})
    assert answer.status_code == 200
    assert "Via Roma 1" in answer.content.decode() and "<script>" not in answer.content.decode()


def test_markup_in_a_signature_is_text(cast: Cast, box: Post) -> None:
    given = {**LOOK, "signature": "<img src=x onerror=alert(1)>", "footer": "<b>&"}
    shown = post(cast, f"email/{box.mailbox.pk}/look/preview/", given).content.decode()
    assert "<img src=x" not in shown and "&lt;img src=x" in shown


def test_the_acknowledgement_is_saved_and_previewed(cast: Cast, box: Post) -> None:
    path = f"email/{box.mailbox.pk}/automatic/"
    given = {"auto_reply": "We have your mail."}
    assert "We have your mail." in post(cast, f"{path}preview/", given).content.decode()
    assert row(box).auto_reply == ""
    assert post(cast, path, given).status_code == 302
    assert row(box).auto_reply == "We have your mail."


def test_one_inbox_carries_chats_on(cast: Cast, box: Post) -> None:
    other = open_inbox(cast, "Sales")
    post(cast, f"email/{other.mailbox.pk}/automatic/chats/", {"on": "on", "minutes": "3"})
    assert "Sales does it now" in page(cast, f"email/{box.mailbox.pk}/automatic/")
    assert (
        post(cast, f"email/{box.mailbox.pk}/automatic/chats/", {"on": "on", "minutes": "9"}).status_code
        == 302
    )
    assert (row(box).continues_chats, row(box).chat_minutes) == (True, 9)
    assert not row(other).continues_chats


@pytest.mark.parametrize("minutes", ["", "0", "1441", "soon"])
def test_a_wait_that_cannot_be_is_refused(cast: Cast, box: Post, minutes: str) -> None:
    answer = post(cast, f"email/{box.mailbox.pk}/automatic/chats/", {"on": "on", "minutes": minutes})
    assert answer.status_code == 422
    assert not row(box).continues_chats


def test_the_secret_for_programs_is_shown_once(cast: Cast, box: Post) -> None:
    path = f"email/{box.mailbox.pk}/http/"
    answer = post(cast, path, {})
    assert "no-store" in answer["Cache-Control"]
    assert "Authorization: Bearer " in answer.content.decode()
    assert row(box).hook_digest
    assert "Bearer" not in page(cast, path)


def test_without_a_mail_domain_forwarding_says_why_not(cast: Cast, box: Post) -> None:
    assert "SALOTTO_MAIL_DOMAIN" in page(cast, f"email/{box.mailbox.pk}/forwarding/")
    with override_settings(MAIL_DOMAIN="in.salotto.example"):
        found = page(cast, f"email/{box.mailbox.pk}/forwarding/")
    assert f"{box.mailbox.key}@in.salotto.example" in found


def test_forms_need_their_token(cast: Cast, box: Post) -> None:
    client = cast.client(cast.primary_admin, enforce_csrf_checks=True)
    for path in WRITES:
        assert client.post(url(cast, path.format(id=box.mailbox.pk))).status_code == 403, path


def test_many_inboxes_are_shown_a_page_at_a_time(cast: Cast) -> None:
    names = [f"{'Shop' if number % 2 else 'shop'} {number:03}" for number in range(120)]
    with account_scope(cast.account.pk):
        for name in names:
            inbox = Inbox.objects.create(account=cast.account, name=name, channel="email")
            Mailbox.objects.create(account=cast.account, inbox=inbox, address=f"{uuid4().hex}@shop.example")
    seen: list[str] = []
    address = url(cast)
    client = cast.client(cast.primary_admin)
    for headers in ({}, {"HX-Request": "true"}, {"HX-Request": "true"}):
        shown = client.get(address, headers=headers).content.decode()
        seen += re.findall(r"[Ss]hop \d{3}(?=</a>)", shown)
        more = re.search(r'hx-get="([^"]+)"', shown)
        assert ("<html" in shown) == (not headers)
        address = more[1] if more else ""
    assert seen == sorted(names, key=str.lower) and address == ""
    assert client.get(f"{url(cast)}?after=99999999999999999999999").status_code == 200


def test_a_mail_server_that_was_put_back_is_told_for_a_week(cast: Cast) -> None:
    box = open_inbox(cast)
    now = clock.now()
    server = read_by(box, worked_at=now)
    with account_scope(box.account):
        place = Position.objects.create(
            account_id=box.account, server=server, folder=server.folder, set_back_at=now
        )
    assert "was put back to an earlier state" in page(cast)
    with account_scope(box.account):
        Position.objects.filter(pk=place.pk).update(set_back_at=now - timedelta(days=8))
    assert "was put back to an earlier state" not in page(cast)
