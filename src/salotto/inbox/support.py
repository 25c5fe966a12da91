"""Conversations about requests to support (rule S13): what an agent replies there goes on to
the account that has asked.

The link between conversation and request is stored with the request (`seats.models.SupportTalk`).
The reply's transaction only queues a job, which carries it: see `seats.actions.talking` for why.
"""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from salotto.accounts.models import Account, User
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Attachment, Conversation, Kind, Message
from salotto.inbox.posting import Item, post
from salotto.live import bell
from salotto.seats.actions import hear_support
from salotto.seats.queries import account_talked_about

NOT_SUPPORT = _(
    "This reply was not sent: this account does not take requests for seats any more, so the account"
    " that has asked does not hear from here."
)
FILES = _("This reply was not sent: files do not reach the account that has asked, only words do.")
FILES_STAYED = _(
    "The words of this reply were sent, its files were not: only words reach the account that has asked."
)


def asker(account_id: int) -> UUID:
    """The visitor that an account is in support's inbox; visitors of a site have random ids."""
    return uuid5(NAMESPACE_URL, f"salotto:account:{account_id}")


def is_asker(visitor: UUID | None) -> bool:
    """Whether a conversation with this visitor was begun by a request to support; asks nothing."""
    return visitor is not None and visitor.version == 5


def take_along(conversation: Conversation, message: int) -> None:
    """Queue the reply's way to the account, in its transaction, if a request is talked about here.

    Conversations of other contacts cost no query: their visitor is none, or a random one. The job
    has the words itself, so that they arrive even if the conversation is deleted before it runs.
    """
    account = conversation.account_id
    if not is_asker(conversation.visitor) or account_talked_about(account, conversation.pk) is None:
        return
    with account_scope(account):
        author, text = Message.objects.values_list("author_id", "body").get(pk=message)
    carry_reply.defer(
        account_id=account, message=message, conversation=conversation.pk, author=author, text=text
    )


@app.task(queue="mail", retry=RetryStrategy(max_attempts=10, exponential_wait=3))
def carry_reply(
    account_id: int, message: int, conversation: int = 0, author: int | None = None, text: str = ""
) -> None:
    """Job: bring an agent's reply to the account whose request it is about; tried for a day.

    `conversation`, `author` and `text` are the message's, for when it was deleted meanwhile; jobs
    of before had none. Done any number of times it arrives once. What cannot leave is said so in
    a note.
    """
    found = _message(account_id, message)
    if found is None and author is not None:
        gone = User.objects.get(pk=author)
        found = Message(
            pk=message, account_id=account_id, conversation_id=conversation, kind=Kind.REPLY,
            author=gone, body=text,
        )  # fmt: skip
    if found is None or found.kind != Kind.REPLY or found.author is None:
        return
    key = uuid5(NAMESPACE_URL, f"salotto:message:{account_id}:{message}")
    if stayed := _stayed(found, found.author, key):
        _say_so(account_id, found.conversation_id, key, stayed)


def _message(account_id: int, message: int) -> Message | None:
    with account_scope(account_id):
        found: Message | None = Message.objects.select_related("author").filter(pk=message).first()
    return found


def _stayed(reply: Message, author: User, key: UUID) -> Any:
    """Bring its words to the account; what did not reach it, in words, or None."""
    if not reply.body:
        return FILES
    if not hear_support(reply.account_id, reply.conversation_id, reply.body, author, key):
        return NOT_SUPPORT
    with account_scope(reply.account_id):
        return FILES_STAYED if Attachment.objects.filter(message=reply).exists() else None


def _say_so(account_id: int, conversation: int, key: UUID, why: Any) -> None:
    with translation.override(Account.objects.get(pk=account_id).language), transaction.atomic():
        post(Item(account_id, key, Kind.NOTE, str(why), conversation=conversation))
        transaction.on_commit(bell.ring)
