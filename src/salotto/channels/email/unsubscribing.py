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


def headers(account_id: int, contact_id: int) -> dict[str, str]:
    """The headers by which mail programs show a button to leave."""
    return {
        "List-Unsubscribe": f"<{address(account_id, contact_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
    }
