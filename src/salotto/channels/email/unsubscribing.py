"""Leaving a mail to many with one click (RFC 8058): the signed address that each copy names.

The address says which contact, signed with the installation's own key; it never runs out, since
mail is kept for years.
"""

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT = "salotto.email.unsubscribe"


def address(account_id: int, contact_id: int) -> str:
    """The address of one contact, complete."""
    token = signing.dumps([account_id, contact_id], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('email:unsubscribe', args=[token])}"


def contact_of(token: str) -> tuple[int, int] | None:
    """(account, contact) of a genuine address, else None."""
    try:
        account, contact = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(account), int(contact)
