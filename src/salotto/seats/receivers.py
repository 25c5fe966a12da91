"""What this room does when people come and go, and when the paid quantity changes."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from salotto.accounts.models import Access, Account, User
from salotto.accounts.signals import account_founded, member_joined, member_leaving
from salotto.billing.signals import checking_first, quantity_changed, renewing
from salotto.core.tenancy import account_scope
from salotto.live.actions import emit
from salotto.seats import actions
from salotto.seats.queries import agents_held, must_seat_everybody


@receiver(account_founded)
def begin_trial(account: Account, user: User, **_: Any) -> None:
    """A new account starts with a trial, its founder with a seat."""
    actions.start_trial(account, user)


@receiver(member_joined)
def seat(account: Account, user: User, wanted: str, **_: Any) -> None:
    """A newcomer gets the invitation's level, as far as there are seats."""
    if wanted != Access.NONE:
        actions.seat_newcomer(account, user, wanted)


@receiver(member_leaving)
def free_seat(account_id: int, access: str, **_: Any) -> None:
    """The trigger counts; the pages that show the figures hear of it."""
    if access == Access.AGENT:
        emit(account_id, "seats.changed")


@receiver(quantity_changed)
def follow_the_money(
    account_id: int,
    actor_id: int | None,
    kind: str,
    quantity: int,
    quantity_next: int,
    reason: str,
    at: datetime,
    **_: Any,
) -> None:
    """The seat ledger takes what was paid for, or is to be paid for at the next renewal."""
    waiting = actions.follow(
        account_id,
        actor=actor_id,
        kind=kind,
        quantity=quantity,
        quantity_next=quantity_next,
        reason=reason,
        at=at,
    )
    if waiting is not None:
        actions.tell_unfinished(waiting, quantity, quantity_next)


@receiver(checking_first)
def check_agents(account: Account, quantity: int, **_: Any) -> None:
    """Rule 20: nobody buys fewer seats than there are agents, as `sql/first_purchase.sql` has found."""
    with account_scope(account.pk):
        must_seat_everybody(quantity)


@receiver(renewing)
def keep_agents(account_id: int, **_: Any) -> int:
    """Rule 19: an account renews at the number of its agents at least."""
    with account_scope(account_id):
        return agents_held()
