"""What an agent's composer knows before anything is written; in the caller's account scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery

from salotto.accounts.members import Member
from salotto.channels.email import queries
from salotto.channels.email.actions import queueing
from salotto.channels.email.models import Batch, BatchRecipient, BatchState, Mail, Mailbox, MailState
from salotto.channels.email.queries import sending
from salotto.channels.email.queries.lost import Lost as LostAt
from salotto.channels.email.queries.lost import lost_at
from salotto.channels.email.queries.secret import secret_people
from salotto.channels.email.recipients import Person, Recipients, as_people, is_address
from salotto.channels.email.subjects import reply_subject
from salotto.core.addresses import email_key
from salotto.core.errors import Missing
from salotto.inbox.models import Contact, Conversation

MOST_MAILBOXES = 200
NEWEST_CONTACTS = 5000
"""Contacts among which a suggestion is looked for."""
MOST_SUGGESTIONS = 8
MOST_LEFT_OUT = 100
LOOKED_AT = 50
"""Mails of a conversation in which names are looked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer by mail begins with. `quoted` is the text of the mail that it answers, `signature`
    what will stand below it. `left_out` take part in the conversation and would not get it, as far as others
    may know of them; `apart` are addresses of those among the people of whom nobody else may know; `lost` are
    addresses at which our last mail did not arrive."""

    address: str
    enabled: bool
    people: Recipients
    subject: str
    quoted: str
    signature: str = ""
    left_out: tuple[Person, ...] = ()
    apart: tuple[str, ...] = ()
    lost: tuple[LostAt, ...] = ()

    @property
    def can_go(self) -> bool:
        """Whether the inbox sends at all."""
        return self.enabled and bool(self.address)


def answer_to(conversation: int, by: Member | None = None) -> Answer | None:
    """What an answer of `by` in an email conversation begins with; None where its inbox has no mailbox."""
    found = Conversation.objects.select_related("inbox", "contact", "account").get(pk=conversation)
    mailbox = queries.mailbox_of(found.inbox_id)
    if mailbox is None:
        return None
    last = sending.last_mail(found.pk)
    people = queueing.usual_recipients(found, last)
    missed = list(_missed(found, people))
    secret = secret_people(found) if missed else frozenset()
    left_out = [one for one in missed if email_key(one[1]) not in secret]
    lost = lost_at((*people.addresses, *(address for _, address in left_out)), found.pk)
    gone = {email_key(one.address) for one in lost} - {email_key(found.contact.email)}
    return Answer(
        address=queueing.from_address(mailbox),
        enabled=mailbox.enabled,
        people=people,
        subject=_subject(found, last),
        quoted=last.text if last else "",
        signature=_signature(mailbox, by),
        left_out=tuple(one for one in left_out if email_key(one[1]) not in gone),
        apart=tuple(address for address in people.addresses if email_key(address) in secret),
        lost=tuple(lost),
    )


def _missed(conversation: Conversation, people: Recipients) -> Iterator[Person]:
    """Who takes part in a conversation, its contact first, and is not among these people; but nobody
    who wants their answers elsewhere."""
    names, elsewhere = _known(conversation.pk)
    contact = email_key(conversation.contact.email)
    names.setdefault(contact, (conversation.contact.name, conversation.contact.email))
    is_own = sending.is_own(conversation.account_id)
    known = {*map(email_key, people.addresses), *elsewhere}
    everybody = sorted(sending.people_of(conversation) - known, key=lambda key: (key != contact, key))
    for person in (names.get(key, ("", key)) for key in everybody[:MOST_LEFT_OUT]):
        if is_address(person[1]) and not is_own(person[1]):
            yield person


def _known(conversation: int) -> tuple[dict[str, Person], set[str]]:
    """By the newest mails of a conversation: people with their names, by key, and those of them who
    have last asked for answers to another address."""
    rows = Mail.objects.filter(conversation_id=conversation).exclude(kind="forward").order_by("-id")
    names: dict[str, Person] = {}
    wants: dict[str, bool] = {}
    for name, sender, *lists in rows.values_list("sender_name", "sender", "reply_to", "to", "cc")[:LOOKED_AT]:
        asked, to, cc = map(as_people, lists)
        for person in ((name, sender), *asked, *to, *cc):
            before = names.get(key := email_key(person[1]))
            if before is None or (person[0] and not before[0]):
                names[key] = person
        keys = {email_key(address) for _, address in asked}
        wants.setdefault(email_key(sender), bool(keys) and email_key(sender) not in keys)
    return names, {key for key, is_so in wants.items() if is_so}


def _signature(mailbox: Mailbox, by: Member | None) -> str:
    """What stands below a mail that `by` writes."""
    from salotto.channels.email.composing.body import sign_off  # what writes mails, where it is needed

    company = mailbox.company or mailbox.account.name
    agent = by.user.name if by else ""
    return sign_off(mailbox.signature, agent=agent, company=company, email=queueing.from_address(mailbox))


def _subject(conversation: Conversation, last: Mail | None) -> str:
    known = (last.subject if last else "") or conversation.subject
    return reply_subject(known) if known else ""


def chat_minutes() -> int | None:
    """After how many minutes a chat is carried on by mail; None if the account does not."""
    minutes = Mailbox.objects.filter(continues_chats=True, enabled=True).values_list(
        "chat_minutes", flat=True
    )
    found: int | None = minutes.first()
    return found


def minutes_of(conversation: int) -> int | None:
    """After how many minutes an answer in a chat that goes on by mail is mailed; None if no mailbox
    can."""
    mailbox = sending.mailbox_for_chat(conversation)
    return mailbox.chat_minutes if mailbox is not None and queueing.from_address(mailbox) else None


@dataclass(frozen=True, slots=True)
class From:
    """A mailbox that can be written from, and what will stand below."""

    id: int
    name: str
    address: str
    signature: str = ""


def mailboxes(by: Member | None = None) -> list[From]:
    """The account's mailboxes that are switched on and have an address, by name."""
    rows = Mailbox.objects.select_related("inbox", "account").filter(enabled=True)
    found = [
        From(row.pk, row.inbox.name, queueing.from_address(row), _signature(row, by))
        for row in rows.order_by("inbox__name", "id")[:MOST_MAILBOXES]
    ]
    return [one for one in found if one.address]


def has_mailbox() -> bool:
    """Whether the account can write mail at all."""
    return bool(Mailbox.objects.filter(enabled=True).exists())


def suggestions(typed: str) -> list[Person]:
    """Up to 8 people whom an agent may mean, among the 5,000 newest contacts with an address."""
    if not typed:
        return []
    newest = Contact.objects.exclude(email="").order_by("-id").values("pk")[:NEWEST_CONTACTS]
    said = Q(email__istartswith=typed) | Q(name__istartswith=typed) | Q(name__icontains=f" {typed}")
    found = Contact.objects.filter(said, pk__in=newest).order_by("-id")
    return list(found.values_list("name", "email")[:MOST_SUGGESTIONS])


@dataclass(frozen=True, slots=True)
class Lost:
    """Somebody of a mail to many who did not get it, and why; without a conversation it was never
    written to them."""

    id: int
    name: str
    address: str
    error: str
    conversation: int | None


@dataclass(frozen=True, slots=True)
class Sending:
    """A mail to many as a list names it, and to how many `people` it was written."""

    id: int
    subject: str
    at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mail to many has got: `counts` by the state of people and of mails."""

    id: int
    subject: str
    text: str
    author: str
    total: int
    counts: dict[str, int]


def progress_of(batch: int) -> Progress:
    """A mail to many. Raises Missing when the account has none with this number."""
    found = Batch.objects.select_related("author").filter(pk=batch).first()
    if found is None:
        raise Missing
    return Progress(
        id=found.pk,
        subject=found.subject,
        text=found.text,
        author=found.author.name if found.author else "",
        total=BatchRecipient.objects.filter(batch=found).count(),
        counts=sending.progress(found),
    )


def lost_of(batch: int, after: int, limit: int) -> list[Lost]:
    """Who did not get a mail to many, after a recipient's id: refused, failed, or come back."""
    failed = Mail.objects.filter(
        kind="bulk",
        conversation=OuterRef("conversation"),
        state__in=[MailState.FAILED, MailState.BOUNCED],
    ).order_by("id")
    people = BatchRecipient.objects.filter(batch=batch, id__gt=after)
    people = people.annotate(words=Subquery(failed.values("error")[:1]))
    people = people.filter(Q(state=BatchState.REFUSED) | Q(words__isnull=False)).order_by("id")
    return [
        Lost(row.pk, row.name, row.address, row.words or row.error, row.conversation_id)
        for row in people[:limit]
    ]


def latest_batches(limit: int = 10) -> list[Sending]:
    """The newest mails to many."""
    rows = Batch.objects.order_by("-id").values_list("pk", "subject", "created_at")[:limit]
    people = BatchRecipient.objects.filter(batch__in=[pk for pk, _, _ in rows]).values_list("batch")
    counts = dict(people.annotate(Count("id")).order_by("batch"))
    return [Sending(pk, subject, at, counts.get(pk, 0)) for pk, subject, at in rows]
