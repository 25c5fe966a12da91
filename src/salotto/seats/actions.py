"""Every write about seats: the trial, and who holds one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from salotto.accounts.locking import lock_handover, membership_of, people_of
from salotto.accounts.members import Member, must_administer
from salotto.accounts.models import Access, Account, Membership, User
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid
from salotto.core.tenancy import account_scope
from salotto.live.actions import emit
from salotto.seats.models import SeatChange, SeatPlan
from salotto.seats.queries import plan
from salotto.seats.signals import seat_released

TRIAL_SEATS = 20


class NoFreeSeat(Conflict):
    """409: every seat of the account is in use."""

    code = "no_free_seat"

    def __init__(self, seats: int) -> None:
        super().__init__(no_free_seat(seats))


def no_free_seat(seats: int) -> str:
    """The sentence that says so, and what to do."""
    if seats == 0:
        return _gettext("This account has no seats. Nothing was changed.")
    return ngettext(
        "The account's only seat is in use. Nothing was changed."
        " Make its agent a viewer first: viewers need no seat.",
        "All %(seats)d seats are in use. Nothing was changed."
        " Make another agent a viewer first: viewers need no seat.",
        seats,
    ) % {"seats": seats}


def start_trial(account: Account, user: User) -> None:
    """The plan of a new account, 20 seats, its first ledger row, and a seat for `user`.

    Raises IntegrityError if the account has a plan already.
    """
    with transaction.atomic(), account_scope(account.pk):
        SeatPlan.objects.create(account=account, seats=TRIAL_SEATS)
        SeatChange.objects.create(
            account=account,
            actor=user,
            kind=SeatChange.Kind.TRIAL,
            seats_after=TRIAL_SEATS,
            seats_at_renewal=TRIAL_SEATS,
            reason="trial",
        )
        audit.record(account.pk, user.pk, "trial.started", seats=TRIAL_SEATS)
        _write(account.pk, user.pk, Access.AGENT, actor=user.pk)


def set_access(user_id: int, level: str, *, by: Member, hand_to: int | None = None) -> str:
    """Give a member an access level; the level it had before.

    An agent needs a free seat, the other levels none. When an agent is released, the open
    conversations go to the agent `hand_to` (a user id) or become unassigned.

    Raises Forbidden unless `by` is an admin, Missing for a stranger, Invalid for an unknown
    level or a `hand_to` who is no other agent, NoFreeSeat (409, `no_free_seat`).
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
        except NoFreeSeat:
            wanted = Access.VIEWER
            _write(account.pk, user.pk, wanted, actor=user.pk)
    return wanted


def _write(account_id: int, user_id: int, level: str, *, actor: int) -> None:
    with _within_seats():
        Membership.objects.filter(user_id=user_id).update(access=level)
    audit.record(account_id, actor, "access.changed", f"user {user_id}", level=level)
    emit(account_id, "member.changed", user=user_id)
    emit(account_id, "seats.changed")


@contextmanager
def _within_seats() -> Iterator[None]:
    """Turns the database's refusal of one agent too many into NoFreeSeat."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "seats_agents_within_seats":
            raise
        raise NoFreeSeat(plan().seats) from None
