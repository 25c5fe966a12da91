"""What every page knows: account, member, theme, the accounts to switch to."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from salotto.accounts.models import Account, User
from salotto.desk.faces import initials, tone

MAX_ACCOUNTS = 50


def accounts_of(user: User) -> list[Account]:
    """The accounts a user belongs to, by name; at most 50."""
    mine = Account.objects.filter(membership__user=user)
    return list(mine.only("id", "name", "slug").order_by("name", "id")[:MAX_ACCOUNTS])


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database only when a template shows the switcher."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"member": None, "account": None, "accounts": [], "theme": "system"}
    member = getattr(request, "member", None)
    return {
        "member": member,
        "account": member.account if member else None,
        "accounts": SimpleLazyObject(lambda: accounts_of(user)),
        "theme": user.theme,
        "me_initials": initials(user.name or user.email),
        "me_tone": tone(user.pk),
    }
