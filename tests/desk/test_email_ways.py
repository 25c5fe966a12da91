"""What the settings of email say of the ways in and out: what suits, what is missing, what is off."""

import re

import pytest
from django.test import override_settings

from salotto.channels.email.actions.queueing import MailboxOff
from salotto.channels.email.models import MailState, Way
from salotto.channels.email.queries.incoming import without_position
from salotto.core.errors import Refused
from salotto.core.sealing import seal, unseal
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.post import Post, letter, person
from tests.channels.email.sending.outbox import by_server
from tests.channels.email.test_mailboxes import Door, listening
from tests.desk.email_pages import open_inbox, page, post, read_by, row, server, text_of, url
from tests.desk.mails import answer, mail_of, write_to

OAUTH = {"google": ("id", "secret"), "microsoft": ("id", "secret")}
NONE = {"google": ("", ""), "microsoft": ("", "")}
TITLES = {
    "Any mailbox, by password": "password",
    "Gmail or Google Workspace": "google",
    "Microsoft 365 or Outlook": "microsoft",
    "Forward to us": "forwarding",
    "Handed over by HTTP": "http",
}


@pytest.fixture
def box(cast: Cast) -> Post:
    return open_inbox(cast)


def html(cast: Cast, path: str) -> str:
    return cast.client(cast.primary_admin).get(url(cast, path)).content.decode()


def ways(cast: Cast, box: Post) -> list[str]:
    """The ways in as they stand in the page, which is the order of the keyboard too."""
    found = html(cast, f"email/{box.mailbox.pk}/connect/").partition('class="missing"')[0]
    return [TITLES[title] for title in re.findall(r"<h3>(.*?)</h3>", found)]


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("help@gmail.com", ["google", "password"]),
        ("help@outlook.com", ["microsoft", "forwarding", "http"]),
        ("help@gmx.de", ["password", "google"]),
    ],
)
@override_settings(MAIL_OAUTH=OAUTH, MAIL_DOMAIN="in.salotto.example")
def test_the_way_that_suits_stands_first(cast: Cast, address: str, first: list[str]) -> None:
    found = ways(cast, open_inbox(cast, address=address))
    assert found[: len(first)] == first
    assert sorted(found) == sorted(TITLES.values())


@override_settings(MAIL_OAUTH=NONE, MAIL_DOMAIN="in.salotto.example")
def test_at_microsoft_a_password_is_the_last_resort(cast: Cast) -> None:
    box = open_inbox(cast, address="help@outlook.com")
    assert ways(cast, box) == ["microsoft", "forwarding", "http", "password"]
    assert "takes no passwords for this any more" in page(cast, f"email/{box.mailbox.pk}/connect/")


def test_what_is_connected_stands_first_and_says_so(cast: Cast, box: Post) -> None:
    read_by(box, host="imap.example", username="help")
    found = page(cast, f"email/{box.mailbox.pk}/connect/")
    assert "Any mailbox, by password In use imap.example, as help Settings" in found
    assert "Enter the password" not in found and "would take the place" in found


def test_sending_is_proposed_from_receiving_with_its_password(cast: Cast, box: Post) -> None:
    here = f"email/{box.mailbox.pk}"
    read_by(box, host="imap.firma.example", username="help", auth="password", secret=seal("geheim"))
    found = html(cast, f"{here}/sending/")
    assert 'value="smtp.firma.example"' in found and 'value="help"' in found
    given = {"host": "smtp.firma.example", "port": "587", "security": "starttls", "auth": "password"}
    given |= {"username": "help", "password": "", "same": "on"}
    for other in ({"host": "smtp.evil.example"}, {"port": "2525"}, {"username": "else"}):
        assert post(cast, f"{here}/sending/", {**given, **other}).status_code == 422
    assert server(box, Way.OUT) is None
    assert post(cast, f"{here}/sending/", given).status_code == 302
    made = server(box, Way.OUT)
    assert made is not None and unseal(made.secret) == "geheim"


@override_settings(MAIL_OAUTH=NONE, MAIL_DOMAIN="")
def test_what_the_server_cannot_do_is_folded_away_for_whoever_runs_it(cast: Cast, box: Post) -> None:
    assert ways(cast, box) == ["password", "google", "microsoft", "http"]
    assert "Use an app password" in page(cast, f"email/{box.mailbox.pk}/connect/")
    for path in ("connect", "forwarding", "sending"):
        found = html(cast, f"email/{box.mailbox.pk}/{path}/")
        shown = re.sub(r"<details.*?</details>", "", found, flags=re.DOTALL)
        assert "SALOTTO_" in found and "SALOTTO_" not in shown, path
        assert "sk whoever runs" in text_of(found), path


def test_http_is_a_way_in_of_its_own(cast: Cast, box: Post) -> None:
    assert f"/mail/in/{box.mailbox.key}" in page(cast, f"email/{box.mailbox.pk}/http/")
    assert "/mail/in/" not in page(cast, f"email/{box.mailbox.pk}/forwarding/")
    for path in ("connect", "receiving", "forwarding", "http"):
        assert f"email/{box.mailbox.pk}/http/" in html(cast, f"email/{box.mailbox.pk}/{path}/")


def test_only_sending_may_do_without_signing_in(cast: Cast, box: Post) -> None:
    here = f"email/{box.mailbox.pk}"
    assert "Without signing in" not in page(cast, f"{here}/receiving/")
    assert "Without signing in" in page(cast, f"{here}/sending/")
    given = {"host": "mail.example", "port": "143", "security": "none", "auth": "none", "take": "new"}
    assert post(cast, f"{here}/receiving/", given).status_code == 422
    assert server(box, Way.IN) is None
    assert post(cast, f"{here}/sending/", given).status_code == 302


def test_an_inbox_without_a_way_in_is_not_called_on(cast: Cast, box: Post) -> None:
    found = text_of(html(cast, "").partition('<ul class="people inboxes">')[2].partition("</ul>")[0])
    assert "Nothing comes in yet" in found
    assert " On " not in found


def test_the_web_chat_is_set_up_too(cast: Cast) -> None:
    assert url(cast, "chat/") in html(cast, "")
    assert "data-site=" in page(cast, "chat/")


# An inbox that is off


def switch(cast: Cast, box: Post, on: str) -> None:
    assert post(cast, f"email/{box.mailbox.pk}/switch/", {"on": on}).status_code == 302


def test_off_is_explained_on_every_page_of_the_inbox(cast: Cast, box: Post) -> None:
    read_by(box)
    assert "switched off" not in page(cast, f"email/{box.mailbox.pk}/")
    switch(cast, box, "no")
    for path in ("", "receiving/", "http/", "automatic/"):
        found = page(cast, f"email/{box.mailbox.pk}/{path}")
        assert "This inbox is switched off. Its mailbox is not read." in found
        assert "still comes in" in found and "Nothing leaves by it" in found


def test_off_its_mailbox_is_not_read_and_what_is_forwarded_comes_in(cast: Cast, box: Post) -> None:
    kept = read_by(box)
    switch(cast, box, "no")
    assert kept.pk not in {found.pk for found in without_position()}
    [came] = box.receive(letter(person(), box.address))
    assert came.conversation_id is not None
    switch(cast, box, "yes")
    assert kept.pk in {found.pk for found in without_position()}


def test_off_nobody_answers_by_it_and_what_is_in_line_waits(cast: Cast, box: Post) -> None:
    conversation, _ = write_to(box)
    door = Door()
    with listening(door) as port:
        by_server(box, port)
        waits = mail_of(cast, answer(cast, conversation))
        switch(cast, box, "no")
        found = page(cast, f"email/{box.mailbox.pk}/")
        with pytest.raises(Refused) as refused:
            answer(cast, conversation, "And this.")
        _send(waits.account_id, waits.pk)
    assert isinstance(refused.value, MailboxOff)
    assert "1 mail in line waits until you switch it on." in found
    with account_scope(box.account):
        waits.refresh_from_db()
    assert waits.state == MailState.QUEUED and door.mails == []
    assert row(box).enabled is False


def _send(account: int, mail: int) -> None:
    from salotto.channels.email.actions.sending import send

    send(account, mail)
