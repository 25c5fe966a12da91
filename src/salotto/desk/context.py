"""What every page knows: account, member, theme, the accounts to switch to."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from salotto.accounts.queries import accounts_of
from salotto.desk.faces import initials, tone


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database only when a template shows the switcher."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"member": None, "account": None, "accounts": [], "theme": "system"}
    member = getattr(request, "member", None)
    return {
        "member": member,
        "account": member.account if member else None,
        "accounts": SimpleLazyObject(lambda: [m.account for m in accounts_of(user)]),
        "theme": user.theme,
        "me_initials": initials(user.name or user.email),
        "me_tone": tone(user.pk),
    }
