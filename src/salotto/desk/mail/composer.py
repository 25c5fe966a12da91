"""What the composer of a thread begins with."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.channels.email.queries import composer
from salotto.channels.email.queries.lost import Lost
from salotto.channels.email.recipients import Person, written
from salotto.desk import times
from salotto.inbox.queries import Head
from salotto.inbox.support import is_asker

QUOTE_SHOWN = 4000
"""Characters of the quoted mail that the composer shows."""
NAMED = 3
"""People whose names are told; of more, how many they are."""
WORDS = 300
"""Characters of a server's words that are told of an address."""


def composer_context(head: Head, by: Member) -> dict[str, Any]:
    """Recipients and subject in an email conversation; in a chat, whether an answer is mailed, which it
    always is where the chat goes on by mail."""
    if head.channel == "email":
        answer = composer.answer_to(head.id, by)
        if answer is None:
            return {"answer": None}
        quoted, lost = answer.quoted.strip()[:QUOTE_SHOWN], [said(one) for one in answer.lost]
        return {"answer": answer, "quoted": quoted, "lost": lost, "left_out": not_in_copy(answer.left_out)}
    if head.parted:
        return {"parted": True, "mailed_after": composer.minutes_of(head.id)}
    if head.visitor is not None and by.account.chats_by_mail and not is_asker(head.visitor):
        return {"mailed_after": composer.chat_minutes()}
    return {}


def answer_fields(head: Head) -> dict[str, Any] | None:
    """Recipients, subject and quote of an answer as a script fills them in."""
    answer = composer.answer_to(head.id)
    if answer is None:
        return None
    return {
        "to": _list(answer.people.to),
        "cc": _list(answer.people.cc),
        "subject": answer.subject,
        "quoted": answer.quoted.strip()[:QUOTE_SHOWN],
        "left_out": _list(answer.left_out),
        "apart": list(answer.apart),
        "lost": [said(one) for one in answer.lost],
    }


def not_in_copy(people: Sequence[Person]) -> str:
    """That these people would not get an answer; "" for nobody."""
    names = [name or address for name, address in people]
    if len(names) < 2:
        return _("%(name)s is not in copy") % {"name": names[0]} if names else ""
    shown = ", ".join(names[:NAMED]) + (f" + {len(names) - NAMED}" if len(names) > NAMED else "")
    return _("Not in copy: %(names)s") % {"names": shown}


def said(lost: Lost) -> dict[str, str]:
    """That our last mail to an address did not arrive, in a sentence and in the server's words."""
    about = {"address": lost.address, "date": times.long_date(timezone.localtime(lost.at).date())}
    returned = _("Mail to %(address)s came back on %(date)s.")
    refused = _("Mail to %(address)s was refused on %(date)s.")
    sentence = (returned if lost.returned else refused) % about
    return {"address": lost.address, "said": sentence, "words": lost.words.strip()[:WORDS]}


def _list(people: tuple[Person, ...]) -> str:
    return ", ".join(map(written, people))
