"""Files that a text holds in yEnc, as programs for news groups write them."""

import re

_BEGIN = re.compile(
    rb"^=ybegin (?:part=\d{1,6} )?(?:total=\d{1,6} )?line=\d{1,6} size=\d{1,12} name=([^\r\n]{1,255})\r?\n"
    rb"(?:=ypart [^\r\n]{0,80}\r?\n)?",
    re.MULTILINE,
)
_END = re.compile(rb"^=yend[^\r\n]{0,120}\r?$", re.MULTILINE)
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_MOVED = bytes((sign - 42) & 255 for sign in range(256))
_MEANT = {bytes([sign]): bytes([(sign - 64) & 255]) for sign in range(256)}
_SLICE = 65_536
"""Bytes that are decoded at once: what they are cut into takes forty times as much."""

Found = tuple[bytes, bytes, tuple[int, int]]


def files(data: bytes) -> list[Found]:
    """The files: name, content, and from where to where in the text. One without an end is all that
    follows. Linear."""
    found: list[Found] = []
    at = 0
    while begin := _BEGIN.search(data, at):
        end = _END.search(data, begin.end())
        stop, at = (end.start(), end.end()) if end else (len(data), len(data))
        found.append((begin[1].strip(), _decoded(data[begin.end() : stop]), (begin.start(), at)))
    return found


def _decoded(data: bytes) -> bytes:
    lines = data.translate(None, b"\r\n")
    done, at = [], 0
    while at < len(lines):
        piece = lines[at : at + _SLICE]
        if (len(piece) - len(piece.rstrip(b"="))) % 2:  # the last one belongs to the sign behind it
            piece = lines[at : at + _SLICE + 1]
        done.append(_unescaped(piece).translate(_MOVED))
        at += len(piece)
    return b"".join(done)


def _unescaped(piece: bytes) -> bytes:
    if b"=" not in piece:
        return piece
    pieces = _ESCAPED.split(piece)
    pieces[1::2] = map(_MEANT.__getitem__, pieces[1::2])
    return b"".join(pieces)
