"""Sign-ups whose address nobody has confirmed: they hold it for a week, and never against its owner.

The account of such a sign-up cannot be deleted, since its seat ledger never is. It stays as
an empty shell without a name, and so does the user, without an address.
"""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F

from salotto.accounts.models import Account, Membership, User
from salotto.accounts.queries import unconfirmed_users
from salotto.core import audit, clock
from salotto.core.tenancy import all_accounts

LIFE = timedelta(days=7)
AT_ONCE = 200


def free_address(email: str) -> None:
    """Take an address from an unconfirmed sign-up, if one holds it: the link in a mail proves
    that it is somebody's own.
    """
    with transaction.atomic(), all_accounts():
        for user in unconfirmed_users().filter(email__iexact=email):
            _forget(user)


def forget_unconfirmed() -> int:
    """Forget sign-ups older than a week that were never confirmed; how many, at most 200."""
    with transaction.atomic(), all_accounts():
        old = unconfirmed_users().filter(created_at__lt=clock.now() - LIFE).order_by("id")
        return sum(_forget(user) for user in old[:AT_ONCE])


def _forget(user: User) -> bool:
    """Unless it is confirmed at this very moment: the address's row says so under its lock."""
    addresses = EmailAddress.objects.filter(user=user)
    if any(address.verified for address in addresses.select_for_update()):
        return False
    addresses.delete()
    nobody = f"forgotten-{user.pk}@example.invalid"
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(email=nobody, name="-", password=user.password, is_active=False)
    accounts = Membership.objects.filter(user=user, account__primary_admin=F("user"))
    for account_id in accounts.values_list("account_id", flat=True):
        Account.objects.filter(pk=account_id).update(name="-", slug=f"forgotten-{account_id}")
        audit.record(account_id, None, "account.forgotten", f"user {user.pk}")
    return True
