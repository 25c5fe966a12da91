"""The demo's mailbox: mail that lies in a folder instead of being sent."""

import email
import heapq
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from itertools import chain, islice
from pathlib import Path

from salotto.core.clock import now

RULE = b"-" * 79
"""What Django's file backend writes after each mail."""
REMEMBERED = 200
"""Mails among which one that is answered is looked for."""


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

    @property
    def is_new(self) -> bool:
        """Written within the last minute: no number of minutes says that well."""
        return now() - self.at < timedelta(minutes=1)


def letters(folder: Path, limit: int = 20) -> list[Letter]:
    """The newest mails of the folder, newest first, at most `limit`."""
    newest = heapq.nlargest(limit, folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    return list(islice(chain.from_iterable(map(_read, newest)), limit))


def letter(folder: Path, mail_id: str) -> Letter | None:
    """The mail of this id, if it is among the newest."""
    return next((one for one in letters(folder, REMEMBERED) if one.id and one.id == mail_id), None)


def _read(path: Path) -> list[Letter]:
    """The mails of one file, newest first: two of the same second may share it."""
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    parts = re.split(rb"^-{79}\r?$", path.read_bytes(), flags=re.MULTILINE)
    return [_letter(part.lstrip(), at) for part in reversed(parts) if part.strip()]


def _letter(raw: bytes, at: datetime) -> Letter:
    mail = email.message_from_bytes(raw, policy=default)
    plain = mail.get_body(("plain",))
    text = plain.get_content().replace("\r\n", "\n").strip() if plain else ""
    sender = str(mail["From"] or "")
    back = parseaddr(str(mail["Reply-To"] or sender))[1]
    return Letter(
        to=str(mail["To"] or ""), subject=str(mail["Subject"] or ""), text=text, at=at, sender=sender,
        id=str(mail["Message-ID"] or "").strip(" <>"), back=back.lower(), files=_files(mail),
    )  # fmt: skip


def _files(mail: EmailMessage) -> tuple[str, ...]:
    return tuple(part.get_filename() or "" for part in mail.iter_attachments() if part.get_filename())
