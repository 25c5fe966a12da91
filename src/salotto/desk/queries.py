"""Reads that only the desk's pages need."""

from django.db.models import BooleanField, ExpressionWrapper, Q

from salotto.accounts.models import Account, Membership, Role
from salotto.channels.web.models import Site


def site_key() -> str:
    """The public key of the account's first enabled site, or ""."""
    found = Site.objects.filter(enabled=True).order_by("id").values_list("key", flat=True)
    return str(found.first() or "")


def who_gives_seats(account: Account) -> list[str]:
    """The first names of at most three admins, the primary admin's first; one query."""
    primary = Q(user_id=account.primary_admin_id)
    admins = Membership.objects.filter(primary | Q(role=Role.ADMIN)).exclude(user__name="")
    first = ExpressionWrapper(primary, output_field=BooleanField())
    names = admins.order_by(first.desc(), "joined_at", "user_id").values_list("user__name", flat=True)
    return [name.split(" ")[0] for name in names[:3]]
