"""How a person looks on a page: initials, a colour that stays the same, a name."""

from uuid import UUID

from django.utils.translation import gettext as _

from salotto.accounts.initials import initials

__all__ = ["TONES", "code_of", "contact_name", "initials", "tone"]

TONES = 12


def tone(number: int) -> int:
    """A class number from 0 to 11, spread so that neighbours differ."""
    return (number * 5 + number // TONES) % TONES


def code_of(visitor: UUID) -> str:
    """Four letters that stay with a visitor who gave no name."""
    return visitor.hex[:4].upper()


def contact_name(name: str, email: str, visitor: UUID | None) -> str:
    """What a contact is called: by name, address, or "Visitor 7F3A"; without a visitor it is a
    mail that names nobody."""
    if name or email:
        return name or email
    return _("Visitor %(code)s") % {"code": code_of(visitor)} if visitor else _("Unknown sender")
