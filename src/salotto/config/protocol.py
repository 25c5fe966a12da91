"""HTTP/1.1 as uvicorn reads it, with limits on what a client may send and how slowly.

uvicorn bounds neither a request's head nor the time that a client takes to send or to read.
They are bounded here, for every endpoint at once and without a timer per connection: a
connection carries the moment by which its client must have moved on, and `sweep` looks
once a second.
"""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES = 64 * 1024
"""Request line and headers; the trailers of a chunked body too."""
HEAD_SECONDS = 15.0
"""From the connection, or a next request's first byte, to the end of the headers."""
BODY_SECONDS = 30.0
"""From the end of the headers to the end of a small body."""
BODY_RATE = 16 * 1024
"""Bytes a second at which a body must come beyond that: a file over a slow line takes minutes."""
READ_SECONDS = 60.0
"""For reading what filled the connection's buffer, 64 kB."""
IN_LINE = 32
"""Requests that one connection may have waiting behind the one being answered."""


class Protocol(HttpToolsProtocol):
    """One connection.

    `due` is when the client must have moved on, 0 for never; `head` counts the bytes
    received since the last piece of a body; `body_due` is when the body is due, which what has
    come of it moves; `running` is the request being answered.
    """

    __slots__ = ("body_due", "due", "head", "running", "too_large")

    body_due: float

    due: float
    head: int
    running: RequestResponseCycle | None
    too_large: bool

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection owes a request."""
        super().connection_made(transport)
        self.head = 0
        self.running = None
        self.too_large = False
        self.due = monotonic() + HEAD_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        """The request being answered must know, even when others were sent behind it."""
        super().connection_lost(exc)
        self._abandon()

    def data_received(self, data: bytes) -> None:
        """Bytes came: read them, and refuse a head that has grown too large."""
        self.head += len(data)
        if not self.due and self.cycle.response_complete:
            self.due = monotonic() + HEAD_SECONDS
        super().data_received(data)
        if self.head > HEAD_BYTES and not self.transport.is_closing():
            self.refuse(431)

    def on_headers_complete(self) -> None:
        """The head is whole: its size is known exactly, and its body is due.

        Raises ValueError to refuse it; the parser turns that into `send_400_response`.
        """
        self.too_large = self.head > HEAD_BYTES and self._head_size() > HEAD_BYTES
        if self.too_large or len(self.pipeline) >= IN_LINE:
            raise ValueError
        self.due = self.body_due = monotonic() + BODY_SECONDS
        super().on_headers_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """A piece of the body, whose size the endpoint limits."""
        self.head = 0
        self.body_due += len(body) / BODY_RATE
        if self.due and not self.flow.write_paused:
            self.due = self.body_due
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: nothing is due."""
        self.head = 0
        self.due = 0.0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads too slowly: it must catch up."""
        self.due = monotonic() + READ_SECONDS
        super().pause_writing()

    def resume_writing(self) -> None:
        """It did."""
        self.due = 0.0
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses: 400, or 431 when the refusal was ours."""
        self.refuse(431 if self.too_large else 400)

    def refuse(self, status: int) -> None:
        """Answer with this status, unless another answer has begun, and close."""
        if not (self._answering() and self.running and self.running.response_started):
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self._abandon()
        self.transport.close()

    def expire(self) -> None:
        """Close what is overdue: 408 for half a request, no word to who sent nothing."""
        if self.flow.write_paused:
            self.transport.abort()
        elif self.head or self._answering():
            self.refuse(408)
        else:
            self.transport.close()

    def _answering(self) -> bool:
        return self.running is not None and not self.running.response_complete

    def _abandon(self) -> None:
        """Tell the request being answered that its client is gone."""
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True
            self.running.message_event.set()


def sweep(connections: Iterable[Any]) -> None:
    """Close every connection whose client is overdue."""
    now = monotonic()
    for each in [one for one in connections if 0.0 < one.due < now]:
        if not each.transport.is_closing():
            each.expire()
