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
    return _ESCAPED.sub(lambda sign: bytes([(sign[1][0] - 64) & 255]), lines).translate(_MOVED)
