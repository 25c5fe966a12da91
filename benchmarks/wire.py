"""HTTP/1.1 by hand, as little of it as a load generator needs, so that it is not what is measured."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
SLOT = b"0123456789abcdef0123456789abcdef"
"""Stands in a prepared request where each message's own id goes."""


def prepare(request: dict[str, Any]) -> bytes:
    """The bytes of a request: `{"method", "path", "headers": {…}, "body": str}`."""
    body = request.get("body", "").encode()
    lines = [f"{request['method']} {request['path']} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in request.get("headers", {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def fresh(request: bytes) -> bytes:
    """The request with an id that was not used before."""
    return request.replace(SLOT, b"%032x" % random.getrandbits(128), 1)


class Caller(asyncio.Protocol):
    """A kept-alive connection; one request at a time, `answered(status, body)` for each."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.answered: Callable[[int, bytes], None] = lambda status, body: None
        self._read = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def call(self, request: bytes, answered: Callable[[int, bytes], None]) -> None:
        """Send a request."""
        self.answered = answered
        self.transport.write(request)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; its status and body."""
        done: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self.call(request, lambda status, body: done.set_result((status, body)))
        return await done

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, split, body = self._read.partition(b"\r\n\r\n")
        if not split:
            return
        at = head.lower().find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0]) if at > 0 else 0
        if len(body) >= length:
            self._read = b""
            self.answered(int(head[9:12]), body)


class Stream(asyncio.Protocol):
    """A held stream: `heard(frame)` for each event, heartbeats included."""

    def __init__(self, request: bytes, heard: Callable[["Stream", bytes], None]) -> None:
        self._request = request
        self._heard = heard
        self._rest = b""
        self.begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(ConnectionError("the stream ended before it began"))

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            self.begun.set_result(int(data[9:12]))
        *frames, self._rest = (self._rest + data).split(b"\n\n")
        for frame in frames:
            self._heard(self, frame)


async def callers(port: int, count: int) -> list[Caller]:
    """This many open connections."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(Caller, HOST, port))[1] for _ in range(count)]


async def hold(port: int, requests: list[bytes], heard: Callable[[Stream, bytes], None]) -> list[Stream]:
    """Open one stream per request, fifty at a time, from several loopback addresses."""
    streams: list[Stream] = []
    for start in range(0, len(requests), 50):
        some = [_stream(port, request, heard, start) for request in requests[start : start + 50]]
        opened = await asyncio.gather(*some)
        statuses = await asyncio.gather(*(stream.begun for stream in opened))
        if set(statuses) != {200}:
            raise ConnectionError(f"a stream was answered with {set(statuses) - {200}}")
        streams += opened
    return streams


async def _stream(port: int, request: bytes, heard: Callable[[Stream, bytes], None], number: int) -> Stream:
    local = (f"127.0.0.{2 + number // 2000}", 0)
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(lambda: Stream(request, heard), HOST, port, local_addr=local))[1]
