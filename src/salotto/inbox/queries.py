"""Reads of the inbox: lists, threads, counters, the card of a contact.

Every list is bounded and paged by key, inside the account's scope. Joins inside an
account name the account on both sides, since the keys are `(account_id, id)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.db.models.functions import JSONObject

from salotto.accounts.members import Member
from salotto.accounts.models import User
from salotto.core.errors import BadRequest, Missing
from salotto.inbox.boxes import View
from salotto.inbox.models import Attachment, Blob, Conversation, Inbox, Kind, Message, Tally

LIST_PAGE = 50
THREAD_PAGE = 50
MOST_ROWS = 50
MOST_EARLIER = 10
MOST_FILES = 100
"""Files of one message that are listed."""
BIGGEST_ID = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list continues: the sort key of its last row, as `<microseconds>-<id>`."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place in `text`; raises BadRequest when it is not one of ours."""
        moment, _, number = text.partition("-")
        if not (_digits(moment, 17) and _digits(number, 19)) or int(number) > BIGGEST_ID:
            raise BadRequest()
        return cls(EPOCH + timedelta(microseconds=int(moment)), int(number))


def _digits(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= most


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation as a list shows it."""

    id: int
    contact: int
    name: str
    email: str
    visitor: UUID | None
    channel: str
    inbox: str
    subject: str
    preview: str
    ours: bool
    unread: int
    waiting_since: datetime | None
    last_activity: datetime
    status: str
    assignee: int | None
    assignee_name: str | None
    version: int

    @property
    def place(self) -> Place:
        return Place(self.last_activity, self.id)


_ROW = (
    "id",
    "contact_id",
    "contact__name",
    "contact__email",
    "visitor",
    "inbox__channel",
    "inbox__name",
    "subject",
    "preview",
    "preview_ours",
    "unread",
    "waiting_since",
    "last_activity",
    "status",
    "assignee_id",
    "assignee__name",
    "version",
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `next` is where it continues, or None."""

    rows: list[Row]
    next: Place | None


def _found(view: View, by: Member) -> "QuerySet[Conversation]":
    account = by.account.pk
    within = {"contact__account_id": account, "inbox__account_id": account}
    found: QuerySet[Conversation] = Conversation.objects.filter(**view.conditions(by), **within)
    return found


def conversations(view: View, *, by: Member, before: Place | None = None, limit: int = LIST_PAGE) -> Page:
    """The newest `limit` conversations of a view, after `before` if given; one query."""
    found = _found(view, by)
    if before is not None:
        here = Tuple(F("last_activity"), F("id"))
        found = found.filter(TupleLessThan(here, (before.at, before.id)))
    newest = found.order_by("-last_activity", "-id").values_list(*_ROW)[: limit + 1]
    rows = [Row(*values) for values in newest]
    more = len(rows) > limit
    return Page(rows[:limit], rows[limit - 1].place if more else None)


def rows(view: View, ids: Iterable[int], *, by: Member) -> list[Row]:
    """Those of at most 50 conversations that stand in the view now, newest first."""
    wanted = [number for number in ids if 0 < number <= BIGGEST_ID][:MOST_ROWS]
    found = _found(view, by).filter(id__in=wanted).order_by("-last_activity", "-id")
    return [Row(*values) for values in found.values_list(*_ROW)]


def tallies(*, by: Member) -> dict[View, int]:
    """How many conversations stand in each open view; sums of a few rows, one query."""
    names = {"open": View.ALL, "unassigned": View.UNASSIGNED, "mine": View.MINE}
    sums = (
        Tally.objects.filter(owner__in=[0, by.user.pk])
        .values_list("name")
        .annotate(total=Sum("value"))
        .order_by()
    )
    counted = {names[name]: max(0, total) for name, total in sums}
    return {view: counted.get(view, 0) for view in names.values()}


@dataclass(frozen=True, slots=True)
class Ways:
    """How conversations come in: by how many inboxes, and how many of them are email."""

    inboxes: int
    email: int


def ways() -> Ways:
    """The account's inboxes, counted; one query."""
    counted = Inbox.objects.aggregate(inboxes=Count("id"), email=Count("id", filter=Q(channel="email")))
    return Ways(**counted)


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation with its contact, as the thread's header and the contact pane show it."""

    id: int
    contact: int
    name: str
    email: str
    language: str
    since: datetime
    visitor: UUID | None
    channel: str
    inbox: str
    subject: str
    unread: int
    status: str
    assignee: int | None
    assignee_name: str | None
    last_message: int
    seen_by_visitor: int
    version: int

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def parted(self) -> bool:
        """Whether it was a chat and goes on by mail, without its visitor (`sql/formers.sql`)."""
        return self.visitor is not None and self.visitor.hex[12] == "8"


_HEAD = (
    "id",
    "contact_id",
    "contact__name",
    "contact__email",
    "contact__language",
    "contact__created_at",
    "visitor",
    "inbox__channel",
    "inbox__name",
    "subject",
    "unread",
    "status",
    "assignee_id",
    "assignee__name",
    "last_message",
    "seen_by_visitor",
    "version",
)


def head(conversation: int, *, by: Member) -> Head:
    """One conversation; raises Missing when it is not one of the member's account."""
    if not 0 < conversation <= BIGGEST_ID:
        raise Missing()
    account = by.account.pk
    found = Conversation.objects.filter(
        id=conversation, contact__account_id=account, inbox__account_id=account
    )
    values = found.values_list(*_HEAD).first()
    if values is None:
        raise Missing()
    return Head(*values)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a message; `inline`: it stands in its text, which may name it by its `content_id`."""

    id: int
    name: str
    type: str
    size: int
    inline: bool
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a thread."""

    id: int
    client_id: UUID
    kind: str
    author: int | None
    author_name: str | None
    body: str
    data: dict[str, Any]
    at: datetime
    files: list[Attached] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Written by the team, for the contact."""
        return self.kind == Kind.REPLY


_ENTRY = ("id", "client_id", "kind", "author_id", "author__name", "body", "data", "created_at", "attached")
_FILE = ("id", "name", "type", "size", "inline", "content_id")
_ATTACHED = JSONObject(**{name: name for name in _FILE})


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a thread, oldest first. `previous` is the entry before it, where known:
    what the first one continues or not. `older` and `newer` say whether there is more."""

    entries: list[Entry]
    previous: Entry | None
    older: bool
    newer: bool


def thread(
    conversation: int,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = THREAD_PAGE,
) -> Window:
    """The latest `limit` entries, or those next to an id; one query.

    `before` gives the entries older than that id, `after` the newer ones.
    """
    found = Message.objects.filter(conversation_id=conversation)
    if after is not None:
        return _newer(found, after, limit)
    if before is not None:
        found = found.filter(id__lt=before)
    entries = _entries(found.order_by("-id")[: limit + 1])[::-1]
    more = len(entries) > limit
    previous = entries[0] if more else None
    return Window(entries[more:], previous, more, before is not None)


def sequel(conversation: int) -> int | None:
    """The conversation that the visitor of a chat has begun since it goes on by mail, the latest."""
    found = Conversation.objects.filter(linked_id=conversation, visitor__isnull=False)
    latest: int | None = found.order_by("-id").values_list("id", flat=True).first()
    return latest


def still_there(conversations: Iterable[int]) -> set[int]:
    """Those of these conversations that the account has, and nobody has deleted."""
    wanted = set(conversations)
    return set(Conversation.objects.filter(id__in=wanted).values_list("id", flat=True)) if wanted else set()


def _newer(found: "QuerySet[Message]", after: int, limit: int) -> Window:
    entries = _entries(found.filter(id__gte=after).order_by("id")[: limit + 2])
    known = bool(entries) and entries[0].id == after
    previous = entries[0] if known else None
    fresh = entries[known : limit + known]
    return Window(fresh, previous, known, len(entries) - known > limit)


def _entries(found: "QuerySet[Message]") -> list[Entry]:
    files = Attachment.objects.filter(message_id=OuterRef("id")).order_by("place", "id")
    attached = ArraySubquery(files.values_list(_ATTACHED)[:MOST_FILES])
    rows = found.annotate(attached=attached).values_list(*_ENTRY)
    return [_entry(*row) for row in rows]


def _entry(*row: Any) -> Entry:
    return Entry(*row[:-1], files=[Attached(**file) for file in row[-1]])  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it is handed out; `sha256` is that of its bytes, in hex."""

    id: int
    blob: int
    name: str
    type: str
    size: int
    sha256: str


def file(attachment: int, *, by: Member) -> Served:
    """A file of a message, or an upload of the member's own that waits. Raises Missing."""
    if not 0 < attachment <= BIGGEST_ID:
        raise Missing()
    own = Q(message__isnull=False) | Q(author=by.user)
    found = Attachment.objects.filter(own, pk=attachment)
    row = found.values_list("id", "blob_id", "name", "type", "size", "blob__sha256").first()
    if row is None:
        raise Missing()
    return Served(*row)


def files_of(message: int) -> list[Attached]:
    """The files of a message, in order."""
    found = Attachment.objects.filter(message_id=message).order_by("place", "id")
    return [Attached(*row) for row in found.values_list(*_FILE)[:MOST_FILES]]


def conversation_of(message: int) -> int:
    """The conversation that a message is part of. Raises Missing."""
    found = Message.objects.filter(pk=message).values_list("conversation_id", flat=True).first()
    if found is None:
        raise Missing()
    return int(found)


def content(file: Served) -> bytes:
    """The bytes of a file. Raises Missing when it has gone meanwhile."""
    found = Blob.objects.filter(pk=file.blob).values_list("content", flat=True).first()
    if found is None:
        raise Missing()
    return bytes(found)


def names(ids: Iterable[int]) -> dict[int, str]:
    """The names of users that status lines speak of, by id; no query for none."""
    wanted = set(ids)
    if not wanted:
        return {}
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "name")[: len(wanted)])


@dataclass(frozen=True, slots=True)
class Visit:
    """The page a visitor wrote from last."""

    page: str
    title: str
    at: datetime


def last_visit(conversation: int) -> Visit | None:
    """Where the contact's latest message was written; None when the channel knows no pages."""
    latest = Message.objects.filter(conversation_id=conversation, kind=Kind.VISITOR)
    found = latest.order_by("-id").values_list("data", "created_at").first()
    if found is None or not found[0].get("page"):
        return None
    return Visit(str(found[0]["page"]), str(found[0].get("title") or ""), found[1])


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another conversation of the same contact."""

    id: int
    preview: str
    status: str
    at: datetime


def earlier(contact: int, *, but: int) -> list[Earlier]:
    """The latest other conversations of a contact; at most 10."""
    others = Conversation.objects.filter(contact_id=contact).exclude(id=but)
    fields = ("id", "preview", "status", "last_activity")
    return [Earlier(*v) for v in others.order_by("-id").values_list(*fields)[:MOST_EARLIER]]
