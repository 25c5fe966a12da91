"""What this room does when people come and go."""

from typing import Any

from django.dispatch import receiver

from salotto.accounts.models import Access, Account, User
from salotto.accounts.signals import account_founded, member_joined, member_leaving
from salotto.live.actions import emit
from salotto.seats import actions


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
