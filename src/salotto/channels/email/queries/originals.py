"""Mails exactly as they came; and those of ours as they left."""

from collections.abc import Iterable

from django.db.models.functions import Length

from salotto.accounts.members import Member, must_manage_channels, must_read
from salotto.channels.email import troubles
from salotto.channels.email.models import Mail, RawMail, RawState
from salotto.channels.email.queries.threads import LEFT
from salotto.channels.email.sending.outcome import Never, NotNow
from salotto.channels.email.sending.writing import write
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope


def raw_content(raw: int, *, by: Member) -> bytes:
    """A stored mail, also one that could not be read. Raises Forbidden for whoever does not set up channels,
    Missing if there is none, or none any more."""
    must_manage_channels(by)
    with account_scope(by.account.pk):
        return _content(raw)


def original_of(message: int, *, by: Member) -> bytes:
    """The mail that a message came with, or that it left as: that one is written once more from what
    is kept of it. Raises Forbidden for whoever may not read conversations, Missing for a message
    that neither came nor left by email, or of which a file is gone."""
    must_read(by)
    with account_scope(by.account.pk):
        mail = Mail.objects.filter(message_id=message).first()
        if mail is not None and mail.raw_id is not None:
            return _content(mail.raw_id)
        if mail is None or mail.state not in LEFT:
            raise Missing
        return _written_again(mail)


def size_in_mailbox(message: int) -> int:
    """How many bytes the mail of a message has where it lies, if only its headers are here, else 0; in
    the caller's account scope."""
    mine = Mail.objects.filter(message_id=message).values("raw_id")
    parts = RawMail.objects.filter(pk__in=mine, uid__isnull=False, size__gt=Length("content"))
    return parts.exclude(state=RawState.DELETED).values_list("size", flat=True).first() or 0


def gone_from_mailbox(messages: Iterable[int]) -> set[int]:
    """Of messages of which only the headers are here: those whose mail was looked for once more, and is
    not in its mailbox any more; in the caller's account scope."""
    found = Mail.objects.filter(message_id__in=list(messages), raw__state=RawState.FAILED)
    return set(found.filter(raw__error=troubles.GONE).values_list("message_id", flat=True))


def _written_again(mail: Mail) -> bytes:
    try:
        return write(mail)
    except (NotNow, Never) as error:
        raise Missing from error


def _content(raw: int) -> bytes:
    kept = RawMail.objects.filter(pk=raw).exclude(state=RawState.DELETED)
    content = kept.values_list("content", flat=True).first()
    if content is None:
        raise Missing
    return bytes(content)
