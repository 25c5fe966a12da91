"""What the inbox does when rooms below it change."""

from typing import Any

from django.dispatch import receiver

from salotto.accounts.members import Member
from salotto.accounts.signals import member_leaving
from salotto.inbox import actions
from salotto.seats.signals import seat_released


@receiver(seat_released)
def seat_was_released(user_id: int, hand_to: int | None, by: Member | None, **_: Any) -> None:
    """Rule 17: the open conversations go to another agent or to nobody."""
    actions.release(user_id, hand_to, by.user.pk if by else None)


@receiver(member_leaving)
def member_is_leaving(user_id: int, hand_to: int | None, by: Member | None, **_: Any) -> None:
    """A conversation's owner is a member: none may stay with someone who leaves."""
    actions.release(user_id, hand_to, by.user.pk if by else None)
