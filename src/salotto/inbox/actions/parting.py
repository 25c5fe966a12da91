"""A chat that its contact has answered by mail is no longer its visitor's, who has only claimed
the address (`sql/formers.sql`)."""

from collections.abc import Iterable
from uuid import uuid4

from django.db.models import F, Func, UUIDField

from salotto.inbox.models import Conversation, Kind, Message
from salotto.inbox.support import is_asker
from salotto.live.actions import emit

_CHATS = 4
"""The version of a visitor's id; former ones have another."""


def part_from_visitors(conversations: Iterable[int]) -> None:
    """These get a message of their contact by mail: what their visitors write in the chat from now on
    is another conversation. A line says so; harmless when repeated.

    In the caller's transaction and account scope, which has locked the conversations.
    """
    found = Conversation.objects.filter(pk__in=set(conversations), visitor__isnull=False).order_by("id")
    for conversation in found:
        if not is_asker(conversation.visitor) and conversation.visitor.version == _CHATS:
            _part(conversation)


def _part(conversation: Conversation) -> None:
    """The visitor, who hears of it, has no part in what is told later."""
    former = Func(F("visitor"), F("id"), function="inbox_former", output_field=UUIDField())
    version = conversation.version + 1
    Conversation.objects.filter(pk=conversation.pk).update(visitor=former, version=version)
    line = Message.objects.create(
        account_id=conversation.account_id,
        conversation=conversation,
        client_id=uuid4(),
        kind=Kind.STATUS,
        data={"what": "by_mail"},
    )
    told = {"what": "by_mail", "version": version, "message": line.pk}
    emit(
        conversation.account_id,
        "conversation.changed",
        conversation=conversation.pk,
        visitor=conversation.visitor,
        **told,
    )
