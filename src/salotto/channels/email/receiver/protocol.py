"""One connection: aiosmtpd's, with a body of any line length, bounds, and nothing to be learned.

A line ends with CR LF and nothing else: a bare LF or CR around a dot does not end the mail, so
that no second mail can be smuggled in behind a server that reads lines otherwise
(CVE-2023-51764). A NUL or a bare LF in the mail is kept as it came.
"""

import logging
from asyncio import BaseTransport, LimitOverrunError, WriteTransport
from collections import defaultdict
from ssl import SSLContext
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from salotto.channels.email.receiver.handler import STORED, Handler
from salotto.channels.email.receiver.limits import COMMANDS, LEAST_SPEED, Limits

logging.getLogger("mail.log").setLevel(logging.ERROR)  # every address and line otherwise

_LINE = 65_536  # buffered at most; longer lines come in pieces
_COMMAND = 4096


class Polite(SMTP):
    """What SMTP and LMTP have in common here."""

    line_length_limit = _LINE
    envelope: Any
    transport: WriteTransport | None
    """Of a stream, in the clear or secured: uvloop's are none by their class, so none is asked for it."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits,
        size: int,
        name: str,
        context: SSLContext | None,
        alive: "set[Polite]",
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=size,
            enable_SMTPUTF8=True,
            hostname=name,
            ident="Salotto",
            tls_context=context,
            timeout=limits.command_seconds,
            command_call_limit=COMMANDS,
        )
        self.command_size_limits = defaultdict(lambda: _COMMAND)  # aiosmtpd's is one for all connections
        self.limits = limits
        self.alive = alive
        self.peer = ""
        self.admitted = False
        self.storing = False
        self.counted = 0
        self.came = 0
        self.data_until = 0.0
        self._may_talk()

    def _may_talk(self) -> None:
        self.talk_until = self.loop.time() + self.limits.talk_seconds

    def data_received(self, data: bytes) -> None:
        """Count it: a mail must come with some speed."""
        self.came += len(data)
        super().data_received(data)

    def connection_made(self, transport: BaseTransport) -> None:
        """Count it; once more after STARTTLS, on the same connection."""
        if not self.admitted:
            peer = transport.get_extra_info("peername")
            self.peer = str(peer[0]) if isinstance(peer, tuple) and peer else "unix"
            self.admitted = self.limits.admit(self.peer)
            self.alive.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It counts no longer."""
        if self in self.alive:
            self.alive.discard(self)
            if self.admitted:
                self.limits.let_go(self.peer)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        if self.admitted:
            await super()._handle_client()
        else:
            await self.push("421 4.7.0 Too many connections. Try again later.")
            if self.transport is not None:
                self.transport.close()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """For the next command, if nothing else is said: who never comes to a mail gets no further time."""
        left = self.talk_until - self.loop.time()
        super()._reset_timeout(duration or max(min(self.limits.command_seconds, left), 0.001))

    def _timeout_cb(self) -> None:
        if not self._goes_on():
            self.leave("421 4.4.2 This took too long. Good bye.")

    def _goes_on(self) -> bool:
        """Whether a mail is coming in, fast enough up to now, and has time left: it is looked at again."""
        left = self.data_until - self.loop.time()
        if left <= 0 or not (self.storing or self.came >= LEAST_SPEED * self.limits.span):
            return False
        self.came = 0
        self._reset_timeout(min(self.limits.span, left))
        return True

    def leave(self, words: str) -> None:
        """End the connection from our side, saying why, unless it is ending already."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(words.encode() + b"\r\n")
            self.transport.close()
            # one that reads nothing would keep its place
            self.loop.call_later(self.limits.last_seconds, self.transport.abort)

    # Commands that tell nothing

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802
        """Nobody learns which addresses there are."""
        await self.push("252 2.1.5 Send some mail, and see.")

    async def smtp_EXPN(self, arg: str) -> None:  # noqa: N802
        """Nor who is behind them."""
        await self.push("502 5.5.1 Not here.")

    async def smtp_HELP(self, arg: str) -> None:  # noqa: N802
        """A human has come: greet them."""
        await self.push("214 2.0.0 This server takes mail for its own mailboxes.")

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        """Nobody signs in: mail is taken for our own mailboxes only."""
        await self.push("502 5.5.1 Nobody signs in here.")

    # The mail itself

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Read a mail up to its end, then have the handler store it."""
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Name a recipient first (RCPT)")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self.came, self.data_until = 0, self.loop.time() + self.limits.data_seconds
        self._reset_timeout(min(self.limits.span, self.limits.data_seconds))
        try:
            await self.push(await self._take())
        finally:
            self.storing, self.data_until = False, 0.0
            self._let_go()
            self.envelope = self._create_envelope()
            if self.transport is not None:
                self._reset_timeout()

    async def _take(self) -> str:
        """Read the mail and store it; what is said to it."""
        body = bytearray()
        refusal = await self._read_body(body)
        if refusal:
            return self.for_each(refusal)
        self.envelope.content = bytes(body)
        del body[:]
        self.storing = True
        said = str(await self._call_handler_hook("DATA"))
        if STORED in said:
            self._may_talk()
        return said

    def for_each(self, words: str) -> str:
        """One answer to a mail; LMTP gives one per recipient."""
        return words

    async def _read_body(self, body: bytearray) -> str:
        """Fill `body` with the mail's bytes, without the dots that were stuffed; the answer to one
        that cannot be taken, whose rest is read and dropped, else ""."""
        refusal, fresh, size = "", True, 0
        while True:
            piece = await self._piece()
            if fresh and piece == b".\r\n":
                return refusal
            data = piece[1:] if fresh and piece.startswith(b".") else piece
            fresh = piece.endswith(b"\r\n")
            size += len(data)
            refusal = refusal or self._too_much(size, len(data))
            if refusal:
                self._let_go()
                del body[:]
            else:
                body += data

    def _too_much(self, size: int, more: int) -> str:
        """What is said to a mail of this size so far; "" while there is room for it."""
        if self.data_size_limit and size > self.data_size_limit:
            return "552 5.3.4 This mail is too large."
        self.counted += more
        if not self.limits.room(more):
            return "452 4.3.1 Too much mail is coming in at the moment. Try again later."
        return ""

    def _let_go(self) -> None:
        """The bytes of this mail take no room any more."""
        self.limits.bytes -= self.counted
        self.counted = 0

    async def _piece(self) -> bytes:
        """A line with its end, or a part of one that is longer than the buffer."""
        try:
            return await self._reader.readuntil(b"\r\n")
        except LimitOverrunError as error:
            return await self._reader.read(error.consumed)

    async def handle_exception(self, error: Exception) -> str:
        """Our own fault: the sender keeps the mail and learns nothing."""
        logging.getLogger("salotto.email").error("The mail receiver failed", exc_info=error)
        return "451 4.3.0 Something went wrong here. Try again later."


class Smtp(Polite):
    """Mail from anywhere."""


class Lmtp(Polite, LMTP):
    """Mail from an MTA beside us: each recipient is answered by itself (RFC 2033)."""

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802
        """LMTP is greeted with LHLO."""
        await self.push("500 5.5.1 This is LMTP: say LHLO")

    smtp_EHLO = smtp_HELO  # noqa: N815

    def for_each(self, words: str) -> str:
        """Each recipient is answered by itself."""
        return "\r\n".join([words] * len(self.envelope.rcpt_tos))


def kind_of(lmtp: bool) -> type[Any]:
    """The protocol's class."""
    return Lmtp if lmtp else Smtp
