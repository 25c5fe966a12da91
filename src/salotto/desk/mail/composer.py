"""What the composer of a thread begins with."""

from typing import Any

from salotto.accounts.members import Member
from salotto.channels.email.queries import composer
from salotto.channels.email.recipients import Person, written
from salotto.inbox.queries import Head

QUOTE_SHOWN = 4000
"""Characters of the quoted mail that the composer shows."""


def composer_context(head: Head, by: Member) -> dict[str, Any]:
    """Recipients and subject in an email conversation; in a chat, whether an answer is mailed."""
    if head.channel == "email":
        answer = composer.answer_to(head.id)
        return {"answer": answer, "quoted": answer.quoted.strip()[:QUOTE_SHOWN] if answer else ""}
    if head.visitor is not None and by.account.chats_by_mail:
        return {"mailed_after": composer.chat_minutes()}
    return {}


def answer_fields(head: Head) -> dict[str, str] | None:
    """Recipients, subject and quote of an answer as a script fills them in."""
    answer = composer.answer_to(head.id)
    if answer is None:
        return None
    return {
        "to": _list(answer.people.to),
        "cc": _list(answer.people.cc),
        "subject": answer.subject,
        "quoted": answer.quoted.strip()[:QUOTE_SHOWN],
    }


def _list(people: tuple[Person, ...]) -> str:
    return ", ".join(map(written, people))
