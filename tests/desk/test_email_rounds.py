"""The page of a test mail: each step with its time, the server's words, and what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import translation

from salotto.accounts.models import User
from salotto.channels.email.actions.trying import send_trial
from salotto.channels.email.models import Server, Trial
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.desk.email.rounds import seconds
from tests.cast import Cast
from tests.channels.email.post import Post
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import by_server
from tests.channels.email.test_mailboxes import Door, listening
from tests.desk.email_pages import open_inbox, page, post, read_by, text_of, url
from tests.mailservers.dovecot import free_port

REFUSED = "535 5.7.8 Error: authentication failed"


@pytest.fixture
def box(cast: Cast) -> Post:
    return open_inbox(cast, hook_digest="x" * 64)


def begin(cast: Cast, box: Post) -> str:
    """Begin a test, and send it; its page."""
    begun = post(cast, f"email/{box.mailbox.pk}/tests/", {})
    send_trial(box.account, trial(box).pk)
    return str(begun["Location"]).removeprefix(url(cast))


def trial(box: Post) -> Trial:
    with account_scope(box.account):
        found: Trial = Trial.objects.latest("id")
    return found


def change(box: Post, **fields: Any) -> None:
    with account_scope(box.account):
        Trial.objects.update(**fields)


def test_a_server_that_is_away_is_said_with_the_page_to_mend_it(cast: Cast, box: Post) -> None:
    by_server(box, free_port())
    path = begin(cast, box)
    assert "Not accepted by 127.0.0.1" in page(cast, path)
    assert "The server cannot be reached. Check its name and the port. Sending" in page(cast, path)


def test_a_wrong_password_is_said_with_the_servers_words(cast: Cast, box: Post) -> None:
    with faulty(EHLO="250-faulty\r\n250 AUTH PLAIN", AUTH=REFUSED) as server:
        by_server(box, server.port, auth="password", username="support", password="wrong")
        found = page(cast, begin(cast, box))
    assert "The server refuses the user name or the password. Enter both again." in found
    assert REFUSED in found


def test_a_wrong_password_is_said_while_one_tries_too(cast: Cast, box: Post) -> None:
    given = {"host": "127.0.0.1", "security": "none", "auth": "password", "username": "support"}
    with faulty(EHLO="250-faulty\r\n250 AUTH PLAIN", AUTH=REFUSED) as server:
        tried = {**given, "port": str(server.port), "password": "wrong"}
        answer = post(
            cast, f"email/{box.mailbox.pk}/servers/out/test/", tried, headers={"HX-Request": "true"}
        )
    found = text_of(answer.content.decode())
    assert "Failed: Signed in" in found and REFUSED in found
    assert "Many providers want an app password" in found


def test_a_mailbox_that_cannot_be_read_is_not_waited_for_in_silence(cast: Cast, box: Post) -> None:
    trouble = "The server refuses the user name or the password.\n[AUTHENTICATIONFAILED] No"
    read_by(box, trouble=trouble)
    with listening(Door()) as port:
        by_server(box, port)
        found = page(cast, begin(cast, box))
    assert "Done: Accepted by 127.0.0.1" in found
    assert "Failed: The mailbox is not read at the moment" in found
    assert "[AUTHENTICATIONFAILED] No" in found and "Enter both again." in found


def test_a_mail_that_never_comes_back_says_when_the_mailbox_was_read(cast: Cast, box: Post) -> None:
    read_by(box, worked_at=clock.now() + timedelta(minutes=2))
    with listening(Door()) as port:
        by_server(box, port)
        path = begin(cast, box)
    with clock.at(clock.now() + timedelta(minutes=3)):
        found = page(cast, path)
    assert "Failed: It has not come back after 3 min The mailbox was read last at" in found
    assert "look in the mailbox itself" in found


def test_it_is_looked_for_more_seldom_and_in_the_end_no_more(cast: Cast, box: Post) -> None:
    with listening(Door()) as port:
        by_server(box, port)
        path = begin(cast, box)
    client, shown = cast.client(cast.primary_admin), []
    for minutes in (0, 3, 30):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            shown.append(client.get(url(cast, path)).content.decode())
    assert "delay:1200ms" in shown[0] and "delay:5000ms" in shown[1] and "delay:" not in shown[2]


def test_each_step_has_its_time(cast: Cast, box: Post) -> None:
    path = begin(cast, box)
    at = clock.now().replace(hour=9, minute=41, second=7, microsecond=0)
    later = {"accepted_at": at, "seen_at": at + timedelta(seconds=4), "taken_at": at + timedelta(seconds=5)}
    change(box, created_at=at, begun_at=at, host="mail.example", source="imap", **later)
    zone = cast.primary_admin.account.time_zone
    with override_settings(TIME_ZONE=zone):
        found = page(cast, path)
    assert found.count(":41:07") == 2 and ":41:11" in found and ":41:12" in found


def test_lengths_are_written_as_the_reader_writes_them(cast: Cast, box: Post) -> None:
    with translation.override("it"):
        assert seconds(timedelta(seconds=2.44)).startswith("2,4")
    assert seconds(timedelta(seconds=2.44)) == "2.4 s"
    assert seconds(timedelta(seconds=250)) == "4 min"
    path = begin(cast, box)
    now = clock.now()
    change(box, begun_at=now, accepted_at=now + timedelta(seconds=1.5), host="mail.example")
    User.objects.filter(pk=cast.primary_admin.user.pk).update(language="it")
    assert "1,5 s" in page(cast, path) and "1.5 s" not in page(cast, path)


def test_a_server_is_asked_for_only_while_it_is_there(cast: Cast, box: Post) -> None:
    read_by(box, trouble="The server does not answer in time.")
    with listening(Door()) as port:
        by_server(box, port)
        path = begin(cast, box)
    assert "Try again in a few minutes" in page(cast, path)
    with account_scope(box.account):
        Server.objects.filter(way="in").delete()
    assert "Now: On its way" in page(cast, path)
