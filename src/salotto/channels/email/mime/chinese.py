"""ISO-2022-CN (RFC 1922): Chinese in seven bits, which no codec of Python reads."""

import re

_TOKEN = re.compile(rb"\x1b\$\)([AGE])|\x1b\$[*+][A-Z]|(\x1b[NO][!-~]{2})|[\x0e\x0f]|[^\x1b\x0e\x0f]+|\x1b")
_RUN = re.compile(rb"[\r\n]")
_HIGH = bytes(sign | 0x80 if 0x20 < sign < 0x7F else sign for sign in range(256))

LARGEST, MOST_SHIFTS = 2_000_000, 60_000
"""What is larger, or goes from set to set more often, was not written by a person."""

_OUT, _IN = b"\x0e", b"\x0f"


def said(data: bytes) -> bool:
    """Whether this is written so: a set of Chinese signs is named, and gone over to."""
    return _OUT in data and (b"\x1b$)A" in data or b"\x1b$)G" in data or b"\x1b$)E" in data)


def decode(data: bytes) -> str:
    """The text. Of its sets the mainland's is read; a sign of Taiwan's is shown as \ufffd. Linear."""
    if len(data) > LARGEST or data.count(_OUT) + data.count(_IN) + data.count(b"\x1b") > MOST_SHIFTS:
        return data.decode("ascii", "replace")
    pieces: list[str] = []
    chosen, out = b"", False
    for token in _TOKEN.finditer(data):
        if token[1]:
            chosen = token[1]
        elif token[0] in {_OUT, _IN}:
            out = token[0] == _OUT
        elif token[2]:
            pieces.append("\ufffd")
        elif token[0][:1] != b"\x1b":
            pieces.append(_stretch(token[0], chosen) if out else token[0].decode("ascii", "replace"))
            out = out and not _RUN.search(token[0])
    return "".join(pieces)


def _stretch(data: bytes, chosen: bytes) -> str:
    """Two bytes for a sign up to the line's end, which is the end of the Chinese too."""
    end = _RUN.search(data)
    at = end.start() if end else len(data)
    known = chosen == b"A"
    signs = data[:at].translate(_HIGH).decode("gb18030", "replace") if known else "\ufffd" * (at // 2)
    return signs + data[at:].decode("ascii", "replace")
