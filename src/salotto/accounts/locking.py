"""One lock for everything about an account's people: the account's own row.

Changes of people are rare, so they are made one after the other per account: whoever
waits sees what the one before has left, and no order of locks can go wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from salotto.accounts.members import Member
from salotto.accounts.models import Account, Membership
from salotto.core.errors import Forbidden, Missing
from salotto.core.tenancy import account_scope


@contextmanager
def people_of(by: Member) -> Iterator[Member]:
    """A transaction that holds the lock, in the account's scope; yields `by` as of now.

    Raises Forbidden if the member has left since the request began.
    """
    with transaction.atomic(), account_scope(by.account.pk):
        yield _now(by, lock_people(by.account.pk))


def lock_people(account_id: int) -> Account:
    """Lock the account's people until the transaction ends; the account as of now."""
    return Account.objects.select_for_update(no_key=True).get(pk=account_id)


def _now(by: Member, account: Account) -> Member:
    membership = Membership.objects.filter(user_id=by.user.pk).first()
    if membership is None:
        raise Forbidden(code="not_member")
    return Member.of(account, by.user, membership)


def membership_of(user_id: int) -> Membership:
    """The membership, with its user, in the open scope; raises Missing."""
    found: Membership | None = Membership.objects.select_related("user").filter(user_id=user_id).first()
    if found is None:
        raise Missing()
    return found
