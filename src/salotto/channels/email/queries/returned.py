"""Which mail of ours a delivery report is about."""

from collections.abc import Iterable

from salotto.channels.email.addresses import returned_mail
from salotto.channels.email.models import KnownId, Mail, MailState
from salotto.inbox.models import Inbox


def mail_returned(account_id: int, header_id: str, recipients: Iterable[str]) -> Mail | None:
    """By a signed return address of this account among the recipients, else by its Message-ID;
    in the caller's account scope."""
    sent = Mail.objects.exclude(state=MailState.RECEIVED)
    named = filter(None, map(returned_mail, recipients))
    ids = [returned.mail for returned in named if returned.account == account_id]
    found: Mail | None = sent.filter(pk__in=ids[:10]).first() if ids else None
    if found is None and header_id:
        known = KnownId.objects.filter(inbox__in=Inbox.objects.all(), value=header_id)
        conversations = known.exclude(conversation=None).values("conversation_id")
        found = sent.filter(conversation_id__in=conversations, header_id=header_id).order_by("id").first()
    return found
