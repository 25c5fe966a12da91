"""The emails behind the messages of a thread, as a page shows them; in the caller's account scope."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When
from django.db.models.functions import Left, Length

from salotto.channels.email.addresses import keys_in
from salotto.channels.email.letters import DOUBTS
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.recipients import Person, as_people, written
from salotto.core.errors import Missing
from salotto.inbox.models import Attachment, Kind, Message

LOOKED_AT = 200_000
"""Characters of a mail's HTML that say how it is to be shown."""
REMEMBERED = 20_000
"""Mails whose shape is remembered: it never changes."""
MOST_DELIVERIES = 20
LEFT = (MailState.SENT, MailState.BOUNCED)
"""States of a mail of ours that a server has taken."""
NOT_THERE = (MailState.FAILED, MailState.BOUNCED)
MOST_FILES = 200
MOST_FORWARDS = 8
"""Times that a mail was passed on, one after the other, of which all is shown and sent."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`rich`: the HTML says more than its text; `folded`: a quote or a signature is folded off it;
    `pictures`: the files, by content id in lower case, that it shows in place."""

    rich: bool
    folded: bool
    pictures: frozenset[str] = frozenset()


PLAIN = Shape(False, False)
_shapes: OrderedDict[tuple[int, int], Shape] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Letter:
    """The email behind a message. `length` is that of its whole text, `original`: it is kept as it
    came, or has left and can be written again; `refused`: a server has not taken it for somebody;
    `doubts` say why its sender may be somebody else, `hints` are what was broken in it, `own` the
    addresses of its mailbox. `next_try` is when one that waits goes out, `tried_at` when it was tried
    first."""

    id: int
    message: int
    kind: str
    state: str
    error: str
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    bcc: tuple[Person, ...]
    subject: str
    dated: datetime | None
    automatic: str
    refused: bool
    doubts: tuple[str, ...]
    hints: tuple[str, ...]
    length: int
    original: bool
    has_html: bool
    shape: Shape
    own: frozenset[str]
    next_try: datetime | None = None
    tried_at: datetime | None = None

    @property
    def ours(self) -> bool:
        """We send it, or have sent it."""
        return self.state != MailState.RECEIVED


_FIELDS = (
    "id", "message_id", "kind", "state", "error", "sender_name", "sender", "to", "cc", "bcc", "subject",
    "dated", "automatic", "problems", "length", "raw_id", "html_length", "looked_at",
    "mailbox__address", "mailbox__aliases", "next_try_at", "tried_at",
)  # fmt: skip


def mails_of(account_id: int, messages: Iterable[int]) -> dict[int, Letter]:
    """The mails behind these messages of a window, by message; one query."""
    wanted = list(messages)
    known = [number for number in wanted if (account_id, number) in _shapes]
    html = Case(When(message_id__in=known, then=Value("")), default=Left("html", LOOKED_AT))
    found = Mail.objects.filter(message_id__in=wanted).annotate(
        length=Length("text"), html_length=Length("html"), looked_at=html
    )
    return {row["message_id"]: _letter(account_id, row) for row in found.values(*_FIELDS)}


def _letter(account_id: int, row: dict[str, Any]) -> Letter:
    problems = row["problems"] if isinstance(row["problems"], list) else []
    said = [one for one in problems if isinstance(one, str) and one]
    return Letter(
        id=row["id"],
        message=row["message_id"],
        kind=row["kind"],
        state=row["state"],
        error=row["error"],
        sender=(row["sender_name"], row["sender"]),
        to=as_people(row["to"]),
        cc=as_people(row["cc"]),
        bcc=as_people(row["bcc"]),
        subject=row["subject"],
        dated=row["dated"],
        automatic=row["automatic"],
        refused=has_refused(problems),
        doubts=tuple(one for one in said if one in DOUBTS),
        hints=tuple(one for one in said if one not in DOUBTS),
        length=row["length"],
        original=row["raw_id"] is not None or row["state"] in LEFT,
        has_html=row["html_length"] > 0,
        shape=_shape(account_id, row),
        own=frozenset(keys_in(row["mailbox__address"], row["mailbox__aliases"])),
        next_try=row["next_try_at"],
        tried_at=row["tried_at"],
    )


def has_refused(problems: object) -> bool:
    """Whether a mail's row names recipients whom a server has not taken."""
    return isinstance(problems, list) and any(isinstance(one, dict) for one in problems)


def _shape(account_id: int, row: dict[str, Any]) -> Shape:
    """How the HTML is to be shown: looked at once, then remembered."""
    if not row["html_length"] or row["state"] != MailState.RECEIVED:
        return PLAIN
    key = (account_id, row["message_id"])
    known = _shapes.get(key)
    if known is None:
        # loaded when needed: a server that shows no mail stays small
        from salotto.channels.email.mime.folding import passes_on
        from salotto.channels.email.mime.htmlfold import fold_html
        from salotto.channels.email.safe.html import is_rich, pictures_of

        html = row["looked_at"]
        visible, rest = fold_html(html, passes_on=passes_on(row["subject"]))
        known = _shapes[key] = Shape(is_rich(visible), bool(rest), pictures_of(html))
        while len(_shapes) > REMEMBERED:
            _shapes.popitem(last=False)
    return known


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a mail of ours is on its way; `refused`: a server has not taken it for somebody;
    `forwarded` is the message that it passes on, 0 if none; `next_try` and `tried_at` as of a Letter."""

    message: int
    kind: str
    state: str
    error: str
    refused: bool
    forwarded: int
    next_try: datetime | None = None
    tried_at: datetime | None = None


def deliveries(conversation: int) -> list[Delivery]:
    """How the mails fare that a conversation has sent, those that changed last; at most 20."""
    sent = Mail.objects.filter(conversation_id=conversation, message__isnull=False)
    ours = sent.exclude(state=MailState.RECEIVED).order_by("-changed_at", "-id")
    fields = ("message_id", "kind", "state", "error", "problems", "message__data__forwarded")
    rows = ours.values_list(*fields, "next_try_at", "tried_at")
    return [
        Delivery(message, kind, state, error, has_refused(problems), forwarded or 0, next_try, tried)
        for message, kind, state, error, problems, forwarded, next_try, tried in rows[:MOST_DELIVERIES]
    ]


def not_delivered(conversations: Iterable[int]) -> set[int]:
    """Those of at most 50 conversations whose last answer, or what was passed on after it, did not
    arrive: it was not sent, or came back, at least for one of its recipients; one query."""
    ours = Mail.objects.filter(conversation_id__in=list(conversations)[:50], message__isnull=False)
    ours = ours.exclude(state=MailState.RECEIVED).exclude(kind="auto")
    newest = ours.order_by("conversation_id", "message__kind", "-message_id")
    rows = newest.distinct("conversation_id", "message__kind")
    fields = ("conversation_id", "message_id", "message__kind", "state", "problems")
    lost: dict[int, bool] = {}
    for conversation, _, kind, state, problems in sorted(rows.values_list(*fields), key=lambda row: row[:2]):
        before = kind == Kind.NOTE and lost.get(conversation, False)
        lost[conversation] = before or state in NOT_THERE or _is_without_some(problems)
    return {conversation for conversation, is_lost in lost.items() if is_lost}


def _is_without_some(problems: object) -> bool:
    """Whether a mail's row names recipients who do not get it, unless somebody tries again."""
    given = problems if isinstance(problems, list) else []
    return any(isinstance(one, dict) and not one.get("again") for one in given)


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says, whole; `ours`: we have sent it."""

    mail: int
    conversation: int
    subject: str
    text: str
    html: str
    state: str

    @property
    def ours(self) -> bool:
        return self.state != MailState.RECEIVED


def content_of(message: int) -> Content:
    """The whole of the mail behind a message. Raises Missing where there is none."""
    found = Mail.objects.filter(message_id=message)
    row = found.values_list("id", "conversation_id", "subject", "text", "html", "state").first()
    if row is None:
        raise Missing
    return Content(*row)


def sent_as(message: int) -> tuple[str, str] | None:
    """Whom a mail of ours was forwarded to, as written, and the words above it; None for any other."""
    row = Mail.objects.filter(message_id=message, kind="forward").values_list("to", "text").first()
    return (", ".join(map(written, as_people(row[0]))), row[1]) if row else None


def passed_on(message: int) -> str:
    """The text of what a forwarded mail passes on, with what that passes on itself; "" for others."""
    texts: list[str] = []
    for _ in range(MOST_FORWARDS):
        source = Message.objects.filter(pk=message).values_list("data__forwarded", flat=True).first()
        if not source:
            break
        message = source
        texts += Mail.objects.filter(message_id=message).values_list("text", flat=True)
    return "\n\n".join(filter(None, (text.strip() for text in texts)))


def inline_files(message: int, types: Collection[str]) -> dict[str, int]:
    """The files of these types that the HTML of a message may show in place: attachment by content id
    in lower case."""
    given = Attachment.objects.filter(message_id=message, type__in=types)
    named = given.exclude(content_id="").order_by("-place", "-id")
    return {name.lower(): pk for name, pk in named.values_list("content_id", "id")[:MOST_FILES]}


def mail_of(message: int) -> int:
    """The id of the mail behind a message. Raises Missing where there is none."""
    found: int | None = Mail.objects.filter(message_id=message).values_list("id", flat=True).first()
    if found is None:
        raise Missing
    return found
