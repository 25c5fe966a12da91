"""A server that trickles keeps nobody else's mail out."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import pytest

from salotto.channels.email import reaching
from salotto.channels.email.imap import station, wire
from tests.channels.email.imap.boxes import Letterbox, letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, await_that
from tests.mailservers.proxy import Proxy

pytestmark = pytest.mark.usefixtures("soon")


class Trickler:
    """An IMAP server that announces one mail of 30 MB and hands over a few bytes now and then."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._doors: list[socket.socket] = []
        self.trickling = 0

    def door(self) -> int:
        """Another port of it."""
        door = socket.create_server(("127.0.0.1", 0))
        self._doors.append(door)
        threading.Thread(target=self._accept, args=[door], daemon=True).start()
        return int(door.getsockname()[1])

    def close(self) -> None:
        self._stop.set()
        for door in self._doors:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()

    def _accept(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                link = door.accept()[0]
                threading.Thread(target=self._talk, args=[link], daemon=True).start()

    def _talk(self, link: socket.socket) -> None:
        with link, suppress(OSError):
            link.sendall(b"* OK hello\r\n")
            for line in link.makefile("rb"):
                tag, _, asked = line.strip().upper().partition(b" ")
                if b"BODY.PEEK[]" in asked:
                    self._trickle(link)
                    return
                link.sendall(answer(asked) + tag + b" OK done\r\n")

    def _trickle(self, link: socket.socket) -> None:
        link.sendall(b"* 1 FETCH (UID 1 BODY[] {30000000}\r\n")
        self.trickling += 1
        while not self._stop.wait(0.05):
            link.sendall(b"x" * 100)


def answer(asked: bytes) -> bytes:
    if asked.startswith(b"CAPABILITY"):
        return b"* CAPABILITY IMAP4rev1\r\n"
    if asked.startswith(b"EXAMINE"):
        return b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n"
    if b"RFC822.SIZE" in asked:
        return b"* 1 FETCH (UID 1 RFC822.SIZE 30000000)\r\n"
    return b"* 1 FETCH (UID 1)\r\n" if b"FETCH" in asked else b""


@pytest.fixture
def trickler() -> Iterator[Trickler]:
    made = Trickler()
    yield made
    made.close()


def test_one_slow_server_leaves_threads_for_the_others(
    server: Dovecot, trickler: Trickler, box: Letterbox
) -> None:
    server.deliver(box.user, mail(1))
    door = trickler.door()
    for _ in range(station.THREADS):
        letterbox().connect(door)
    with tending():
        await_that(lambda: trickler.trickling == station.PER_SERVER, "it trickles")
        box.connect(server.port)
        box.await_count(1, within=10)
    assert trickler.trickling == station.PER_SERVER


def test_one_account_with_many_slow_servers_leaves_threads_for_the_others(
    server: Dovecot, trickler: Trickler, box: Letterbox
) -> None:
    server.deliver(box.user, mail(1))
    first = letterbox()
    for one in (first, *(letterbox(first.owner) for _ in range(station.THREADS))):
        one.connect(trickler.door())
    with tending():
        await_that(lambda: trickler.trickling == station.PER_ACCOUNT, "they trickle")
        box.connect(server.port)
        box.await_count(1, within=10)
    assert trickler.trickling == station.PER_ACCOUNT


def test_many_slow_servers_of_many_accounts_hold_up_the_others_for_one_short_look(
    server: Dovecot, trickler: Trickler, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "QUICK_SECONDS", 0.5)
    slow = [letterbox() for _ in range(station.THREADS)]
    for one in slow:
        one.connect(trickler.door())
    server.deliver(box.user, mail(1))
    with tending():
        await_that(lambda: trickler.trickling >= station.THREADS, "all threads are held")
        box.connect(server.port)
        box.await_count(1, within=10)
        await_that(lambda: trickler.trickling == station.THREADS + station.MOST_SLOW, "with patience")
        server.deliver(box.user, mail(2))
        box.await_count(2, within=5)
    assert not any(one.server().trouble for one in slow)


def test_a_mail_that_takes_longer_than_a_look_comes_with_patience(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "QUICK_SECONDS", 0.3)
    pause = threading.Event()

    def slowly(line: bytes) -> bytes:
        pause.wait(0.02 if line.startswith(b"Where is my parcel") else 0)
        return line

    server.deliver(box.user, mail(1, 3000))
    between.change = slowly
    box.connect(between.port)
    with tending():
        box.await_count(1)
    assert not box.server().trouble and between.connections == 2


def test_what_is_announced_earns_no_time_and_what_comes_does(
    trickler: Trickler, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "READ_SECONDS", 0.4)
    began = monotonic()
    box.connect(trickler.door())
    with tending():
        box.await_trouble("The server does not answer in time.", within=10)
    assert trickler.trickling >= 1 and monotonic() - began < 8
    assert 30_000_000 / wire.SLOWEST < station.SLOW_SECONDS
