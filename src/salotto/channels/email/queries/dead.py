"""Mails that were not taken in, for admins: which, why, and what they are."""

from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import default

from django.db.models import QuerySet
from django.db.models.functions import Length, Substr

from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email import troubles
from salotto.channels.email.mime import parse
from salotto.channels.email.models import RawMail, RawState
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope, all_accounts

DEAD = (RawState.FAILED, RawState.UNROUTED)
MOST = 50
HEAD = 16_384
"""Bytes of a mail that are looked at for a list."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A mail that waits for a person: `reason` in the reader's language, and in whose `words` there
    are any that say more; `sender`, `recipients` and `subject` as far as they can be
    read, `size` in bytes of the whole mail, of which only the headers may be here (`part`; with the
    `conversation` that they are in), `account` its slug, `mailbox` None for one that was for no inbox."""

    id: int
    account: str
    state: str
    mailbox: int | None
    reason: str
    words: str
    attempts: int
    sender: str
    recipients: tuple[str, ...]
    subject: str
    size: int
    received_at: datetime
    part: bool
    conversation: int | None


def dead_letters(*, by: Member, before: int | None = None, limit: int = MOST) -> list[DeadLetter]:
    """Mails of the account that failed or are for no inbox, newest first, below the id `before`.
    Raises Forbidden for whoever does not set up channels."""
    must_manage_channels(by)
    with account_scope(by.account.pk):
        return _letters(RawMail.objects.filter(state__in=DEAD), before, limit)


def stuck_mails(account: str = "", before: int | None = None, limit: int = MOST) -> list[DeadLetter]:
    """The same for whoever runs the server: of all accounts or of one, by its slug, and with
    mails that wait to be taken in."""
    with all_accounts():
        found = RawMail.objects.filter(state__in=(*DEAD, RawState.WAITING))
        return _letters(found.filter(account__slug=account) if account else found, before, limit)


def is_part(raw: int) -> bool:
    """Whether only the headers of a mail are here, the whole of which lies in its mailbox; in the
    caller's account scope."""
    return bool(parts(RawMail.objects.filter(pk=raw)).exists())


def parts(found: "QuerySet[RawMail]") -> "QuerySet[RawMail]":
    """Those of these mails of which only the headers are here."""
    return found.filter(uid__isnull=False, size__gt=Length("content"))


def account_of(raw: int) -> int:
    """The account of a stored mail, for whoever runs the server. Raises Missing."""
    with all_accounts():
        account = RawMail.objects.filter(pk=raw).values_list("account_id", flat=True).first()
    if account is None:
        raise Missing
    return int(account)


def _letters(found: "QuerySet[RawMail]", before: int | None, limit: int) -> list[DeadLetter]:
    if before is not None:
        found = found.filter(id__lt=before)
    ids = list(found.order_by("-id").values_list("id", flat=True)[: min(limit, MOST)])
    rows = RawMail.objects.filter(id__in=ids).select_related("account").defer("content")
    rows = rows.annotate(head=Substr("content", 1, HEAD), here=Length("content"))
    return [_letter(row) for row in rows.order_by("-id")]


def _letter(row: RawMail) -> DeadLetter:
    sender, subject = _headers(bytes(getattr(row, "head", b"")))
    reason, words = troubles.said(row.error)
    return DeadLetter(
        id=row.pk,
        account=row.account.slug,
        state=row.state,
        mailbox=row.mailbox_id,
        reason=reason,
        words=words,
        attempts=row.attempts,
        sender=sender or row.sender,
        recipients=tuple(row.recipients),
        subject=subject,
        size=row.size,
        received_at=row.received_at,
        part=row.uid is not None and row.size > getattr(row, "here", row.size),
        conversation=row.conversation_id,
    )


def _headers(head: bytes) -> tuple[str, str]:
    """From and Subject; of a mail that the reader cannot take, as the standard library has them."""
    try:
        mail = parse(head)
        name, address = mail.sender.name, mail.sender.address
        return (f"{name} <{address}>" if name and address else name or address), mail.subject
    except Exception:  # whatever it was that made it a dead letter
        return _plain(head, "from"), _plain(head, "subject")


def _plain(head: bytes, name: str) -> str:
    try:
        value = str(BytesHeaderParser(policy=default).parsebytes(head).get(name, ""))
    except Exception:  # broken beyond that, too
        return ""
    return value.encode("utf-8", "replace").decode().replace("\0", "")[:500]
