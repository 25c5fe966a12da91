"""Who plays in the demo."""

import os
import secrets
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
        _("Leads the shop: answers, and gives seats away."),
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


def player(key: str) -> Player | None:
    """The member of the cast with this key."""
    return next((p for p in CAST if p.key == key), None)


def password(data: Path) -> str:
    """The password of the whole cast, made once for this data directory (mode 0600)."""
    path = data / "demo.password"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(f"serena-{secrets.token_hex(4)}")
    return path.read_text()
