"""How many lines of a mail are read: a text is cut into lines, each an object of its own, so that
a mail of nothing but line ends would take forty times its size in memory."""

from salotto.channels.email.mime.reading import Reading

MOST_LINES = 1_000_000
SHORTEST = 40
"""Bytes of a line, on average: a mail may have as many lines as it has room for such ones."""
_CHUNK = 65_536


def few_lines(raw: bytes, reading: Reading) -> bytes:
    """The mail, without what is beyond the last line that is read."""
    most = max(MOST_LINES, len(raw) // SHORTEST)
    if len(raw) <= most or _lines(raw) <= most:
        return raw
    reading.note(f"The mail has more than {most} lines; what is below them is in the original only.")
    left, at = most, 0
    while left > 0:
        left -= _lines(raw[at : at + _CHUNK])
        at += _CHUNK
    return raw[:at]


def _lines(raw: bytes) -> int:
    ends = raw.count(b"\n")
    return ends + raw.count(b"\r") - raw.count(b"\r\n") if b"\r" in raw else ends
