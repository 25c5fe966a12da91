"""Servers that break the rules, by mistake or on purpose: nothing is lost, nobody is held, and the
memory stays small."""

import re
import resource
import threading
from collections.abc import Callable

import pytest

from salotto.channels.email import reaching
from salotto.channels.email.imap import station
from tests.channels.email.imap.boxes import Letterbox, mail, tending
from tests.mailservers.dovecot import PASSWORD, Dovecot, await_that
from tests.mailservers.proxy import Proxy

Change = Callable[[bytes], bytes]
pytestmark = pytest.mark.usefixtures("soon")


def peak() -> int:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def literal_of_two_gigabytes(line: bytes) -> bytes:
    return re.sub(rb"(UID 2 .*BODY\[\]) \{\d+\}", rb"\1 {2147483647}", line)


def more_than_announced(line: bytes) -> bytes:
    if b"UID 2 " not in line or b"BODY[] {" not in line:
        return line
    return re.sub(rb"\{\d+\}", b"{80000000}", line) + b"x" * 80_000_000


def line_without_end(line: bytes) -> bytes:
    return line.rstrip() + b"x" * 8_000_000 if b"UID 2 " in line and b"BODY[] {" in line else line


@pytest.mark.parametrize("change", [literal_of_two_gigabytes, more_than_announced, line_without_end])
def test_more_than_was_asked_for_is_not_taken_and_stops_no_other(
    server: Dovecot, between: Proxy, box: Letterbox, change: Change
) -> None:
    server.deliver(box.user, mail(1), mail(2), mail(3))
    between.change = change
    box.connect(between.port)
    with tending():
        before = peak()
        box.await_count(3, within=60)
    assert {raw.uid: raw.state for raw in box.raws()} == {1: "waiting", 2: "failed", 3: "waiting"}
    # the test's own proxy has a share in it: a mail of 80 MB, several times over
    assert peak() - before < (40 if change is literal_of_two_gigabytes else 700)


def backwards(data: bytes) -> bytes:
    """Answers about several mails come from the last to the first."""
    parts = re.split(rb"(?=^\* \d+ FETCH \(UID \d+ RFC822.SIZE)", data, flags=re.MULTILINE)
    rows = [part for part in parts if part.startswith(b"*") and b"RFC822.SIZE" in part]
    tail = rows[-1].split(b"\r\n", 1) if rows else [b"", b""]
    if len(rows) < 2 or not all(row.count(b"\r\n") == 1 for row in rows[:-1]):
        return data
    rows[-1] = tail[0] + b"\r\n"
    return parts[0] * (parts[0] not in rows) + b"".join(reversed(rows)) + tail[1]


def test_answers_in_any_order_are_stored_in_the_order_of_their_uids(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(box.user, *(mail(number) for number in range(20)))
    turned: list[bool] = []

    def turn(data: bytes) -> bytes:
        found = backwards(data)
        turned.append(found != data)
        return found

    monkeypatch.setattr(between, "_changed", turn)
    box.connect(between.port)
    with tending():
        box.await_count(20)
    assert any(turned)
    assert box.subjects() == [str(number) for number in range(20)]
    assert [raw.uid for raw in box.raws()] == list(range(1, 21))


def test_good_bye_at_any_moment_is_no_end(server: Dovecot, between: Proxy, box: Letterbox) -> None:
    server.deliver(box.user, *(mail(number) for number in range(3)))
    lines = 0
    at = 1

    def bye(line: bytes) -> bytes:
        nonlocal lines, at
        if not line.startswith((b"* ", b"+ ")) and not re.match(rb"[A-Z]+\d+ ", line):
            return line  # within a mail it would be taken for its text
        lines += 1
        if lines != at:
            return line
        lines, at = 0, at + 1
        threading.Timer(0.02, between.cut).start()
        return b"* BYE The server is going down for maintenance.\r\n"

    between.change = bye
    box.connect(between.port)
    with tending():
        box.await_count(3, within=60)
        await_that(lambda: at > 12, "it has said good bye again and again", 60)
        between.change = None
        server.deliver(box.user, mail(3))
        box.await_count(4)
        box.await_no_trouble()
    assert box.subjects() == ["0", "1", "2", "3"]


def test_other_words_at_any_moment_confuse_nobody(server: Dovecot, between: Proxy, box: Letterbox) -> None:
    """RFC 3501, 7: a server may say at any time what was not asked for."""
    chatter = (
        b"* OK [ALERT] Quota is at 99%\r\n* 3 RECENT\r\n* FLAGS (\\Seen)\r\n* 1 FETCH (FLAGS (\\Seen))\r\n"
    )
    server.deliver(box.user, *(mail(number) for number in range(3)))
    between.change = lambda line: chatter + line if re.match(rb"[A-Z]+\d+ (OK|NO)", line) else line
    box.connect(between.port)
    with tending():
        box.await_count(3)
        server.deliver(box.user, mail(3))
        box.await_count(4, within=10)
    assert box.subjects() == ["0", "1", "2", "3"]
    assert [raw.state for raw in box.raws()] == ["waiting"] * 4


@pytest.mark.parametrize("said", [b"+ idling\r\n", b"OK Idle completed"])
def test_an_idle_that_is_never_answered_is_given_up(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(reaching, "READ_SECONDS", 0.5)
    monkeypatch.setattr(station, "IDLE_SECONDS", 0.2)
    swallowed = threading.Event()

    def swallow(line: bytes) -> bytes:
        if said not in line or swallowed.is_set():
            return line
        swallowed.set()
        return b""

    between.change = swallow
    server.deliver(box.user, mail(0))
    box.connect(between.port)
    with tending():
        await_that(swallowed.is_set, "it has not answered")
        box.await_trouble("The server does not answer in time.")
        server.deliver(box.user, mail(1))
        box.await_count(2)
        box.await_no_trouble()
    assert between.connections > 1


def test_without_a_uidvalidity_nothing_is_read_and_the_admin_is_told(
    server: Dovecot, between: Proxy, box: Letterbox
) -> None:
    between.change = lambda line: line.replace(b"[UIDVALIDITY ", b"[UNKNOWN ")
    server.deliver(box.user, mail(0))
    box.connect(between.port)
    with tending():
        found = box.await_trouble("The server ended the connection, or answered what cannot be understood.")
        assert "UIDVALIDITY" in found.trouble
        between.change = None
        box.await_count(1)
        box.await_no_trouble()


def test_a_folder_that_is_renamed_is_said_and_read_on_when_it_is_back(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "IDLE_SECONDS", 0.3)
    with server.signed_in(box.user) as reader:
        reader.create("Support")
        reader.append("Support", None, None, mail(0))  # type: ignore[arg-type]
    box.connect(server.port, folder="Support")
    with tending():
        box.await_count(1)
        with server.signed_in(box.user) as reader:
            reader.rename("Support", "Old")
        box.await_trouble("The folder does not exist, or may not be read.")
        with server.signed_in(box.user) as reader:
            reader.append("Old", None, None, mail(1))  # type: ignore[arg-type]
            reader.rename("Old", "Support")
        box.await_count(2)
        box.await_no_trouble()
    assert box.subjects() == ["0", "1"]


def test_a_wrong_password_is_tried_so_rarely_that_no_account_is_locked(
    server: Dovecot, between: Proxy, box: Letterbox
) -> None:
    waits = [station.pause_after(failures, patient=True) for failures in range(1, 12)]
    assert waits[:5] == [60, 120, 240, 480, 960] and set(waits[5:]) == {1800}
    tries = sum(1 for at in range(len(waits)) if sum(waits[: at + 1]) * 0.75 < 15 * 60) + 1
    assert tries <= 5  # in any quarter of an hour, with the least of jitter
    box.connect(between.port, password="wrong")
    with tending():
        box.await_trouble("The server refuses the user name or the password.")
        seen = between.connections
        await_that(lambda: box.position().lease_until, "it is still held")
        assert between.connections == seen == 1
        box.connect(between.port, password=PASSWORD)  # which is tried at once
        server.deliver(box.user, mail(0))
        box.await_count(1, within=10)
