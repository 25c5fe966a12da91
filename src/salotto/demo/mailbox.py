"""The demo's mailbox: mail that lies in a folder instead of being sent."""

import email
import heapq
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.policy import default
from itertools import chain, islice
from pathlib import Path

RULE = b"-" * 79
"""What Django's file backend writes after each mail."""


@dataclass(frozen=True)
class Letter:
    """One mail, its text without any HTML; `at` is when it was written (UTC)."""

    to: str
    subject: str
    text: str
    at: datetime


def letters(folder: Path, limit: int = 20) -> list[Letter]:
    """The newest mails of the folder, newest first, at most `limit`."""
    newest = heapq.nlargest(limit, folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    return list(islice(chain.from_iterable(map(_read, newest)), limit))


def _read(path: Path) -> list[Letter]:
    """The mails of one file, newest first: two of the same second may share it."""
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    parts = re.split(rb"^-{79}\r?$", path.read_bytes(), flags=re.MULTILINE)
    return [_letter(part.lstrip(), at) for part in reversed(parts) if part.strip()]


def _letter(raw: bytes, at: datetime) -> Letter:
    mail = email.message_from_bytes(raw, policy=default)
    plain = mail.get_body(("plain",))
    text = plain.get_content().replace("\r\n", "\n").strip() if plain else ""
    return Letter(str(mail["To"] or ""), str(mail["Subject"] or ""), text, at)
