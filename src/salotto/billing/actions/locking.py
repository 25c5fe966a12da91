"""One lock for everything about an account's money: its subscription's row."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from salotto.billing.due import due_at
from salotto.billing.models import Subscription
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope


@contextmanager
def subscription_of(account_id: int) -> Iterator[Subscription]:
    """A transaction in the account's scope that holds the lock; yields the row as of now.

    Raises Missing for an account without a subscription.
    """
    with transaction.atomic(), account_scope(account_id):
        found = Subscription.objects.select_for_update(no_key=True).filter(account_id=account_id).first()
        if found is None:
            raise Missing()
        yield found


def save(sub: Subscription, *columns: str) -> None:
    """Write these columns, what is due next, and the next version: quotes of before are void."""
    sub.version += 1
    sub.due_at = due_at(sub)
    sub.save(update_fields=[*columns, "version", "due_at"])
