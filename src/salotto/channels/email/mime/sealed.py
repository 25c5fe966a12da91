"""S/MIME in one piece: the mail inside a signature (RFC 8551 3.5.2, RFC 5652 5), which is not checked."""

LARGEST = 60_000_000
DEEPEST = 16
MOST_PIECES = 200_000

_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_END = b"\0\0"
_OCTETS, _INSIDE = 0x04, 0x20
_CONTENT = 0xA0


def content(data: bytes) -> bytes:
    """What is signed; empty if this is no such signature, or is encrypted, or broken."""
    if len(data) > LARGEST or _SIGNED_DATA not in data[:60]:
        return b""
    at = data.find(_DATA, 0, 4_000)
    if at < 0:
        return b""
    try:
        tag, start, stop = _header(data, at + len(_DATA))
        return b"".join(_octets(data, start, stop)) if tag == _CONTENT else b""
    except (IndexError, ValueError):
        return b""


def _header(data: bytes, at: int) -> tuple[int, int, int | None]:
    """A tag, where its value begins, and where it ends: None if two zeros say so (BER)."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length == 0x80:
        return tag, at, None
    if length > 0x80:
        size = length - 0x80
        if size > 4:
            raise ValueError("too long")
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > len(data):
        raise ValueError("cut off")
    return tag, at, at + length


def _octets(data: bytes, at: int, stop: int | None) -> list[bytes]:
    """The pieces of an octet string, which may hold others, from `at` on."""
    pieces: list[bytes] = []
    ends = [stop]
    while ends:
        if at == ends[-1] or (ends[-1] is None and data[at : at + 2] == _END):
            at += 2 if ends.pop() is None else 0
            continue
        tag, start, end = _header(data, at)
        if len(pieces) > MOST_PIECES:
            raise ValueError("too many")
        if tag == _OCTETS and end is not None:
            pieces.append(data[start:end])
            at = end
        elif tag == _OCTETS | _INSIDE and len(ends) < DEEPEST:
            ends.append(end)
            at = start
        else:
            raise ValueError("no octets")
    return pieces
