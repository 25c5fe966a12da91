"""The sandbox's clock: an account can run ahead of the real time, never back."""

import math
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.actions.due import step
from salotto.billing.actions.locking import owed_until, reschedule, subscription_of
from salotto.billing.due import next_due
from salotto.billing.models import Subscription
from salotto.billing.quotes import gateway_of
from salotto.billing.standing import account_now, standing
from salotto.core import audit, clock
from salotto.core.errors import Forbidden, Invalid

LAST = datetime(9000, 1, 1, tzinfo=UTC)
"""Further on the calendar runs out of years."""
MOST_DAYS = 3660
MOST_STEPS = 400


class NotSimulated(Forbidden):
    """403: this account's money is real, and so is its time."""

    code = "not_simulated"
    sentence = _("Only an account of the sandbox has a clock of its own. Nothing was changed.")


class TooFar(Invalid):
    """422: no such jump."""

    code = "too_far"
    sentence = _("The clock goes forward by 1 to 3660 days, and not beyond the year 9000.")


class NothingDue(Invalid):
    """422: there is nothing to jump to."""

    code = "nothing_due"
    sentence = _("Nothing is due for this account. Choose a number of days.")


def advance_clock(
    account_id: int, *, days: int | None = None, to_next: bool = False, by: Member
) -> list[str]:
    """Move the account's own clock by days, or to what is due next, and do all that lies between.

    What was done, in order: trial_reminder, trial_over, free_plan, renewed, retried, overdue. It
    stops early where a payment is under way. Raises Forbidden unless `by` is the account's
    primary admin, NotSimulated (403) outside the sandbox, TooFar and NothingDue (422).
    """
    must_be_primary_admin(by)
    if by.account.pk != account_id:
        raise Forbidden()
    target = _target(account_id, days, to_next, by)
    done: list[str] = []
    while len(done) < MOST_STEPS and _move(account_id, target):
        what = step(account_id)
        if not what:
            return done
        done.append(what)
    return done


def _target(account_id: int, days: int | None, to_next: bool, by: Member) -> datetime:
    with subscription_of(account_id) as sub:
        st = standing(account_id)
        if settings.OPTIONS.production or gateway_of(st) != "sandbox":
            raise NotSimulated()
        if st.account.primary_admin_id != by.user.pk:
            raise Forbidden(code="not_primary_admin")
        target = _next(sub) if to_next else _later(sub, days)
        if target > LAST:
            raise TooFar()
        audit.record(account_id, by.user.pk, "clock.advanced", until=target.isoformat())
    return target


def _next(sub: Subscription) -> datetime:
    due = next_due(sub, owed_until(sub))
    if due is None:
        raise NothingDue()
    return max(due, account_now(sub))


def _later(sub: Subscription, days: int | None) -> datetime:
    if days is None or not 1 <= days <= MOST_DAYS:
        raise TooFar()
    return account_now(sub) + timedelta(days=days)


def _move(account_id: int, target: datetime) -> bool:
    """The clock at the next thing to do up to `target`, or at `target`: False."""
    with subscription_of(account_id) as sub:
        due = next_due(sub, owed_until(sub))
        more = due is not None and due <= target
        instant = due if due is not None and more else target
        ahead = math.ceil((instant - clock.now()).total_seconds())
        sub.ahead = max(sub.ahead, ahead)
        reschedule(sub, "ahead")
    return more
