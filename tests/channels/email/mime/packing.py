"""Writes winmail.dat files (MS-OXTNEF), whole ones and broken ones."""

import base64
import struct
from collections.abc import Sequence

STRING, UNICODE, BINARY, OBJECT = 0x1E, 0x1F, 0x102, 0x0D
MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")
CODEPAGE, PROPERTIES, RENDERING, FILE_PROPERTIES = 0x00069007, 0x00069003, 0x00069002, 0x00069005
FILE_DATA, FILE_TITLE, VERSION = 0x0006800F, 0x00018010, 0x00089006


def attribute(level: int, name: int, value: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def winmail(*attributes: bytes, codepage: int = 1252) -> bytes:
    """The file."""
    head = attribute(1, VERSION, struct.pack("<I", 0x10000))
    head += attribute(1, CODEPAGE, struct.pack("<II", codepage, 0))
    return b"\x78\x9f\x3e\x22\x01\x00" + head + b"".join(attributes)


def properties(*values: bytes) -> bytes:
    """A list of properties."""
    return struct.pack("<I", len(values)) + b"".join(values)


def text(name: int, value: str) -> bytes:
    """A property of Unicode text."""
    return _variable(name, UNICODE, value.encode("utf-16-le") + b"\0\0")


def binary(name: int, value: bytes, kind: int = BINARY) -> bytes:
    """A property of bytes."""
    return _variable(name, kind, value)


def number(name: int, value: int) -> bytes:
    """A property of four bytes."""
    return struct.pack("<HHI", 3, name, value)


def moment(name: int, ticks: int) -> bytes:
    """A property that is a time, in ticks of 100 ns since 1601."""
    return struct.pack("<HHQ", 0x40, name, ticks)


def _variable(name: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def message(*values: bytes) -> bytes:
    """The properties of the mail."""
    return attribute(1, PROPERTIES, properties(*values))


def file(name: str, content: bytes, *values: bytes) -> bytes:
    """A file with a short name in its title, and its long one."""
    short = name.encode("cp1252", "replace")[:12] + b"\0"
    return (
        attribute(2, RENDERING, b"\0" * 14)
        + attribute(2, FILE_TITLE, short)
        + attribute(2, FILE_DATA, content)
        + attribute(2, FILE_PROPERTIES, properties(text(0x3707, name), *values))
    )


def attached_mail(name: str, content: bytes) -> bytes:
    """A mail in the mail, itself such a file."""
    value = binary(0x3701, MESSAGE_INTERFACE + content, OBJECT)
    rendering = attribute(2, RENDERING, b"\0" * 14)
    return rendering + attribute(2, FILE_PROPERTIES, properties(text(0x3001, name), value))


def compressed(rtf: bytes, *, literal: bool = True) -> bytes:
    """A compressed text that names nothing in what was before, or that is not compressed at all."""
    if not literal:
        return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    runs = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf), 8))
    return struct.pack("<II4sI", len(runs) + 12, len(rtf), b"LZFu", 0) + runs


def repeated(sign: bytes, times: int) -> bytes:
    """A compressed text that unpacks to eight times its size: one sign, and references to it."""
    at = 207 + len(sign)
    places = [((at + 17 * one - 1) % 4096 << 4 | 15).to_bytes(2, "big") for one in range(times)]
    runs = b"".join(b"\xff" + b"".join(places[one : one + 8]) for one in range(0, times - 7, 8))
    head = b"".join(b"\0" + sign[one : one + 8] for one in range(0, len(sign), 8))
    return struct.pack("<II4sI", len(runs) + 12, 0xFFFFFFFF, b"LZFu", 0) + head + runs


def mail(packed: bytes, plain: str = "", others: Sequence[bytes] = ()) -> bytes:
    """A mail as Exchange sends it: the words, and the file."""
    head = (
        b"MIME-Version: 1.0\nFrom: Anna Rossi <anna@example.it>\nTo: Shop <help@shop.example>\n"
        b"Subject: Re: Your order\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nMessage-ID: <packed@example.com>\n"
        b'Content-Type: multipart/mixed; boundary="=_b1"\n\n--=_b1\n'
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    part = b'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
    parts = b"".join(b"--=_b1\n" + other + b"\n" for other in others)
    body = base64.encodebytes(packed)
    return head + plain.encode() + b"\n" + parts + b"--=_b1\n" + part + body + b"--=_b1--\n"
