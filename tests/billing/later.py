"""Going through an account's months in tests: its own clock, its mails, its books."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from salotto.accounts.members import Member
from salotto.accounts.models import Account
from salotto.billing import actions
from salotto.billing.actions.clock import advance_clock
from salotto.billing.models import Payment, Posting, Subscription
from salotto.billing.standing import account_now
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.billing.shop import CURRENCY, add_card, buy, price, subscription


def on_plan(by: Member, seats: int = 5, **options: Any) -> Subscription:
    """An account with a good card and this many seats."""
    add_card(by)
    buy(by, seats, **options)
    return subscription(by)


def change(by: Member, **columns: Any) -> None:
    """Set columns of the subscription, as if it had always been so."""
    with account_scope(by.account.pk):
        Subscription.objects.update(**columns)


def costly(by: Member) -> None:
    """Let the account's usual currency be one that costs something."""
    price()
    change(by, currency=CURRENCY)


def lapsed(by: Member) -> None:
    """An account with a good card whose trial has ended unpaid: it is read-only."""
    add_card(by)
    costly(by)
    ends = subscription(by).trial_ends_at
    assert ends is not None
    with clock.at(ends):
        assert actions.step(by.account.pk) == "trial_over"


def now_of(by: Member) -> datetime:
    """The account's own clock."""
    return account_now(subscription(by))


def days_later(by: Member, days: int) -> list[str]:
    """Move the account's clock, doing all that lies between."""
    return advance_clock(by.account.pk, days=days, by=by)


def to_next(by: Member) -> list[str]:
    """Jump to what is due next."""
    return advance_clock(by.account.pk, to_next=True, by=by)


def after_downtime(by: Member, elapsed: timedelta) -> str:
    """One step of an account whose server was down for so long."""
    with clock.at(clock.now() + elapsed):
        return actions.step(by.account.pk)


def read_only(by: Member) -> bool:
    return bool(Account.objects.get(pk=by.account.pk).read_only)


def payments(by: Member) -> list[Payment]:
    """Every payment, in the order of claiming."""
    with account_scope(by.account.pk):
        return list(Payment.objects.order_by("created_at", "at", "attempt"))


def ledger(by: Member, name: str) -> int:
    """The balance of one of the money ledger's accounts, in minor units."""
    with account_scope(by.account.pk):
        return sum(Posting.objects.filter(ledger=name).values_list("amount", flat=True))


def jobs(by: Member, task: str) -> list[dict[str, Any]]:
    """What was deferred for this account, in order: the arguments of each job."""
    with connection.cursor() as db:
        db.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name LIKE %s"
            " AND (args->>'account_id')::bigint = %s ORDER BY id",
            [f"%.{task}", by.account.pk],
        )
        return [_json(args) for (args,) in db.fetchall()]


def _json(args: Any) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(args) if isinstance(args, str) else args
    return found


def run_jobs(by: Member, task: str) -> None:
    """Do what was deferred, as a worker would; a second time changes nothing."""
    from salotto.billing import tasks

    for args in jobs(by, task):
        getattr(tasks, task)(**args)


def books_hold(by: Member) -> None:
    """Every invariant of the money, on this account."""
    assert [str(found) for found in verify(by.account.pk)] == []
