"""Doing what is due: reminders, ends of trials, renewals, retries; one account at a time.

Any number of workers may run this. A session's advisory lock keeps two of them from one
account, also while a gateway is asked; a crash frees it with its connection. What holds in any
case is in the database: one invoice per period, one open payment, the row's lock.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Q

from salotto.billing.actions import trials
from salotto.billing.actions.locking import owed_until, reschedule, subscription_of, write
from salotto.billing.actions.renewals import renew, retry
from salotto.billing.due import RETRIES, next_due
from salotto.billing.models import State, Subscription
from salotto.billing.standing import account_now, standing
from salotto.core import clock, turns
from salotto.core.tenancy import all_accounts

log = logging.getLogger("salotto.billing")

AT_ONCE = 200
"""Accounts that one job takes."""
BATCH = 100
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
"""Bounds of the pause before an account that made no step is looked at again."""


def run_due(limit: int = AT_ONCE) -> int:
    """Take up to `limit` accounts whose time has come, the longest waiting first; how many.

    An account that raises is written to the log and stops no other. It, and one that cannot go
    on yet, waits a minute, then half as long as it is late, an hour at most.
    """
    taken = 0
    for account_id in _due(limit):
        taken += 1
        try:
            step(account_id)
        except Exception:  # the next one is another account
            log.exception("Account %s could not be taken on", account_id)
            connection.close_if_unusable_or_obsolete()
            with suppress(DatabaseError):
                _postpone(account_id)
    return taken


def _due(limit: int) -> Iterator[int]:
    after: tuple[datetime, int] | None = None
    now = clock.now()
    while limit > 0:
        with all_accounts():
            rows = Subscription.objects.filter(due_at__lte=now)
            if after:
                rows = rows.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], account_id__gt=after[1]))
            size = min(BATCH, limit)
            batch = list(rows.order_by("due_at", "account_id").values_list("due_at", "account_id")[:size])
        yield from (account_id for _at, account_id in batch)
        if len(batch) < size:
            return
        after, limit = batch[-1], limit - size


def step(account_id: int) -> str:
    """Do what is due for this account; what that was, or "" (nothing, or another is at it)."""
    with turns.alone(f"salotto.billing.due:{account_id}") as mine:
        if not mine:
            return ""
        with subscription_of(account_id) as sub:
            state, over = sub.state, _over(sub)
            is_due = sub.due_at is not None and sub.due_at <= clock.now()
        if not is_due:
            return ""
        done = _do(account_id, state, over)
        if not done:
            _postpone(account_id)
        return done


def _do(account_id: int, state: str, over: bool) -> str:
    if state == State.TRIAL:
        with subscription_of(account_id) as sub:
            return trials.go_on(sub, standing(account_id))
    if state == State.ACTIVE and over:
        return retry(account_id)
    if state == State.ACTIVE:
        return "renewed" if renew(account_id) else ""
    if state == State.PAST_DUE:
        return retry(account_id)
    return ""


def _over(sub: Subscription) -> bool:
    """Whether an active account's invoice, which is paid by hand, should have been paid."""
    until = owed_until(sub)
    return until is not None and until + timedelta(days=RETRIES[0]) <= account_now(sub)


def _postpone(account_id: int) -> None:
    """Not again at once; whatever is done about the account puts the right instant back."""
    with subscription_of(account_id) as sub:
        due = next_due(sub, owed_until(sub))
        if due is None:
            reschedule(sub)
            return
        late = account_now(sub) - due
        sub.due_at = max(clock.now(), due - timedelta(seconds=sub.ahead)) + _pause(late)
        write(sub, "due_at")


def _pause(late: timedelta) -> timedelta:
    return min(LONGEST, max(SHORTEST, late / 2))
