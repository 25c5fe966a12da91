"""Mails of ours that came back: noted at the message that did not arrive."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salotto.channels.email.actions.sending import envelope_recipients, everybody, matters, refusals
from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.queries.returned import mail_returned
from salotto.channels.email.sending.outcome import Refusal, shown
from salotto.core import clock
from salotto.core.addresses import email_key
from salotto.inbox.actions import tell
from salotto.inbox.models import Kind
from salotto.inbox.posting import Item, post

ERROR_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Noted:
    """Where a report belongs: the conversation, and the line that tells of it, if one does."""

    conversation: int
    message: int | None


def note_bounce(
    account_id: int, bounce: Bounce, recipients: Iterable[str], key: UUID, *, from_nobody: bool | None = None
) -> Noted | None:
    """Note a delivery report at the mail of ours that it is about; None if there is no such mail,
    or nothing proves that it is about one.

    The mail is found by the signed address that the report came to (`recipients`), else by the
    Message-ID in it, and then only if it was for whom the report names, and the report came from
    no address. One that cannot be delivered becomes `bounced`, with a line in the
    conversation (its client id is `key`), which is open and unread again; of one that is late only
    the words are kept. In the caller's transaction and account scope.
    """
    mail = mail_returned(account_id, bounce, recipients, from_nobody=from_nobody)
    if mail is None:
        return None
    line = None
    if bounce.action == "failed":
        line = _came_back(mail, bounce, key)
    elif bounce.action == "delayed" and mail.state == MailState.SENT:
        tell(mail.conversation_id, "delivery")
        _change(mail, MailState.SENT, f"Delayed: {_words(bounce)}")
    return Noted(mail.conversation_id, line)


def _came_back(mail: Mail, bounce: Bounce, key: UUID) -> int | None:
    tell(mail.conversation_id, "delivery")  # which locks the conversation first
    locked = Mail.objects.select_for_update().get(pk=mail.pk)
    _note_at(locked, bounce)
    tell(mail.conversation_id, "delivery", opens=matters(locked) and _is_news(locked, bounce))
    data = {"what": "bounced", "address": bounce.recipient[:320]}
    item = Item(mail.account_id, key, Kind.STATUS, "", conversation=mail.conversation_id, data=data)
    posted = post(item)
    return posted.message if posted else None


def _is_news(mail: Mail, bounce: Bounce) -> bool:
    """Whether nobody has seen yet that this recipient did not get it."""
    more = len(_with(mail, bounce, "")) > len(refusals(mail))
    return more or mail.state != MailState.BOUNCED


def _note_at(mail: Mail, bounce: Bounce) -> None:
    """At the mail, with whom it came back from. One that is still to go to others of its
    recipients, or to go once more, stays in line; otherwise nobody else would get it."""
    words = _words(bounce)
    if mail.state == MailState.QUEUED or (mail.state == MailState.SENDING and len(everybody(mail)) > 1):
        waiting = set(map(email_key, envelope_recipients(mail)))
        problems = mail.problems if email_key(bounce.recipient) in waiting else _with(mail, bounce, words)
        Mail.objects.filter(pk=mail.pk).update(error=words[:ERROR_LIMIT], problems=problems)
        return
    Mail.objects.filter(pk=mail.pk).update(problems=_with(mail, bounce, words))
    _change(mail, MailState.BOUNCED, words)


def _with(mail: Mail, bounce: Bounce, words: str) -> list[dict[str, Any]]:
    """The recipients who did not get the mail, and this one of them: a retry is for these alone."""
    kept = {email_key(one.address): one for one in refusals(mail)}
    theirs = {email_key(address): [address] for address in everybody(mail)}
    named = theirs.get(email_key(bounce.recipient)) or theirs.get(email_key(bounce.named)) or []
    kept |= {email_key(address): Refusal(address, shown(words), again=False) for address in named}
    return [one.kept() for one in kept.values()]


def _change(mail: Mail, state: MailState, error: str) -> None:
    Mail.objects.filter(pk=mail.pk).update(state=state, error=error[:ERROR_LIMIT], changed_at=clock.now())


def _words(bounce: Bounce) -> str:
    return " ".join(filter(None, (bounce.status, bounce.diagnostic, bounce.recipient))).strip()
