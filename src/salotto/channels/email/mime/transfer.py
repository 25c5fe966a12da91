"""Transfer encodings: from the lines of a part to its bytes, however broken."""

import binascii
import re

from salotto.channels.email.mime.reading import Reading

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_NOT_A_WORD = re.compile(r"[\s;,(\"']")
_SOFT_END = re.compile(rb"=[ \t]++\r?\n")
_WORDS = re.compile(rb"[^\s] [^\s]|[\x80-\xff]")
_LAST_LINE = re.compile(rb"(=|[A-Za-z0-9+/](?=\r?\n[ \t]*\r?\n))[ \t]*\r?\n")
_PIECE = re.compile(rb"[^=]+")
_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_END = re.compile(rb"^[` ]?\r?\nend[ \t]*$|^end[ \t]*\r?$", re.MULTILINE)

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN = bytes(set(range(256)) - set(_BASE64))
_CHUNK = 1_000_000
"""Bytes in which soft line ends are mended at once: each takes many times its size in memory."""

IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none"})
_QUOTED = frozenset({"quoted-printable", "quoted", "quoted_printable", "quotedprintable"})
_IN_BASE64 = frozenset({"base64", "base-64"})
_UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
_KNOWN = IDENTITY | _QUOTED | _IN_BASE64 | _UU


def said(values: list[str]) -> str:
    """The encoding of a part with these headers: the first one that is known, else the first."""
    return next((one for one in values if _word(one) in _KNOWN), values[0]) if values else ""


def _word(encoding: str) -> str:
    return _NOT_A_WORD.split(encoding.strip(" \t\r\n\"'"), maxsplit=1)[0].lower()


def decode(data: bytes, encoding: str, reading: Reading) -> bytes:
    """The bytes of a part, of its lines as they came and its declared encoding."""
    encoding = _word(encoding)
    if encoding in IDENTITY:
        return data
    if encoding in _QUOTED:
        return binascii.a2b_qp(_soft_ends(data) if b"= " in data else data)
    if encoding in _IN_BASE64:
        return base64(data, reading)
    if encoding in _UU:
        return _uuencoded(data, reading)
    reading.note(f"The transfer encoding “{encoding[:40]}” is unknown; the part was taken as it is.")
    return data


def _soft_ends(data: bytes) -> bytes:
    """Without white space behind the sign that a line goes on."""
    pieces, at = [], 0
    while at < len(data):
        end = data.find(b"\n", at + _CHUNK) + 1 or len(data)
        pieces.append(_SOFT_END.sub(b"=\n", data[at:end]))
        at = end
    return b"".join(pieces)


def base64(data: bytes, reading: Reading) -> bytes:
    """Base64 with whatever between it: foreign characters, missing padding, several pieces."""
    if _WORDS.search(data, 0, 400) and _is_text(data):
        reading.note("A part is declared as base64 and is not; it was taken as it is.")
        return data
    end = data.find(b"=")
    if end < 0 or not data[end:].strip(b"= \t\r\n"):
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            pass
    reading.note("A part's base64 is broken; it was decoded as far as possible.")
    data = _before_footer(data).translate(None, _FOREIGN)
    decoded = bytearray()
    for piece in _PIECE.finditer(data):
        decoded += _piece(piece[0])
    return bytes(decoded)


def _is_text(data: bytes) -> bool:
    """Whether so much in this is no base64, from its first line on, that it never was."""
    first = data[:2_000].lstrip().partition(b"\n")[0].strip()
    if not _NOT_BASE64.search(first):
        return False
    return len(data.translate(None, _BASE64 + b"\r\n")) * 20 > len(data)


def _before_footer(data: bytes) -> bytes:
    """Without the lines that a list server has appended after the padding, or after a blank line."""
    end = _LAST_LINE.search(data)
    if end is None:
        return data
    return data[: end.end(1)] if _WORDS.search(data, end.end()) else data


def _piece(data: bytes) -> bytes:
    data = data[:-1] if len(data) % 4 == 1 else data
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def _uuencoded(data: bytes, reading: Reading) -> bytes:
    for _, content, _ in uuencoded(data):
        return content
    reading.note("A uuencoded part has no beginning; it was taken as it is.")
    return data


def uuencoded(data: bytes) -> list[tuple[bytes, bytes, tuple[int, int]]]:
    """The files that a text holds: name, content, and from where to where in the text."""
    found: list[tuple[bytes, bytes, tuple[int, int]]] = []
    at = 0
    while begin := _BEGIN.search(data, at):
        end = _END.search(data, begin.end())
        if end is None:
            break
        content = _uu_lines(data[begin.end() : end.start()])
        if content is not None:
            found.append((begin[1].strip(), content, (begin.start(), end.end())))
        at = end.end()
    return found


def _uu_lines(data: bytes) -> bytes | None:
    """The bytes, or None if this is just text between two such words."""
    pieces = []
    for line in data.splitlines():
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0  # some pad too much
            try:
                pieces.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return None
    return b"".join(pieces) or None
