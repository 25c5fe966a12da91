"""The bytes of an IMAP connection: where they go, how many may come, and for how long.

`imaplib` believes whatever a server announces and waits for every byte anew; here each command
has a measure of bytes and a deadline, and all of them together a moment (`until`) when they are
over, so that no server can fill the memory, or hold a thread by sending a byte a minute.
"""

import imaplib
import io
import socket
import ssl
from contextlib import suppress
from time import monotonic
from typing import Any

from imapclient import IMAPClient, SocketTimeout

from salotto.channels.email import reaching

SLACK = 4 << 20
"""Bytes that an answer may have beside the mails that were asked for."""
SLOWEST = 32 << 10
"""Bytes a second, below which a server is too slow to wait for: what has come so far earns time for
the rest, what was merely announced does not."""
BUFFER = 16 << 10


class Wire(imaplib.IMAP4):
    """An IMAP connection with a measure; TLS from the beginning if `tls`. Nothing is read after
    `until`, a moment of the monotonic clock."""

    def __init__(self, host: str, port: int, *, tls: bool, until: float) -> None:
        self._tls = tls
        self.until = until
        self.peeking = False
        self.expect()
        super().__init__(host, port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect; what is read from then on is measured."""
        super().open(host, port, timeout)
        self._measure()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Change over to TLS."""
        answer = super().starttls(ssl_context)
        self._measure()
        return answer

    def expect(self, size: int = 0) -> None:
        """The next command brings about so many bytes, and must be done in due time."""
        self.left = 2 * size + SLACK
        self.deadline = monotonic() + reaching.READ_SECONDS

    def patience(self) -> float:
        """Seconds to wait for the next byte; not above 0 when the time is over."""
        return min(reaching.READ_SECONDS, min(self.deadline, self.until) - monotonic())

    def count(self, size: int) -> None:
        """So many bytes have come."""
        self.left -= size
        self.deadline += size / SLOWEST
        if self.left < 0:
            raise self.abort("more was sent than was asked for")

    def read(self, size: int) -> bytes:
        """A literal; one that is announced with more bytes than may come is not waited for, nor is
        room made for it."""
        if size > self.left + BUFFER:
            raise self.abort("more was announced than was asked for")
        found: bytes = super().read(size)
        return found

    def has_more(self) -> bool:
        """Whether something was said already that a selector would not see."""
        self.peeking = True
        try:
            return bool(self._measured.peek(1))
        except OSError:
            return True  # it is over: the next command tells
        finally:
            self.peeking = False
            self.sock.settimeout(reaching.READ_SECONDS)

    def abort_reading(self) -> None:
        """End it from another thread: whoever reads gets an error at once."""
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # not through TLS, which is in use

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = reaching.connect(self.host, self.port)
        try:
            return reaching.secure(sock, self.host) if self._tls else sock
        except BaseException:
            sock.close()
            raise

    def _measure(self) -> None:
        self.file.close()
        self._measured = io.BufferedReader(_Measured(self), BUFFER)
        name = "_file" if isinstance(getattr(imaplib.IMAP4, "file", None), property) else "file"
        setattr(self, name, self._measured)


class _Measured(io.RawIOBase):
    """What a socket brings, as long as a `Wire` allows."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wire = self._wire
        patience = 0.0 if wire.peeking else wire.patience()
        if patience <= 0 and not wire.peeking:
            raise TimeoutError("too slow")
        wire.sock.settimeout(patience)
        try:
            count = wire.sock.recv_into(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        wire.count(count)
        return count


class Client(IMAPClient):
    """IMAPClient on a `Wire`; its dates know their time zone."""

    def __init__(self, host: str, port: int, *, tls: bool, until: float) -> None:
        self._tls, self._until = tls, until
        times = SocketTimeout(reaching.CONNECT_SECONDS, reaching.READ_SECONDS)
        super().__init__(host, port, ssl=False, timeout=times)
        self.wire.debug = 0  # it would put each line into words that nobody reads
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802
        return Wire(self.host, self.port, tls=self._tls, until=self._until)

    @property
    def wire(self) -> Wire:
        """The connection below."""
        wire: Wire = self._imap
        return wire
