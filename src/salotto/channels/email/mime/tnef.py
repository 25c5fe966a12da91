"""winmail.dat: what Outlook packs a mail into when it takes the recipient for another Outlook
(MS-OXTNEF).

Read by ourselves: the library for it counts as far as a file says, for minutes or until the memory
is full, and cuts zeros off attachments. Here time is linear and bounded, and what is broken or has
too much in it stays as it is.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from salotto.channels.email.mime import charset, enclosed, mapi, names, plain, rtf
from salotto.channels.email.mime.mapi import Properties
from salotto.channels.email.mime.reading import Reading, line

LARGEST = 60_000_000
MOST_FILES = 200
DEEPEST = 5
"""Mails in mails."""

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEADER, _SUM = 9, 2
_OF_MESSAGE, _OF_FILE = 1, 2
_SUBJECT, _BODY, _FILE_DATA, _FILE_TITLE = 0x8004, 0x800C, 0x800F, 0x8010
_FILE_BEGINS, _PROPERTIES, _FILE_PROPERTIES, _CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
_TRANSPORT_NAME = 0x9001
_IS_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
_INTERFACE = 16
"""Bytes before an object, which say what it is."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that was in it. `content_id` as in the HTML, without angle brackets."""

    name: str
    type: str
    content_id: str
    location: str
    content: bytes


@dataclass(slots=True)
class Unpacked:
    """What was in it. `whole`: all of it could be read."""

    text: str = ""
    html: str = ""
    files: list[Packed] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class _File:
    """A file as its attributes tell it, one after another."""

    title: bytes = b""
    transport_name: bytes = b""
    data: bytes = b""
    properties: Properties = field(default_factory=Properties)


@dataclass(slots=True)
class _Message:
    """A message as its attributes tell it."""

    codepage: str = "cp1252"
    subject: bytes = b""
    body: bytes = b""
    properties: Properties = field(default_factory=Properties)
    files: list[_File] = field(default_factory=list)
    whole: bool = True


def unpack(data: bytes, reading: Reading) -> Unpacked | None:
    """None, with the reason noted, if it cannot be unpacked."""
    if len(data) > LARGEST or data[:4] != _SIGNATURE:
        reading.note("The winmail.dat is no TNEF; it was kept as it is.")
        return None
    try:
        found = _unpacked(_message(data, reading), reading, 0)
    except Exception:  # whatever is wrong with it, the file is there
        reading.note("The winmail.dat is broken; it was kept as it is.")
        return None
    if not (found.files or found.text or found.html):
        reading.note("The winmail.dat holds nothing that can be read; it was kept as it is.")
        return None
    if not found.whole:
        reading.note("Not all of the winmail.dat could be read; it was kept too.")
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Level, name and value of each; what is behind the last one may be a line end or NULs."""
    at, end = len(_SIGNATURE) + 2, len(data)
    while at < end:
        if data[at] not in (_OF_MESSAGE, _OF_FILE):
            if data[at:].strip(b"\0\r\n\t "):
                raise mapi.BrokenError
            return
        level, name, _, length = struct.unpack_from("<BHHI", data, at)
        at += _HEADER
        if at + length + _SUM > end:
            raise mapi.BrokenError
        yield level, name, data[at : at + length]
        at += length + _SUM


def _message(data: bytes, reading: Reading) -> _Message:
    found = _Message()
    for level, name, value in _attributes(data):
        if not reading.may_list():
            found.whole = False
            break
        if level == _OF_FILE:
            _add_to_file(found, name, value, reading)
        elif name == _CODEPAGE:
            found.codepage = mapi.codec(int.from_bytes(value[:4], "little"))
        elif name == _PROPERTIES:
            found.properties = mapi.read(value, found.codepage, reading)
        elif name == _SUBJECT:
            found.subject = value
        elif name == _BODY:
            found.body = value
    return found


def _add_to_file(found: _Message, name: int, value: bytes, reading: Reading) -> None:
    if name == _FILE_BEGINS or not found.files:
        found.files.append(_File())
    file = found.files[-1]
    if name == _FILE_DATA:
        file.data = value
    elif name == _FILE_TITLE:
        file.title = value
    elif name == _TRANSPORT_NAME:
        file.transport_name = value
    elif name == _FILE_PROPERTIES:
        file.properties = mapi.read(value, found.codepage, reading)


def _unpacked(message: _Message, reading: Reading, depth: int) -> Unpacked:
    found = Unpacked(whole=message.whole and not message.properties.damaged)
    found.whole &= len(message.files) <= MOST_FILES
    found.text, found.html = _text(message, reading), _html(message, reading)
    if not found.html and (packed := message.properties.binary(mapi.RTF)):
        rich = rtf.read(packed, reading.left_to_unpack)
        reading.unpacked(rich.size)
        found.text, found.html = found.text or rich.text, rich.html
        found.whole = found.whole and not rich.cut
    for file in message.files[:MOST_FILES]:
        packed_file = _packed(file, message, reading, depth)
        found.whole = found.whole and not file.properties.damaged
        if packed_file is not None:
            found.files.append(packed_file)
    return found


def _text(message: _Message, reading: Reading) -> str:
    properties = message.properties
    if properties.is_unicode(mapi.BODY):
        text = properties.text(mapi.BODY)
    else:
        data = properties.binary(mapi.BODY) or message.body
        text = charset.decode(data.rstrip(b"\0"), message.codepage, reading)
    return plain.lines(text.strip("\0"))


def _html(message: _Message, reading: Reading) -> str:
    properties = message.properties
    if properties.is_unicode(mapi.HTML):
        return properties.text(mapi.HTML)
    number = properties.number(mapi.CHARSET)
    declared = mapi.codec(number) if number else ""
    return charset.decode_html(properties.binary(mapi.HTML).rstrip(b"\0"), declared, reading).strip("\0")


def _packed(file: _File, message: _Message, reading: Reading, depth: int) -> Packed | None:
    """None for one of which neither name nor content is there."""
    properties = file.properties
    data = properties.binary(mapi.DATA)
    if data.startswith(_IS_MESSAGE):
        return _enclosed(file, data[_INTERFACE:], reading, depth)
    content = file.data or (data[_INTERFACE:] if properties.is_object(mapi.DATA) else data)
    written = properties.text(mapi.LONG_NAME, mapi.FILE_NAME)
    written = written or _decoded(file.title, message) or _decoded(file.transport_name, message)
    name = names.safe(written or properties.text(mapi.DISPLAY_NAME))
    if not (name or content):
        return None
    kind = properties.text(mapi.TYPE).strip().lower()
    kind = kind if names.is_type(kind) else names.type_of(name)
    content_id = line(properties.text(mapi.CONTENT_ID), 400).strip("<> ")
    location = line(properties.text(mapi.LOCATION), 400)
    return Packed(name or names.made_up(kind), kind, content_id, location, content)


def _decoded(value: bytes, message: _Message) -> str:
    return value.rstrip(b"\0").decode(message.codepage, "replace")


def _enclosed(file: _File, data: bytes, reading: Reading, depth: int) -> Packed | None:
    """A mail in the mail, written as one that any program opens."""
    if depth >= DEEPEST or not reading.may_enclose(len(data)):
        file.properties.damaged = True
        return None
    message = _message(data, reading)
    inside = _unpacked(message, reading, depth + 1)
    file.properties.damaged |= not inside.whole
    properties = message.properties
    subject = properties.text(mapi.SUBJECT) or _decoded(message.subject, message)
    subject = subject or file.properties.text(mapi.DISPLAY_NAME)
    head = enclosed.Head(
        subject=line(subject, 500),
        sender=_sender(properties),
        to=line(properties.text(mapi.SHOWN_TO), 2_000),
        cc=line(properties.text(mapi.SHOWN_CC), 2_000),
        date=_date(properties),
        message_id=line(properties.text(mapi.HEADER_ID), 400),
    )
    content = enclosed.write(head, inside.text, inside.html, inside.files)
    return Packed(names.of_message(head.subject), "message/rfc822", "", "", content)


def _sender(properties: Properties) -> tuple[str, str]:
    """Name and mail address, which only those have who are of no Exchange."""
    for internet, address, name in mapi.SENDER:
        found = next((one for one in map(properties.text, (internet, address)) if "@" in one), "")
        if found or properties.text(name):
            return line(properties.text(name), 200), line(found, 320)
    return "", ""


def _date(properties: Properties) -> datetime | None:
    return properties.time(mapi.SENT_AT, mapi.DELIVERED_AT)
