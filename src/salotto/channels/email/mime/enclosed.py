"""A mail that came inside a winmail.dat, written as a mail of its own. The same one always gives
the same bytes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from typing import Protocol

from salotto.channels.email.mime.reading import clean


@dataclass(frozen=True, slots=True)
class Head:
    """Who has written it, to whom, when and about what; anything may be empty."""

    subject: str
    sender: tuple[str, str]
    to: str
    cc: str
    date: datetime | None
    message_id: str


class Enclosure(Protocol):
    """A file of it."""

    @property
    def name(self) -> str:
        """Safe for a file."""

    @property
    def type(self) -> str:
        """Lower case, without parameters."""

    @property
    def content_id(self) -> str:
        """Without angle brackets."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


def write(head: Head, text: str, html: str, files: Sequence[Enclosure]) -> bytes:
    """The bytes of the mail."""
    mark = hashlib.sha256("\n".join((head.subject, text, html)).encode("utf-8", "replace"))
    for file in files:
        mark.update(file.content)
    bodies = _bodies(text, html)
    shown, listed = _parts(files, with_id=True), _parts(files, with_id=False)
    whole = _multipart("alternative", bodies, mark.hexdigest())
    whole = _multipart("related", [whole, *shown], mark.hexdigest())
    whole = _multipart("mixed", [whole, *listed], mark.hexdigest())
    for name, value in _fields(head):
        whole[name] = value
    return whole.as_bytes()


def _bodies(text: str, html: str) -> list[Message]:
    both = (("plain", text), ("html", html))
    found: list[Message] = [MIMEText(clean(said), kind, "utf-8") for kind, said in both if said]
    return found or [MIMEText("", "plain", "utf-8")]


def _multipart(kind: str, parts: list[Message], mark: str) -> Message:
    return parts[0] if len(parts) == 1 else MIMEMultipart(kind, f"=_{kind}_{mark[:32]}", parts)


def _parts(files: Iterable[Enclosure], *, with_id: bool) -> list[Message]:
    return [_part(file) for file in files if bool(file.content_id) is with_id]


def _part(file: Enclosure) -> Message:
    """A mail as it is, which only ASCII can be; other files in base64."""
    is_mail = file.type == "message/rfc822" and file.content.isascii()
    kind, _, subtype = file.type.partition("/")
    if kind in {"message", "multipart"} and not is_mail:
        kind, subtype = "application", "octet-stream"
    part = MIMEBase(kind, subtype)
    if is_mail:
        part.set_payload(file.content.decode("ascii"))
    else:
        part.set_payload(file.content)
        encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", file.name))
    if file.content_id:
        part["Content-ID"] = f"<{_encoded(file.content_id)}>"
    return part


def _fields(head: Head) -> Iterable[tuple[str, str]]:
    name, address = head.sender
    if name or address:
        address = address if address.isascii() else ""
        yield "From", formataddr((name, address)) if address else _encoded(name)
    for field, value in (("To", head.to), ("Cc", head.cc), ("Subject", head.subject)):
        if value:
            yield field, _encoded(value)
    if head.date:
        yield "Date", format_datetime(head.date)
    if head.message_id.isascii() and head.message_id:
        yield "Message-ID", head.message_id


def _encoded(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8").encode()
