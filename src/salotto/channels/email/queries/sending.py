"""What sending needs to know."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower

from salotto.channels.email import addresses
from salotto.channels.email.models import (
    Batch,
    BatchRecipient,
    BatchState,
    Domain,
    KnownId,
    Mail,
    Mailbox,
    MailState,
    Participant,
    Server,
    Way,
)
from salotto.channels.email.recipients import Last, as_people
from salotto.core.addresses import email_key, spellings
from salotto.core.tenancy import account_scope, all_accounts
from salotto.inbox.models import Attachment, Blob, Contact, Conversation, Inbox

MOST_MAILBOXES = 1000
"""Mailboxes of an account whose addresses count as its own."""
MOST_PEOPLE = 5000
"""Participants of one conversation."""
MOST_FILES = 2000
"""Files of one mail; none that comes in has more."""
FARTHEST = timedelta(hours=3)
"""No mail waits for longer until it is looked at again."""
MOST_DUE = 500
"""Mails that one look at the queue finds."""


def mailbox_of(inbox: int) -> Mailbox | None:
    """The mailbox behind an inbox, in the caller's account scope."""
    found: Mailbox | None = Mailbox.objects.filter(inbox_id=inbox).first()
    return found


def mailbox_for_chat(conversation: int) -> Mailbox | None:
    """The mailbox that carries chats on; without one, what came by mail is still answered by the
    mailbox that it came to. In the caller's account scope."""
    on = Mailbox.objects.select_related("account").filter(enabled=True)
    came = Mail.objects.filter(conversation_id=conversation, kind="mail").order_by("-id").values("mailbox")
    found: Mailbox | None = on.filter(continues_chats=True).first() or on.filter(pk__in=came[:1]).first()
    return found


def mailboxes() -> list[Mailbox]:
    """Those of the account, in the caller's account scope."""
    return list(Mailbox.objects.order_by("id")[:MOST_MAILBOXES])


def begun_with(ids: Iterable[str]) -> Mail | None:
    """The mail of ours that has begun a conversation with one of these Message-IDs."""
    inboxes = Inbox.objects.filter(channel="email").values("pk")
    known = KnownId.objects.filter(inbox__in=inboxes, value__in=set(ids)).exclude(conversation=None)
    found: Mail | None = (
        Mail.objects.filter(kind="new", header_id__in=set(ids), conversation__in=known.values("conversation"))
        .order_by("id")
        .first()
    )
    return found


def own_addresses(account_id: int) -> frozenset[str]:
    """The keys of every address of the account's mailboxes."""
    with account_scope(account_id):
        rows = Mailbox.objects.order_by("id").values_list("address", "aliases")[:MOST_MAILBOXES]
        return frozenset(key for row in rows for key in addresses.keys_in(*row))


def is_own(account_id: int) -> Callable[[str], bool]:
    """Whether an address is the account's own: of a mailbox, or in the installation's mail domain."""
    own = own_addresses(account_id)
    return lambda address: addresses.is_of(address, own) or addresses.local_part(address) is not None


def last_mail(conversation: int) -> Mail | None:
    """The newest mail of a conversation that a person wrote, else the newest of all; in the
    caller's account scope. A mail that was never sent is none."""
    sent = Mail.objects.filter(conversation_id=conversation)
    found = sent.exclude(state__in=(MailState.FAILED, MailState.STOPPED))
    by_people = found.filter(automatic="").exclude(kind="forward").order_by("-id").first()
    newest: Mail | None = by_people or found.exclude(kind="forward").order_by("-id").first()
    return newest


def people_of(conversation: Conversation) -> frozenset[str]:
    """The keys of who takes part in a conversation; in the caller's account scope."""
    taking_part = Participant.objects.filter(conversation_id=conversation.pk)
    found = taking_part.order_by("address").values_list("address", flat=True)[:MOST_PEOPLE]
    return frozenset(map(email_key, (conversation.contact.email, *found)))


def as_last(mail: Mail) -> Last:
    """A mail's row, as `reply_all` takes it."""
    return Last(
        ours=mail.state != MailState.RECEIVED,
        sender=(mail.sender_name, mail.sender),
        reply_to=as_people(mail.reply_to),
        to=as_people(mail.to),
        cc=as_people(mail.cc),
    )


def outgoing_server(mailbox: int) -> Server | None:
    """The server that a mailbox sends by, in the caller's account scope; None: the installation's."""
    found: Server | None = Server.objects.filter(mailbox_id=mailbox, way=Way.OUT, enabled=True).first()
    return found


def is_due(now: datetime) -> Q:
    """Mails that are due; also those that would wait for longer than any mail does, since the clock was
    wrong when that was written down."""
    return Q(next_try_at__lte=now) | Q(next_try_at__gt=now + FARTHEST)


def due_mails(now: datetime) -> list[tuple[int, int, str]]:
    """(account, id, kind) of mails that wait for a sender, or whose sender was lost, oldest first;
    those to many behind all others, however many they are."""
    with all_accounts():
        waiting = Mail.objects.filter(is_due(now), state__in=(MailState.QUEUED, MailState.SENDING)).order_by(
            "next_try_at"
        )
        found = waiting.values_list("account_id", "id", "kind")
        return [*found.exclude(kind="bulk")[:MOST_DUE], *found.filter(kind="bulk")[:MOST_DUE]]


def sent_within(mailbox: int, now: datetime) -> tuple[list[datetime], list[datetime]]:
    """When a mailbox's mails of the last minute went out or began to, oldest first: those to one
    person, and those of mails to many."""
    recent = Mail.objects.filter(
        mailbox_id=mailbox,
        changed_at__gt=now - timedelta(minutes=1),
        state__in=(MailState.SENT, MailState.SENDING),
    ).exclude(kind="mail")
    rows = list(recent.order_by("changed_at").values_list("changed_at", "kind")[:10_000])
    return [at for at, kind in rows if kind != "bulk"], [at for at, kind in rows if kind == "bulk"]


def answers_wait(mailbox: int, until: datetime) -> bool:
    """Whether a mail to one person waits to be sent by then."""
    waiting = Mail.objects.filter(mailbox_id=mailbox, state=MailState.QUEUED, next_try_at__lte=until)
    return bool(waiting.exclude(kind="bulk").exists())


def answered_by_itself(mailbox: int, address: str, now: datetime) -> bool:
    """Whether this sender got an automatic mail of this mailbox within the last day."""
    sent = Mail.objects.filter(mailbox_id=mailbox, kind="auto", created_at__gt=now - timedelta(days=1))
    same = (Q(to__0__1__iexact=spelling) for spelling in spellings(address))
    return bool(sent.filter(reduce(or_, same)).exists())


def has_unsubscribed(address: str) -> bool:
    """Whether a contact with this address wants no mail to many, in the caller's account scope."""
    return bool(_contacts_with(address).filter(attributes__has_key="unsubscribed").exists())


def _contacts_with(address: str) -> "QuerySet[Contact]":
    known = Contact.objects.annotate(key=Lower("email"))  # as the index has it
    found: QuerySet[Contact] = known.filter(key__in=spellings(address)).exclude(email="")
    return found


def written_by(addresses: Iterable[str]) -> str:
    """The language of the first contact among these addresses whose language is known, in the
    caller's account scope; "" if there is none."""
    for address in addresses:
        named = _contacts_with(address).exclude(language="").order_by("id")
        if language := named.values_list("language", flat=True).first():
            return str(language)
    return ""


def has_left(mail: Mail) -> bool:
    """Whether who gets this mail of many has unsubscribed since it was written."""
    return any(has_unsubscribed(address) for _, address in as_people(mail.to))


def open_batches() -> list[tuple[int, int]]:
    """(account, id) of batches with people who wait."""
    with all_accounts():
        waiting = BatchRecipient.objects.filter(state=BatchState.WAITING)
        return list(waiting.values_list("account_id", "batch_id").distinct()[:100])


def progress(batch: Batch) -> dict[str, int]:
    """How many people of a batch are in which `BatchState`, and how many mails in which
    `MailState`, who was stopped before and after their mail was made together; in the caller's
    account scope."""
    people = BatchRecipient.objects.filter(batch=batch).values_list("state").annotate(Count("id"))
    mails = Mail.objects.filter(
        kind="bulk", conversation__in=BatchRecipient.objects.filter(batch=batch).values("conversation")
    )
    return dict(Counter(dict(people)) + Counter(dict(mails.values_list("state").annotate(Count("id")))))


# What a mail is written from, in the caller's account scope


def files_of(mail: Mail) -> list[Attachment]:
    """The files of a mail's message with their bytes, in order."""
    rows = Attachment.objects.select_related("blob").filter(message_id=mail.message_id or 0)
    return list(rows.order_by("place", "id")[:MOST_FILES])


def named_files_of(mail: Mail) -> list[Attachment]:
    """The files of a mail's message that its HTML may name, in order, without their bytes."""
    rows = Attachment.objects.filter(message_id=mail.message_id or 0).exclude(content_id="")
    return list(rows.order_by("place", "id")[:MOST_FILES])


def logo_of(mailbox: Mailbox) -> bytes:
    """The image on a mailbox's letter paper; empty without one."""
    found = Blob.objects.filter(pk=mailbox.logo_id or 0).values_list("content", flat=True).first()
    return bytes(found or b"")


def answered_by(mail: Mail) -> Mail | None:
    """The mail of the same conversation that this one answers."""
    mine = Mail.objects.filter(conversation_id=mail.conversation_id, header_id=mail.in_reply_to)
    found: Mail | None = mine.order_by("id").first()
    return found


def forwarded_by(mail: Mail) -> Mail | None:
    """The mail that this one passes on."""
    source = (mail.message.data if mail.message else {}).get("forwarded", 0)
    found: Mail | None = Mail.objects.filter(message_id=source).first()
    return found


def signing_domain(name: str) -> Domain | None:
    """The account's domain of this name (in ASCII), if its mail is signed."""
    signing = Domain.objects.filter(name=name, signs=True).exclude(private_key="")
    found: Domain | None = signing.first()
    return found
