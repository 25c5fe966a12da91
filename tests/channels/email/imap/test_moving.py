"""A mailbox that is connected anew, with the same server or another: nothing is skipped meanwhile."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from salotto.channels.email.actions import connecting
from salotto.channels.email.actions.taking import take_in
from salotto.channels.email.imap.again import fetch_again
from salotto.channels.email.models import Auth, Position, Way
from salotto.channels.email.oauth import PROVIDERS, Answer, Grant
from salotto.channels.email.queries.incoming import AGAIN, left
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.channels.email.imap.boxes import Letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, await_that
from tests.mailservers.proxy import Proxy, proxy

pytestmark = pytest.mark.usefixtures("soon")


@pytest.fixture
def other(server: Dovecot) -> Iterator[Proxy]:
    """What looks like another server: another port of the same."""
    with proxy(server.port) as made:
        yield made


def read_until_an_outage(server: Dovecot, box: Letterbox, port: int = 0) -> None:
    """Mail 0 lay there before and was not wanted, 1 was read; 2 and 3 come while nobody looks."""
    server.deliver(box.user, mail(0))
    box.connect(port or server.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        server.deliver(box.user, mail(1))
        box.await_count(1)
        await_that(lambda: box.server().worked_at, "all was read")
    server.deliver(box.user, mail(2), mail(3))


def begun(box: Letterbox, host: str = "imap.gmail.com") -> None:
    """Read up to mail 100."""
    given = connecting.Settings(host, 143, "starttls", username=box.mailbox.address, password="secret")
    connecting.save_server(box.mailbox.pk, Way.IN, given, by=box.owner)
    with account_scope(box.account):
        Position.objects.update(uidvalidity=7, last_uid=100)


def place(box: Letterbox) -> tuple[int | None, int]:
    position = box.position()
    return position.uidvalidity, position.last_uid


@pytest.mark.parametrize(
    "changes", [{"port": 993, "security": "tls"}, {"username": "capitals"}, {"auth": "google"}]
)
def test_another_port_spelling_or_way_of_signing_in_is_the_same_mailbox(
    box: Letterbox, changes: dict[str, object]
) -> None:
    begun(box)
    address = box.mailbox.address
    if "auth" in changes:
        grant = Grant("refresh", "access", clock.now() + timedelta(hours=1))
        answer = Answer(box.account, box.mailbox.pk, "google", False, "verifier")
        connecting.save_granted(answer, grant, PROVIDERS[Auth.GOOGLE], address, box.owner)
    else:
        name = address.upper() if "username" in changes else address
        given = connecting.Settings("imap.gmail.com", 143, username=name, password="secret")
        given = replace(given, **{**changes, "username": name})  # type: ignore[arg-type]
        connecting.save_server(box.mailbox.pk, Way.IN, given, by=box.owner)
    assert place(box) == (7, 100)


def test_another_host_keeps_the_position_until_its_folder_was_seen(box: Letterbox) -> None:
    begun(box)
    for host in ("imap.example.com", "imap.example.org"):
        given = connecting.Settings(host, 993, username=box.mailbox.address, password="secret")
        connecting.save_server(box.mailbox.pk, Way.IN, given, by=box.owner)
        assert place(box) == (left(7), 100)
    assert left(left(7)) == 7


def test_what_came_during_an_outage_is_read_after_connecting_otherwise(
    server: Dovecot, other: Proxy, box: Letterbox
) -> None:
    read_until_an_outage(server, box)
    before = place(box)
    box.connect(other.port, username=box.user.upper(), everything=False)
    with tending():
        box.await_count(3)
    assert box.subjects() == ["1", "2", "3"]
    assert place(box)[0] == before[0]


def test_under_another_name_the_folder_is_known_by_its_mails(server: Dovecot, box: Letterbox) -> None:
    read_until_an_outage(server, box)
    before = place(box)
    box.connect(server.port, host="localhost", everything=False)
    assert place(box) == (left(before[0] or 0), before[1])
    with tending():
        box.await_count(3)
    assert box.subjects() == ["1", "2", "3"]
    assert place(box)[0] == before[0]


def numbered(number: int) -> Callable[[bytes], bytes]:
    """All folders have one UIDVALIDITY, as at some providers."""
    return lambda line: re.sub(rb"\[UIDVALIDITY \d+\]", b"[UIDVALIDITY %d]" % number, line)


def test_on_another_server_it_goes_on_with_what_came_since_the_last_look(
    server: Dovecot, between: Proxy, own: Dovecot, box: Letterbox
) -> None:
    """The provider is changed: mails have other UIDs there, some of before came along."""
    between.change = numbered(1)
    read_until_an_outage(server, box, between.port)
    with server.signed_in(box.user) as reader:
        known = reader.fetch("2", "(BODY.PEEK[])")[1][0][1]  # type: ignore[index]
    own.deliver(box.user, known)
    with own.signed_in(box.user) as reader:
        old = '"01-Jan-2020 10:00:00 +0000"'
        for number in range(10, 13):
            reader.append("INBOX", None, old, mail(number))  # type: ignore[arg-type]
    own.deliver(box.user, mail(4), mail(5))
    with proxy(own.port) as there:
        there.change = numbered(1)
        box.connect(there.port, host="localhost", everything=False)
        with tending():
            await_that(lambda: "5" in box.subjects(), "the last mail")
            own.deliver(box.user, mail(6))
            await_that(lambda: "6" in box.subjects(), "a new mail")
    assert box.subjects() == ["1", "1", "4", "5", "6"]
    take_in(box.account, box.mailbox.pk)
    assert [raw.state for raw in box.raws()] == ["done", "duplicate", "done", "done", "done"]
    assert place(box)[0] == 1 + AGAIN


def test_on_another_server_all_is_taken_in_if_that_is_asked(
    server: Dovecot, own: Dovecot, box: Letterbox
) -> None:
    read_until_an_outage(server, box)
    with own.signed_in(box.user) as reader:
        reader.append("INBOX", None, '"01-Jan-2020 10:00:00 +0000"', mail(10))  # type: ignore[arg-type]
    box.connect(own.port, host="localhost", everything=True)
    with tending():
        box.await_count(2)
    assert box.subjects() == ["1", "10"]


def test_what_was_not_read_to_the_end_is_read_to_the_end_elsewhere(own: Dovecot, box: Letterbox) -> None:
    """All was wanted and only a part of it was read before the server was named otherwise."""
    with own.signed_in(box.user) as reader:
        for number in range(3):
            reader.append("INBOX", None, '"01-Jan-2020 10:00:00 +0000"', mail(number))  # type: ignore[arg-type]
    box.connect(1, host="localhost", everything=True)
    with account_scope(box.account):
        Position.objects.update(uidvalidity=7, last_uid=2)
    box.connect(own.port, everything=False)
    with tending():
        box.await_count(3)


def test_the_rest_of_a_mail_is_fetched_by_another_name_of_its_server(
    server: Dovecot, box: Letterbox, settings: object
) -> None:
    settings.MAIL_LIMIT = 1 << 20  # type: ignore[attr-defined]
    server.deliver(box.user, mail(1), mail(2, 2 << 20))
    box.connect(server.port)
    with tending():
        box.await_count(2)
    box.connect(server.port, host="localhost", everything=False)
    with tending():
        server.deliver(box.user, mail(3))
        box.await_count(3)
    settings.MAIL_LIMIT = 9 << 20  # type: ignore[attr-defined]
    fetch_again(box.account, box.raws()[1].pk)
    assert box.raws()[1].state == "waiting"
