"""Mails exactly as they came."""

from salotto.accounts.members import Member, must_administer, must_read
from salotto.channels.email.models import Mail, RawMail, RawState
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope


def raw_content(raw: int, *, by: Member) -> bytes:
    """A stored mail, also one that could not be read. Raises Forbidden for whoever is no admin,
    Missing if there is none, or none any more."""
    must_administer(by)
    with account_scope(by.account.pk):
        return _content(raw)


def original_of(message: int, *, by: Member) -> bytes:
    """The mail that a message came with. Raises Forbidden for whoever may not read conversations,
    Missing for a message that did not come by email."""
    must_read(by)
    with account_scope(by.account.pk):
        raw = Mail.objects.filter(message_id=message).values_list("raw_id", flat=True).first()
        if raw is None:
            raise Missing
        return _content(raw)


def _content(raw: int) -> bytes:
    kept = RawMail.objects.filter(pk=raw).exclude(state=RawState.DELETED)
    content = kept.values_list("content", flat=True).first()
    if content is None:
        raise Missing
    return bytes(content)
