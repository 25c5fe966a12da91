"""What became of a mail to many; in the caller's account scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models.functions import Lower

from salotto.accounts.members import Member
from salotto.channels.email import statuses
from salotto.channels.email.models import BatchFile, BatchRecipient, Mail, MailState
from salotto.core.addresses import email_key, spellings
from salotto.core.errors import Missing
from salotto.inbox.actions.files import MOST_FILES
from salotto.inbox.models import Attachment, Contact
from salotto.inbox.queries import Attached, Served

MOST_LOST = 1000
"""People of a mail to many who are named at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What contacts tell of addresses, by key: `names`, and who has `left`: unsubscribed."""

    names: dict[str, str]
    left: frozenset[str]


def known(addresses: Iterable[str]) -> Known:
    """What the account's contacts with these addresses, in any spelling, are called, the oldest first,
    and which of them want no mail to many."""
    wanted = {spelling for address in addresses for spelling in spellings(address)}
    contacts = Contact.objects.annotate(key=Lower("email")).filter(key__in=wanted).exclude(email="")
    names: dict[str, str] = {}
    left: set[str] = set()
    for email, name, unsubscribed in contacts.order_by("id").values_list(
        "email", "name", "attributes__unsubscribed"
    ):
        key = email_key(email)
        if name.strip():
            names.setdefault(key, " ".join(name.split()))
        if unsubscribed is not None:
            left.add(key)
    return Known(names, frozenset(left))


def lost_mails(batch: int) -> list[int]:
    """The mails of a batch that did not arrive and may be tried again, oldest first."""
    people = BatchRecipient.objects.filter(batch=batch).exclude(conversation=None)
    lost = Mail.objects.filter(
        kind="bulk",
        conversation__in=people.values("conversation"),
        state__in=[MailState.FAILED, MailState.BOUNCED],
    ).order_by("id")
    rows = lost.values_list("id", "error")[:MOST_LOST]
    return [mail for mail, words in rows if not statuses.is_hopeless(words)]


def files_of(batch: int) -> list[BatchFile]:
    """The files of a batch, in order, without their bytes."""
    return list(BatchFile.objects.filter(batch=batch).order_by("place")[:MOST_FILES])


def attached(batch: int) -> list[Attached]:
    """The same, as a page shows them."""
    return [Attached(row.pk, row.name, row.type, row.size, False) for row in files_of(batch)]


def file_of(batch: int, file: int) -> Served:
    """One of them. Raises Missing."""
    found = BatchFile.objects.filter(batch=batch, pk=file)
    row = found.values_list("id", "blob_id", "name", "type", "size", "blob__sha256").first()
    if row is None:
        raise Missing
    return Served(*row)


def uploads(attachments: Sequence[int], by: Member) -> list[Attached]:
    """Those of these uploads that still wait and are the member's own, in this order."""
    waiting = Attachment.objects.filter(pk__in=attachments, message=None, author=by.user)
    rows = waiting.values_list("id", "name", "type", "size")[:MOST_FILES]
    found = {pk: Attached(pk, name, type, size, False) for pk, name, type, size in rows}
    return [found[pk] for pk in dict.fromkeys(attachments) if pk in found]
