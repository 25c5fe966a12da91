"""Which mail of ours a delivery report is about, if that is proven.

Anybody can write a report. It counts with the signed return address of the mail, which only who
got the mail has seen; else with its Message-ID, if it names somebody whom the mail was for, and
did not come from an address (RFC 3464, 2: a report has the empty sender).
"""

from collections.abc import Iterable

from salotto.channels.email.addresses import returned_mail
from salotto.channels.email.mime.parsed import Bounce
from salotto.channels.email.models import KnownId, Mail, MailState
from salotto.channels.email.recipients import Recipients, as_people
from salotto.core.addresses import email_key
from salotto.inbox.models import Inbox

MOST = 10
"""Mails with one Message-ID that are looked at."""


def mail_returned(
    account_id: int, bounce: Bounce, recipients: Iterable[str], *, from_nobody: bool | None
) -> Mail | None:
    """By a signed return address of this account among the recipients, else by its Message-ID and
    whom it was for; `from_nobody`: whether the envelope's sender was empty, None if nobody knows.
    In the caller's account scope."""
    sent = Mail.objects.exclude(state=MailState.RECEIVED)
    ids = _named(account_id, recipients)
    found: Mail | None = sent.filter(pk__in=ids).first() if ids else None
    if found is None and bounce.original_id and from_nobody is not False:
        known = KnownId.objects.filter(inbox__in=Inbox.objects.all(), value=bounce.original_id)
        conversations = known.exclude(conversation=None).values("conversation_id")
        same = sent.filter(conversation_id__in=conversations, header_id=bounce.original_id)
        found = next((mail for mail in same.order_by("id")[:MOST] if _was_for(mail, bounce)), None)
    return found


def is_of_deleted(
    account_id: int, bounce: Bounce, recipients: Iterable[str], *, from_nobody: bool | None
) -> bool:
    """Whether a report that is about no mail of ours is about one whose conversation was deleted: it
    came to its signed return address, or from nobody and has its Message-ID. In the caller's account
    scope."""
    if _named(account_id, recipients):
        return True
    if not bounce.original_id or not from_nobody:
        return False
    sent = KnownId.objects.filter(inbox__in=Inbox.objects.all(), value=bounce.original_id, fingerprint="")
    return bool(sent.filter(conversation=None).exists())


def _named(account_id: int, recipients: Iterable[str]) -> list[int]:
    """The mails of this account whose signed return addresses are among these."""
    named = filter(None, map(returned_mail, recipients))
    return [returned.mail for returned in named if returned.account == account_id][:MOST]


def _was_for(mail: Mail, bounce: Bounce) -> bool:
    people = Recipients(as_people(mail.to), as_people(mail.cc), as_people(mail.bcc)).addresses
    reported = {email_key(bounce.recipient), email_key(bounce.named)}
    return not reported.isdisjoint(map(email_key, people))
