"""What the email channel does when something happens in the inbox."""

from typing import Any

from django.dispatch import receiver

from salotto.accounts.members import Member
from salotto.channels.email.actions import chats, queueing
from salotto.channels.email.actions import deleting as mails
from salotto.channels.email.models import BatchRecipient
from salotto.inbox.models import Conversation
from salotto.inbox.signals import Draft, deleting, replied


@receiver(replied)
def agent_has_replied(conversation: Conversation, message: int, draft: Draft, by: Member, **_: Any) -> None:
    """A reply in an email inbox is put in line with it; what cannot be sent is not written. One
    in a chat is carried on by mail if the visitor does not see it."""
    if queueing.queue_mail(message, conversation, draft, by) is None:
        chats.carry_on_later(conversation)


@receiver(deleting)
def batch_forgets(conversation: Conversation, **_: Any) -> None:
    """A mail to many stays, without the conversation that it began."""
    BatchRecipient.objects.filter(conversation=conversation).update(conversation=None)


@receiver(deleting)
def mails_are_forgotten(conversation: Conversation, **_: Any) -> None:
    """The mails of a conversation go with it, and do not come back."""
    mails.forget(conversation)
