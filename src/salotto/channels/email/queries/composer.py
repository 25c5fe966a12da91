"""What an agent's composer knows before anything is written; in the caller's account scope."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from salotto.channels.email import queries
from salotto.channels.email.actions import queueing
from salotto.channels.email.models import Batch, BatchRecipient, BatchState, Mail, Mailbox, MailState
from salotto.channels.email.queries import sending
from salotto.channels.email.recipients import Person, Recipients
from salotto.channels.email.subjects import reply_subject
from salotto.core.errors import Missing
from salotto.inbox.models import Contact, Conversation

MOST_MAILBOXES = 200
NEWEST_CONTACTS = 5000
"""Contacts among which a suggestion is looked for."""
MOST_SUGGESTIONS = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer by mail begins with. `quoted` is the text of the mail that it answers."""

    address: str
    enabled: bool
    people: Recipients
    subject: str
    quoted: str

    @property
    def can_go(self) -> bool:
        """Whether the inbox sends at all."""
        return self.enabled and bool(self.address)


def answer_to(conversation: int) -> Answer | None:
    """What an answer in an email conversation begins with; None where its inbox has no mailbox."""
    found = Conversation.objects.select_related("inbox", "contact", "account").get(pk=conversation)
    mailbox = queries.mailbox_of(found.inbox_id)
    if mailbox is None:
        return None
    last = sending.last_mail(found.pk)
    return Answer(
        address=queueing.from_address(mailbox),
        enabled=mailbox.enabled,
        people=queueing.usual_recipients(found, last),
        subject=_subject(found, last),
        quoted=last.text if last else "",
    )


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


@dataclass(frozen=True, slots=True)
class From:
    """A mailbox that can be written from."""

    id: int
    name: str
    address: str


def mailboxes() -> list[From]:
    """The account's mailboxes that are switched on and have an address, by name."""
    rows = Mailbox.objects.select_related("inbox").filter(enabled=True).order_by("inbox__name", "id")
    found = [From(row.pk, row.inbox.name, queueing.from_address(row)) for row in rows[:MOST_MAILBOXES]]
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
    """A mail to many as a list names it."""

    id: int
    subject: str
    at: datetime


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
    rows = Batch.objects.order_by("-id").values_list("pk", "subject", "created_at")
    return [Sending(*row) for row in rows[:limit]]
