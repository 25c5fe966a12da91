"""Lists of MAPI properties as a winmail.dat holds them (MS-OXTNEF 2.1.3.4): read in linear time,
whatever counts and lengths they claim."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from salotto.channels.email.mime.reading import Reading

SUBJECT, SENT_AT, DELIVERED_AT, BODY = 0x0037, 0x0039, 0x0E06, 0x1000
RTF, HTML, CHARSET, HEADER_ID = 0x1009, 0x1013, 0x3FDE, 0x1035
SHOWN_TO, SHOWN_CC = 0x0E04, 0x0E03
SENDER = ((0x5D02, 0x0065, 0x0042), (0x5D01, 0x0C1F, 0x0C1A))
"""Mail address, address, name: of whom it is from, and of who has sent it."""
DISPLAY_NAME, DATA, FILE_NAME, LONG_NAME = 0x3001, 0x3701, 0x3704, 0x3707
TYPE, CONTENT_ID, LOCATION = 0x370E, 0x3712, 0x3713

_STRING, _UNICODE, _BINARY, _OBJECT, _UNSPECIFIED = 0x1E, 0x1F, 0x102, 0x0D, 0
_VARIABLE = frozenset({_STRING, _UNICODE, _BINARY, _OBJECT, _UNSPECIFIED})
_FIXED = {0x01: 4, 0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8}
_FIXED[0x48] = 16
_MANY = 0x1000
_NAMED = 0x8000
_FILETIME = datetime(1601, 1, 1, tzinfo=UTC)

CODEPAGES = {
    1200: "utf-16-le", 1201: "utf-16-be", 10000: "mac-roman", 20127: "ascii", 20866: "koi8-r",
    20932: "euc-jp", 21866: "koi8-u", 28591: "cp1252", 50220: "iso-2022-jp", 50221: "iso-2022-jp",
    50222: "iso-2022-jp", 51932: "euc-jp", 51936: "gb18030", 51949: "euc-kr", 52936: "hz",
    54936: "gb18030", 65000: "utf-7", 65001: "utf-8",
} | {28590 + part: f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 13, 15)}  # fmt: skip


class BrokenError(ValueError):
    """A list, or what holds it, says more than is there."""


@dataclass(slots=True)
class Properties:
    """The first value of each property: its type and its bytes. `codepage` is what strings of
    bytes are in; `damaged`, if the list ends in what cannot be read."""

    codepage: str = "cp1252"
    values: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    damaged: bool = False

    def text(self, *names: int) -> str:
        """The first of these that says something."""
        return next((found for name in names if (found := self._text(name))), "")

    def _text(self, name: int) -> str:
        kind, value = self.values.get(name, (_STRING, b""))
        codec = "utf-16-le" if kind == _UNICODE else self.codepage
        return value.decode(codec, "replace").rstrip("\0").replace("\0", "")

    def is_unicode(self, name: int) -> bool:
        """Whether it is text whose charset is known by itself."""
        return self.values.get(name, (0, b""))[0] == _UNICODE

    def is_object(self, name: int) -> bool:
        """Whether it is an object, before which its interface is named."""
        return self.values.get(name, (0, b""))[0] == _OBJECT

    def binary(self, name: int) -> bytes:
        """Its bytes as they are."""
        return self.values.get(name, (0, b""))[1]

    def number(self, name: int) -> int:
        """0 if there is none."""
        return int.from_bytes(self.binary(name)[:4], "little")

    def time(self, *names: int) -> datetime | None:
        """The first of these that tells a moment."""
        for name in names:
            ticks = int.from_bytes(self.binary(name), "little")
            try:
                if ticks:
                    return _FILETIME + timedelta(microseconds=ticks // 10)
            except OverflowError:
                continue
        return None


def codec(number: int) -> str:
    """Python's name of a Windows code page; cp1252 where there is none."""
    name = CODEPAGES.get(number, f"cp{number}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name


def read(data: bytes, codepage: str, reading: Reading) -> Properties:
    """A list, from its count on, as far as it may be read."""
    found = Properties(codepage)
    try:
        (count,) = struct.unpack_from("<I", data)
        for name, kind, value in _properties(data, count, reading):
            found.values.setdefault(name, (kind, value))
    except (struct.error, BrokenError):
        found.damaged = True
    return found


def _properties(data: bytes, count: int, reading: Reading) -> Iterator[tuple[int, int, bytes]]:
    at = 4
    for _ in range(count):
        if not reading.may_list():
            raise BrokenError
        kind, name = struct.unpack_from("<HH", data, at)
        at = _behind_name(data, at + 4) if name >= _NAMED else at + 4
        single = kind & ~_MANY
        if single in _VARIABLE:
            value, at = _variable(data, at, reading)
        elif single in _FIXED:
            value, at = _fixed(data, at, _FIXED[single], many=single != kind)
        else:
            raise BrokenError
        if name < _NAMED:
            yield name, single, value


def _behind_name(data: bytes, at: int) -> int:
    """A name of a program's own: a GUID, and a number or a text."""
    kind, number = struct.unpack_from("<II", data, at + 16)
    return at + 24 + (_padded(number) if kind else 0)


def _variable(data: bytes, at: int, reading: Reading) -> tuple[bytes, int]:
    """The first of some values, each with its length, and where they end."""
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    first = b""
    for number in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        at += 4
        if at + length > len(data) or (number and not reading.may_list()):
            raise BrokenError
        if not number:
            first = data[at : at + length]
        at += _padded(length)
    return first, at


def _fixed(data: bytes, at: int, size: int, *, many: bool) -> tuple[bytes, int]:
    count = 1
    if many:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    if at + count * size > len(data):
        raise BrokenError
    return data[at : at + size], at + _padded(count * size)


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
