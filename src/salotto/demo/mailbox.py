"""The demo's mailbox: mail that lies in a folder instead of being sent."""

import email
import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from email.policy import default
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
    return [_read(path) for path in newest]


def _read(path: Path) -> Letter:
    raw = path.read_bytes().rstrip().removesuffix(RULE)
    mail = email.message_from_bytes(raw, policy=default)
    plain = mail.get_body(("plain",))
    text = plain.get_content().replace("\r\n", "\n").strip() if plain else ""
    return Letter(
        to=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        text=text,
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )
