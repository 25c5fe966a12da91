"""What the inbox does when rooms below it change."""

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.db import transaction
from django.dispatch import receiver

from salotto.accounts.members import Member
from salotto.accounts.models import User
from salotto.accounts.signals import member_leaving
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Inbox, Kind
from salotto.inbox.posting import Item, post
from salotto.live import bell
from salotto.seats.models import SeatRequest
from salotto.seats.signals import seat_released, support_asked, support_said


@receiver(seat_released)
def seat_was_released(user_id: int, hand_to: int | None, by: Member | None, **_: Any) -> None:
    """Rule 17: the open conversations go to another agent or to nobody."""
    actions.release(user_id, hand_to, by.user.pk if by else None)


@receiver(member_leaving)
def member_is_leaving(user_id: int, hand_to: int | None, by: Member | None, **_: Any) -> None:
    """A conversation's owner is a member: none may stay with someone who leaves."""
    actions.release(user_id, hand_to, by.user.pk if by else None)


@receiver(support_asked)
def support_is_asked(
    request: SeatRequest, support_account_id: int, text: str, by: Member, **_: Any
) -> int | None:
    """An account's request becomes a conversation in support's first inbox, one per account;
    its id, or None without an inbox."""
    with account_scope(support_account_id):
        inbox = Inbox.objects.order_by("id").values_list("id", flat=True).first()
        if inbox is None:
            return None
        visitor = uuid5(NAMESPACE_URL, f"salotto:account:{request.account_id}")
        item = Item(
            support_account_id, uuid4(), Kind.VISITOR, text, inbox=inbox, visitor=visitor,
            language=by.user.language, name=by.user.name, email=by.user.email,
        )  # fmt: skip
        posted = post(item)
    transaction.on_commit(bell.ring)
    return posted.conversation if posted else None


@receiver(support_said)
def support_has_said(request: SeatRequest, text: str, user: User, from_support: bool, **_: Any) -> None:
    """What became of the request stands in its conversation too: as a note of support's, or as
    words of the account."""
    kind = Kind.NOTE if from_support else Kind.VISITOR
    account, conversation = request.support_account_id, request.support_conversation_id
    if account is None or conversation is None:
        return
    author = user.pk if from_support else None
    with account_scope(account):
        post(Item(account, uuid4(), kind, text, conversation=conversation, author=author))
    transaction.on_commit(bell.ring)
