"""Mails of ours that came back: noted at the message that did not arrive."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.queries.returned import mail_returned
from salotto.core import clock
from salotto.inbox.actions import tell
from salotto.inbox.models import Kind
from salotto.inbox.posting import Item, post

ERROR_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Noted:
    """Where a report belongs: the conversation, and the line that tells of it, if one does."""

    conversation: int
    message: int | None


def note_bounce(account_id: int, bounce: Bounce, recipients: Iterable[str], key: UUID) -> Noted | None:
    """Note a delivery report at the mail of ours that it is about; None if there is no such mail.

    The mail is found by the signed address that the report came to (`recipients`), else by the
    Message-ID in it. One that cannot be delivered becomes `bounced`, with a line in the
    conversation (its client id is `key`); of one that is late only the words are kept. In the
    caller's transaction and account scope.
    """
    mail = mail_returned(account_id, bounce.original_id, recipients)
    if mail is None:
        return None
    line = None
    if bounce.action == "failed":
        line = _came_back(mail, bounce, key)
    elif bounce.action == "delayed" and mail.state == MailState.SENT:
        _change(mail, MailState.SENT, f"Delayed: {_words(bounce)}")
    return Noted(mail.conversation_id, line)


def _came_back(mail: Mail, bounce: Bounce, key: UUID) -> int | None:
    _change(mail, MailState.BOUNCED, _words(bounce))
    data = {"what": "bounced", "address": bounce.recipient[:320]}
    item = Item(mail.account_id, key, Kind.STATUS, "", conversation=mail.conversation_id, data=data)
    posted = post(item)
    return posted.message if posted else None


def _change(mail: Mail, state: MailState, error: str) -> None:
    tell(mail.conversation_id, "delivery")  # which locks the conversation first
    Mail.objects.filter(pk=mail.pk).update(state=state, error=error[:ERROR_LIMIT], changed_at=clock.now())


def _words(bounce: Bounce) -> str:
    return " ".join(filter(None, (bounce.status, bounce.diagnostic, bounce.recipient))).strip()
