"""One lock for everything about an account's money: its subscription's row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from salotto.billing.due import due_at
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, State, Subscription
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope

ON_ACCOUNT = "invoice"
"""The gateway whose invoices are open until an operator marks them as paid."""


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
    reschedule(sub, *columns, "version")


def reschedule(sub: Subscription, *columns: str) -> None:
    """Write these columns and what is due next; quotes stay good."""
    sub.due_at = due_at(sub, owed_until(sub))
    write(sub, *columns, "due_at")


def write(sub: Subscription, *columns: str) -> None:
    """Write these columns alone, found by the account: the table's key begins with it."""
    Subscription.objects.filter(pk=sub.pk).update(**{name: getattr(sub, name) for name in columns})


def owed_until(sub: Subscription) -> datetime | None:
    """Until when the oldest open invoice of an active account on invoice can be paid."""
    if sub.state != State.ACTIVE:
        return None
    rows = Invoice.objects.filter(state=InvoiceState.OPEN, kind=InvoiceKind.INVOICE, gateway=ON_ACCOUNT)
    found: datetime | None = rows.aggregate(until=Min("payable_until"))["until"]
    return found
