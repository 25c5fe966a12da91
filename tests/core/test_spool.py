"""Large bodies that wait on disk."""

import asyncio
import tempfile
from pathlib import Path

import pytest

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


def test_without_room_on_the_disk_it_is_refused_for_now(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert given(b"small") == b"small"
    with pytest.raises(Busy):
        given(PIECE, PIECE)
