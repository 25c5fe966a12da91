"""Who takes part in a conversation without the others knowing: who was only in Bcc."""

from collections.abc import Iterator

from django.db.models import QuerySet

from salotto.channels.email.letters import REFUTED
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.queries import sending
from salotto.channels.email.recipients import as_people
from salotto.core.addresses import email_key
from salotto.inbox.models import Conversation, Kind

MOST_MAILS = 2000
"""Mails of a conversation, the newest, that are looked at."""


def secret_people(conversation: Conversation) -> frozenset[str]:
    """The keys of who got a mail of a conversation in Bcc and stands in none beside somebody else, not
    even as its sender; in the caller's account scope."""
    mails = Mail.objects.filter(conversation_id=conversation.pk).exclude(kind="forward").order_by("-id")
    copied = mails.exclude(bcc=[]).values_list("bcc", flat=True)[:MOST_MAILS]
    secret = frozenset(email_key(address) for people in copied for _, address in as_people(people))
    return secret - frozenset(_known_to_others(conversation.account_id, mails)) if secret else secret


def _known_to_others(account: int, mails: QuerySet[Mail]) -> Iterator[str]:
    """Who has stood beside somebody else in a mail that has left, or came and is no forgery: whoever
    wrote to us alone is known to nobody by that."""
    is_own = sending.is_own(account)
    left = mails.exclude(state__in=(MailState.FAILED, MailState.STOPPED))
    left = left.exclude(problems__contains=[REFUTED])
    for kind, sender, to, cc in left.values_list("message__kind", "sender", "to", "cc")[:MOST_MAILS]:
        named = [address for _, address in (*as_people(to), *as_people(cc))]
        everybody = [*named, sender] if kind == Kind.VISITOR else named
        beside = {email_key(address) for address in everybody if not is_own(address)}
        if len(beside) > 1:
            yield from beside
