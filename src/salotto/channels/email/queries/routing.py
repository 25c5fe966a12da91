"""Which mailbox a mail is for that came without one."""

from collections.abc import Iterable, Iterator

from salotto.channels.email import addresses
from salotto.channels.email.mime.parsed import ParsedMail
from salotto.channels.email.models import KnownId, Mailbox
from salotto.core.addresses import email_key
from salotto.inbox.models import Conversation

MOST_MAILBOXES = 1000
MOST_ADDRESSES = 200


def recipients_of(mail: ParsedMail, recipients: Iterable[str] = ()) -> Iterator[str]:
    """Every address that a mail was for: the envelope's, then those that its headers tell
    (Delivered-To and the like first, which name who really got it)."""
    yield from recipients
    yield from mail.delivered_to
    for people in (mail.to, mail.cc, mail.bcc):
        yield from (one.address for one in people)


def route(account_id: int, recipients: Iterable[str]) -> int | None:
    """The mailbox of this account that the first of these addresses means: by its forwarding
    address, as an own address or alias, or as the signed address of one of its conversations.
    In the caller's account scope."""
    wanted = list(dict.fromkeys(email_key(one) for one in recipients if one))[:MOST_ADDRESSES]
    rows = list(
        Mailbox.objects.order_by("id").values_list("id", "inbox_id", "key", "address", "aliases")[
            :MOST_MAILBOXES
        ]
    )
    by_key: dict[str, int] = {key: pk for pk, _, key, _, _ in rows}
    own: dict[str, int] = {
        key: pk for pk, _, _, *texts in reversed(rows) for key in addresses.keys_in(*texts)
    }
    by_inbox: dict[int, int] = {inbox: pk for pk, inbox, *_ in rows}
    for address in wanted:
        found = by_key.get(addresses.local_part(address) or "") or own.get(address)
        found = found or own.get(addresses.untagged(address))
        found = found or by_inbox.get(_inbox_of(account_id, address) or 0)
        if found is not None:
            return found
    return None


def _inbox_of(account_id: int, address: str) -> int | None:
    thread = addresses.thread_of(address)
    if thread is None or thread.account != account_id:
        return None
    return inbox_of(thread.conversation)


def inbox_of(conversation: int) -> int | None:
    """The inbox that a conversation lies in, or lay in if it was deleted and had mails; in the
    caller's account scope."""
    there = Conversation.objects.filter(pk=conversation).values_list("inbox_id", flat=True)
    tombstones = KnownId.objects.filter(was=conversation).order_by("id").values_list("inbox_id", flat=True)
    inbox: int | None = there.first() or tombstones.first()
    return inbox
