"""The receiver on loopback, in a thread with an event loop of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from salotto.channels.email.models import RawMail
from salotto.channels.email.receiver.limits import Limits
from salotto.channels.email.receiver.listening import Door, Receiver
from salotto.core.tenancy import account_scope
from tests.mailservers.dovecot import await_that

HOST = "127.0.0.1"
DOMAIN = "in.salotto.test"
SMTP, LMTP = Door(HOST, 0, lmtp=False), Door(HOST, 0, lmtp=True)
SIZE = 2_000_000


@dataclass
class Running:
    """A receiver that runs; `port` and `lmtp` are where."""

    receiver: Receiver
    loop: asyncio.AbstractEventLoop
    task: "asyncio.Task[None]"
    thread: threading.Thread
    stopping: Callable[[], object] = field(default=lambda: None)

    @property
    def port(self) -> int:
        return self.receiver.bound[SMTP]

    @property
    def lmtp(self) -> int:
        return self.receiver.bound[LMTP]

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.stopping()
        self.thread.join(20)
        assert not self.thread.is_alive()
        assert self.task.cancelled()  # and did not fail on its way out


@contextmanager
def receiving(
    loop_factory: Any = asyncio.new_event_loop, context: Any = None, size: int = SIZE, **limits: Any
) -> Iterator[Running]:
    """Both doors, open for the length of the block."""
    receiver = Receiver([SMTP, LMTP], size, DOMAIN, Limits(**{"most_bytes": 6 * size, **limits}), context)
    loop = loop_factory()
    task = loop.create_task(receiver.run())

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(asyncio.wait([task]))

    running = Running(receiver, loop, task, threading.Thread(target=run))
    running.stopping = lambda: loop.is_closed() or loop.call_soon_threadsafe(task.cancel)
    running.thread.start()
    try:
        await_that(lambda: len(receiver.bound) == 2, "both doors are open")
        yield running
    finally:
        running.stop()


class Talk:
    """A connection on which a test says what it wants, byte by byte."""

    def __init__(self, port: int, address: str = HOST) -> None:
        self.sock = socket.create_connection((HOST, port), timeout=15, source_address=(address, 0))
        self.file = self.sock.makefile("rb")

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()
        self.sock.close()

    def answer(self) -> str:
        """The next whole answer; "" at the end."""
        lines = []
        while line := self.file.readline().decode():
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def say(self, line: str | bytes) -> str:
        """Say a line; its answer."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.answer()

    def send(self, data: bytes) -> None:
        """Say bytes and wait for nothing."""
        self.sock.sendall(data)

    def begin(self, *recipients: str, sender: str = "anna@customer.example", hello: str = "EHLO test") -> str:
        """Up to the mail itself; the answer to DATA."""
        self.answer()
        assert self.say(hello).startswith("250")
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        for recipient in recipients:
            assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        return self.say("DATA")


def stored(account: int) -> list[RawMail]:
    """The account's raw mails, oldest first."""
    with account_scope(account):
        return list(RawMail.objects.order_by("id"))
