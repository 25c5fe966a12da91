"""A large request body kept on disk until it is there whole, so that no thread waits for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile

from salotto.core.asgi import Message, Receive, Scope, header
from salotto.core.errors import BadRequest, Busy, TooLarge

IN_MEMORY = 1 << 20
CHUNK = 1 << 19


@asynccontextmanager
async def spooled(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[Receive]:
    """The channel of a request whose body was read before; raises TooLarge beyond `limit` bytes,
    BadRequest if it breaks off, Busy when there is no room for it."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    with SpooledTemporaryFile(IN_MEMORY) as kept:
        try:
            await _fill(kept, receive, limit)
        except OSError as error:  # the disk is full
            raise Busy from error
        size = kept.tell()
        kept.seek(0)

        async def given() -> Message:
            body = kept.read(CHUNK)
            return {"type": "http.request", "body": body, "more_body": kept.tell() < size}

        yield given


async def _fill(kept: "SpooledTemporaryFile[bytes]", receive: Receive, limit: int) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(code="broken_off")
        kept.write(message.get("body", b""))
        if kept.tell() > limit:
            raise TooLarge
        if not message.get("more_body"):
            return
