"""Who holds a seat: giving and releasing them, and the trial's first ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.locking import lock_handover, membership_of, people_of
from salotto.accounts.members import Member, must_administer
from salotto.accounts.models import Access, Account, Membership, User
from salotto.billing.actions import trials
from salotto.billing.errors import PurchaseUnderWay
from salotto.core import audit
from salotto.core.errors import Invalid
from salotto.core.sql import constraint_of
from salotto.core.tenancy import account_scope
from salotto.live.actions import emit
from salotto.seats.errors import NoFreeSeat
from salotto.seats.models import SeatChange, SeatPlan
from salotto.seats.queries import bought_just_now, plan
from salotto.seats.signals import seat_released

TRIAL_SEATS = 20


def start_trial(account: Account, user: User) -> bool:
    """The plan of a new account with its first ledger row: a trial of 20 seats (rule S6), one
    of them for `user`; False after the end of sale (rule S14): no seats, `user` is a viewer.

    Raises IntegrityError if the account has a plan already.
    """
    with transaction.atomic(), account_scope(account.pk):
        sold = trials.begin(account)
        seats = TRIAL_SEATS if sold else 0
        SeatPlan.objects.create(account=account, seats=seats)
        SeatChange.objects.create(
            account=account,
            actor=user,
            kind=SeatChange.Kind.TRIAL if sold else SeatChange.Kind.NOT_SOLD,
            seats_after=seats,
            seats_at_renewal=seats,
            reason="trial" if sold else "the sale is over",
        )
        audit.record(account.pk, user.pk, "trial.started" if sold else "trial.refused", seats=seats)
        _write(account.pk, user.pk, Access.AGENT if sold else Access.VIEWER, actor=user.pk)
    return sold


def set_access(user_id: int, level: str, *, by: Member, hand_to: int | None = None) -> str:
    """Give a member an access level; the level it had before.

    An agent needs a free seat, the other levels none. When an agent is released, the open
    conversations go to the agent `hand_to` (a user id) or become unassigned.

    Raises Forbidden unless `by` is an admin, Missing for a stranger, Invalid for an unknown
    level or a `hand_to` who is no other agent, NoFreeSeat (409, `no_free_seat`),
    PurchaseUnderWay (409) while fewer seats than that are being bought.
    """
    if level not in Access.values:
        raise Invalid(_("There is no such access level. Nothing was changed."))
    with people_of(by) as now:
        must_administer(now)
        before = str(membership_of(user_id).access)
        if before != level:
            lock_handover(user_id, hand_to)
            _write(now.account.pk, user_id, level, actor=now.user.pk)
            if before == Access.AGENT:
                _release(now, user_id, hand_to)
    return before


def _release(by: Member, user_id: int, hand_to: int | None) -> None:
    seat_released.send(Membership, account_id=by.account.pk, user_id=user_id, hand_to=hand_to, by=by)


def seat_newcomer(account: Account, user: User, wanted: str) -> str:
    """Give somebody who has just joined the level of the invitation; the level given.

    Without a free seat a would-be agent becomes a viewer.
    """
    with transaction.atomic(), account_scope(account.pk):
        try:
            _write(account.pk, user.pk, wanted, actor=user.pk)
        except (NoFreeSeat, PurchaseUnderWay):
            wanted = Access.VIEWER
            _write(account.pk, user.pk, wanted, actor=user.pk)
    return wanted


def _write(account_id: int, user_id: int, level: str, *, actor: int) -> None:
    with _within_seats():
        Membership.objects.filter(user_id=user_id).update(access=level)
        if level == Access.AGENT:
            _must_fit_purchase()
    audit.record(account_id, actor, "access.changed", f"user {user_id}", level=level)
    emit(account_id, "member.changed", user=user_id)
    emit(account_id, "seats.changed")


def _must_fit_purchase() -> None:
    """While a first purchase is being charged, the trial's other seats are not given away: it
    could not be granted then (rule 20).

    The plan's row is locked by now, and the claim of a purchase counts agents under that lock
    (`seats/sql/first_purchase.sql`).
    """
    bought = bought_just_now()
    if bought is not None and plan().in_use > bought:
        raise PurchaseUnderWay()


@contextmanager
def _within_seats() -> Iterator[None]:
    """Turns the database's refusal of one agent too many into NoFreeSeat."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint_of(error) != "seats_agents_within_seats":
            raise
        raise NoFreeSeat(plan().seats) from None
