"""Large bodies that wait on disk."""

import asyncio
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from salotto.core.asgi import Message
from salotto.core.errors import BadRequest, Busy, TooLarge
from salotto.core.spool import IN_MEMORY, spooled

PIECE = b"x" * 600_000


def given(*pieces: bytes, end: bool = True) -> bytes:
    """What comes out of a body that comes in these pieces, at most 2 MB; without an end it breaks off."""
    waiting: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting.append({"type": "http.request", "body": b""} if end else {"type": "http.disconnect"})

    async def receive() -> Message:
        return waiting.pop(0)

    async def read() -> bytes:
        async with spooled({"headers": []}, receive, 2_000_000) as whole:
            parts, more = b"", True
            while more:
                message = await whole()
                parts, more = parts + message["body"], message["more_body"]
            return parts

    return asyncio.run(read())


def test_a_body_comes_out_as_it_went_in() -> None:
    assert given() == b""
    assert given(b"one", b"two") == b"onetwo"
    assert given(PIECE, PIECE) == PIECE * 2 and len(PIECE) * 2 > IN_MEMORY


def test_what_is_too_large_or_breaks_off_is_refused() -> None:
    with pytest.raises(TooLarge):
        given(PIECE, PIECE, PIECE, PIECE)
    with pytest.raises(BadRequest):
        given(PIECE, end=False)


def test_without_room_on_the_disk_it_is_refused_for_now(settings: LazySettings, tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    settings.SPOOL = tmp_path / "full" / "spool"
    assert given(b"small") == b"small"
    with pytest.raises(Busy):
        given(PIECE, PIECE)


def test_nothing_on_the_disk_has_a_name(settings: LazySettings, tmp_path: Path) -> None:
    settings.SPOOL = spool = tmp_path / "data" / "spool"
    large = SimpleUploadedFile("film.mp4", b"x" * 3_000_000, "video/mp4")
    found = RequestFactory().post("/", {"file": large}).FILES["file"]
    assert (found.name, found.size, found.content_type) == ("film.mp4", 3_000_000, "video/mp4")
    assert spool.is_dir() and list(spool.iterdir()) == []
    assert found.read() == b"x" * 3_000_000
    found.close()


def test_a_form_that_breaks_off_leaves_nothing(settings: LazySettings, tmp_path: Path) -> None:
    settings.SPOOL = tmp_path
    half = b'--E\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 3_000_000
    kind = "multipart/form-data; boundary=E"
    request = RequestFactory().generic("POST", "/", half, content_type=kind)
    assert request.POST == {} and list(tmp_path.iterdir()) == []
