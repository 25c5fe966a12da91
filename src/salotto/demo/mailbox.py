"""The demo's mailbox: mail that lies in a folder instead of being sent."""

import email
import heapq
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from itertools import chain, islice
from pathlib import Path
from typing import Any

from salotto.core.clock import now

RULE = b"-" * 79
"""What Django's file backend writes after each mail."""
REMEMBERED = 200
"""Mails among which one that is answered, or looked at, is looked for."""
_PICTURE = re.compile(r"cid:([^\"'\s)>]+)")


@dataclass(frozen=True)
class Letter:
    """One mail, its text without any HTML; `at` is when it was written (UTC), `id` its
    Message-ID without brackets, `back` the address that an answer goes to."""

    to: str
    subject: str
    text: str
    at: datetime
    id: str = ""
    sender: str = ""
    back: str = ""
    files: tuple[str, ...] = ()
    has_html: bool = False

    @property
    def is_new(self) -> bool:
        """Written within the last minute: no number of minutes says that well."""
        return now() - self.at < timedelta(minutes=1)


def letters(folder: Path, limit: int = 20) -> list[Letter]:
    """The newest mails of the folder, newest first, at most `limit`."""
    return list(islice(chain.from_iterable(map(_read, _newest(folder, limit))), limit))


def letter(folder: Path, mail_id: str) -> Letter | None:
    """The mail of this id, if it is among the newest."""
    return next((one for one in letters(folder, REMEMBERED) if one.id and one.id == mail_id), None)


def shown(folder: Path, mail_id: str) -> str | None:
    """The HTML of the mail of this id as its reader's program shows it, its own pictures in it; None
    if it has none, or is not among the newest."""
    mail = _mail(folder, mail_id)
    html = mail.get_body(("html",)) if mail else None
    if mail is None or html is None:
        return None
    pictures = {str(part["Content-ID"] or "").strip(" <>"): part for part in mail.walk()}
    return _PICTURE.sub(lambda found: _address(pictures.get(found[1]), found[0]), html.get_content())


def file(folder: Path, mail_id: str, number: int) -> tuple[str, bytes] | None:
    """Name and bytes of a file of the mail of this id, counted from 0; None if there is none."""
    mail = _mail(folder, mail_id)
    parts = _attached(mail) if mail else []
    if not 0 <= number < len(parts):
        return None
    content = parts[number].get_content()
    if isinstance(content, EmailMessage):
        content = content.as_bytes()
    return parts[number].get_filename() or "", content.encode() if isinstance(content, str) else content


def _address(part: Any, instead: str) -> str:
    """A picture as an address that needs no server."""
    if part is None or part.get_content_maintype() != "image":
        return instead
    return f"data:{part.get_content_type()};base64,{b64encode(part.get_content()).decode()}"


def _mail(folder: Path, mail_id: str) -> EmailMessage | None:
    newest = chain.from_iterable(map(_mails, _newest(folder, REMEMBERED)))
    return next((one for one in newest if mail_id and _id(one) == mail_id), None)


def _newest(folder: Path, limit: int) -> list[Path]:
    return heapq.nlargest(limit, folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)


def _mails(path: Path) -> list[EmailMessage]:
    """The mails of one file, newest first: two of the same second may share it."""
    parts = re.split(rb"^-{79}\r?$", path.read_bytes(), flags=re.MULTILINE)
    whole = (part.lstrip() for part in reversed(parts) if part.strip())
    return [email.message_from_bytes(part, policy=default) for part in whole]


def _read(path: Path) -> list[Letter]:
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return [_letter(mail, at) for mail in _mails(path)]


def _letter(mail: EmailMessage, at: datetime) -> Letter:
    plain = mail.get_body(("plain",))
    text = plain.get_content().replace("\r\n", "\n").strip() if plain else ""
    sender = str(mail["From"] or "")
    back = parseaddr(str(mail["Reply-To"] or sender))[1]
    return Letter(
        to=str(mail["To"] or ""), subject=str(mail["Subject"] or ""), text=text, at=at, sender=sender,
        id=_id(mail), back=back.lower(), files=tuple(part.get_filename() or "" for part in _attached(mail)),
        has_html=mail.get_body(("html",)) is not None,
    )  # fmt: skip


def _id(mail: EmailMessage) -> str:
    return str(mail["Message-ID"] or "").strip(" <>")


def _attached(mail: EmailMessage) -> list[EmailMessage]:
    return [part for part in mail.iter_attachments() if part.get_filename()]
