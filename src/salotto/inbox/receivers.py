"""What the inbox does when rooms below it change."""

from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.dispatch import receiver

from salotto.accounts.members import Member
from salotto.accounts.models import User
from salotto.accounts.signals import member_leaving
from salotto.core.tenancy import account_scope
from salotto.inbox import actions, support
from salotto.inbox.models import Conversation, Inbox, Kind, Message
from salotto.inbox.posting import Item, post
from salotto.inbox.signals import replied
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
    """An account's request becomes a conversation in support's first web chat, one per account;
    its id, or None without one.

    The contact is the account, whoever speaks for it, and has no address: what support answers is
    mailed with the request, and must not be mailed once more as a chat whose visitor has left.
    """
    with account_scope(support_account_id):
        inbox = Inbox.objects.filter(channel="web").order_by("id").values_list("id", flat=True).first()
        if inbox is None:
            return None
        visitor = support.asker(request.account_id)
        item = Item(
            support_account_id, uuid4(), Kind.VISITOR, text, inbox=inbox, visitor=visitor,
            language=by.user.language, name=by.account.name,
        )  # fmt: skip
        posted = post(item) or post(item)  # deleted while the first one waited: begun anew
    transaction.on_commit(bell.ring)
    return posted.conversation if posted else None


@receiver(support_said)
def support_has_said(
    request: SeatRequest, text: str, user: User, from_support: bool, key: UUID, **_: Any
) -> int | None:
    """What is said about the request elsewhere stands in its conversation too: as a reply of
    support's, or as words of the account. The message's id; None when the conversation is gone."""
    account, conversation = request.support_account_id, request.support_conversation_id
    if account is None or conversation is None:
        return None
    kind = Kind.REPLY if from_support else Kind.VISITOR
    with account_scope(account):
        posted = post(Item(account, key, kind, text, conversation=conversation))
        if posted and from_support:
            # Not in the item: whoever runs the server need be no agent there, and takes nothing over.
            Message.objects.filter(pk=posted.message).update(author=user)
    transaction.on_commit(bell.ring)
    return posted.message if posted else None


@receiver(replied)
def agent_has_replied(conversation: Conversation, message: int, **_: Any) -> None:
    """A reply about a request goes to the account that has asked, by a job of this transaction."""
    support.take_along(conversation, message)
