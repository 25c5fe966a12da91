"""When something has to be done next about a subscription: a pure function of its row.

Instants of the account's own clock, UTC.
"""

from datetime import datetime, timedelta

from salotto.billing.models import State, Subscription

REMINDERS = (7, 3, 1)
"""Days before the end of a trial on which the account is reminded."""
RETRIES = (2, 7, 14, 21)
"""Days after a failed renewal on which it is tried again (rule 21); the last one ends in read-only.
Counted from the failure, or from as much later as a downtime has delayed a try."""


def next_due(sub: Subscription, owed_until: datetime | None = None) -> datetime | None:
    """The instant of the next reminder, end of trial, renewal or retry; None: nothing is due.

    `owed_until`: until when the oldest open invoice of a purchase or renewal on invoice can be
    paid; two days later the account is past due.
    """
    if sub.state == State.TRIAL and sub.trial_ends_at is not None:
        days = REMINDERS[sub.reminded] if sub.reminded < len(REMINDERS) else 0
        return sub.trial_ends_at - timedelta(days=days)
    if sub.state == State.ACTIVE:
        overdue = owed_until + timedelta(days=RETRIES[0]) if owed_until else None
        return min((at for at in (sub.period_end, overdue) if at), default=None)
    if sub.state == State.PAST_DUE and sub.failed_at is not None and sub.retries < len(RETRIES):
        return sub.failed_at + timedelta(days=RETRIES[sub.retries])
    return None


def due_at(sub: Subscription, owed_until: datetime | None = None) -> datetime | None:
    """The same on the real clock, as the column keeps it."""
    due = next_due(sub, owed_until)
    return None if due is None else due - timedelta(seconds=sub.ahead)
