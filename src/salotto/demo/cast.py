"""Who plays in the demo."""

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import Access, Role

COMPANY = "Bottega Serena"
DOMAIN = "bottegaserena.example"
SITE_KEY = "demo"


@dataclass(frozen=True)
class Player:
    """One member of the team; `line` says in one sentence what to see as this person."""

    key: str
    name: str
    role: str
    access: str
    title: Any
    line: Any

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


CAST = (
    Player(
        "giulia",
        "Giulia Conti",
        Role.ADMIN,
        Access.AGENT,
        _("Primary admin, agent"),
        _("Leads the shop: answers, buys seats and gives them away."),
    ),
    Player(
        "marco",
        "Marco De Luca",
        Role.ADMIN,
        Access.AGENT,
        _("Admin, agent"),
        _("Runs the warehouse and knows where every parcel is."),
    ),
    Player(
        "sara",
        "Sara Bianchi",
        Role.MEMBER,
        Access.AGENT,
        _("Member, agent"),
        _("Answers most of the chats."),
    ),
    Player(
        "luca",
        "Luca Verdi",
        Role.MEMBER,
        Access.VIEWER,
        _("Member, viewer"),
        _("Keeps the books: reads everything, answers nothing."),
    ),
    Player(
        "emma",
        "Emma Hughes",
        Role.MEMBER,
        Access.NONE,
        _("Member, no access"),
        _("Starts on Monday: has no seat yet, and sees no conversation."),
    ),
)
LEAD = CAST[0]
OPERATOR = Player(
    "olga",
    "Olga Ferri",
    "operator",
    Access.NONE,
    _("Operator of this server"),
    _("Sets prices, answers requests for seats, and sees no conversation."),
)
"""Runs the installation; belongs to no account."""


def player(key: str) -> Player | None:
    """The one of the cast, or the operator, with this key."""
    return next((p for p in (*CAST, OPERATOR) if p.key == key), None)


def password(data: Path) -> str:
    """The password of the whole cast, made once for this data directory (mode 0600).

    Written whole or not at all; of two processes that begin at once both get the first one's.
    """
    path = data / "demo.password"
    if path.exists() and not path.read_text().strip():
        path.unlink()  # what an older release left when it was interrupted
    if not path.exists():
        _make(path)
    return path.read_text()


def _make(path: Path) -> None:
    handle, draft = tempfile.mkstemp(prefix=".demo.password.", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(f"serena-{secrets.token_hex(4)}")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename it leaves the one that is there
    finally:
        Path(draft).unlink()
