"""What is too large for the memory is kept on disk for a while: a request's body until it is there
whole, so that no thread waits for it, and the files in it.

These files lie in the data directory and have no name there: they end with whoever has them open,
however that ends, so that nothing has to be swept up after a process that was killed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from salotto.core.asgi import Message, Receive, Scope, header
from salotto.core.errors import BadRequest, Busy, TooLarge

IN_MEMORY = 1 << 20
CHUNK = 1 << 19


def folder() -> Path:
    """Where such files are; made when it is needed. Whoever writes there learns what hinders it."""
    found = Path(settings.SPOOL)
    with suppress(OSError):
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


class Nameless(FileUploadHandler):
    """Keeps a file of a form on disk; Django's own has a name, and outlives a process that is killed."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        kept = TemporaryFile(dir=folder())  # noqa: SIM115 (closed with the request)
        self.file = UploadedFile(
            kept, self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Some more of it."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        """The whole file."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """It broke off."""
        if hasattr(self, "file"):
            self.file.close()


@asynccontextmanager
async def spooled(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[Receive]:
    """The channel of a request whose body was read before; raises TooLarge beyond `limit` bytes,
    BadRequest if it breaks off, Busy when there is no room for it."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    with SpooledTemporaryFile(IN_MEMORY, dir=str(folder())) as kept:
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
