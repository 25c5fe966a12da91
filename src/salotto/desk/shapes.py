"""What the templates of the inbox show, prepared: rows of a list, entries of a thread."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.desk import lines, times
from salotto.desk.faces import code_of, contact_name, initials, tone
from salotto.desk.links import linked
from salotto.desk.mail.files import Chip, chip, is_picture
from salotto.desk.mail.shapes import View
from salotto.inbox.models import Kind
from salotto.inbox.queries import Entry, Head, Row, Window

SIDES = {Kind.VISITOR: "them", Kind.REPLY: "us", Kind.NOTE: "note", Kind.STATUS: "line"}
PREVIEW = 140
PLAIN_NAMES = ("web chat", "chat web")
"""What the first inbox of an account is called, in the language of whoever founded it."""


def channel_name(channel: str) -> str:
    """A channel in the reader's language."""
    return {"web": _("Web chat"), "email": _("Email")}.get(channel, channel.capitalize())


def way_in(channel: str, inbox: str) -> str:
    """A channel with the inbox of it: "Email · Support"; one that is called as its channel is
    named once."""
    name = channel_name(channel)
    plain = {name.lower(), *PLAIN_NAMES}
    return name if not inbox or inbox.strip().lower() in plain else f"{name} · {inbox}"


def face(name: str, email: str, visitor: UUID | None) -> tuple[str, str]:
    """A contact's name and initials."""
    short = initials(name or email)  # "?" for nobody
    if visitor is not None and not (name or email):
        short = code_of(visitor)[:2]
    return contact_name(name, email, visitor), short


@dataclass(frozen=True, slots=True)
class Card:
    """A row of the conversation list."""

    id: int
    key: str
    name: str
    initials: str
    tone: int
    visitor: str
    here: bool
    channel: str
    subject: str
    preview: str
    ours: bool
    lost: bool
    unread: int
    at: datetime
    ago: str
    waiting_since: datetime | None
    waiting: str
    assignee: str
    mine: bool
    version: int


def card(row: Row, *, by: Member, here: bool, now: datetime, lost: bool = False) -> Card:
    """A row as the member sees it; `here`: the visitor is on the site now, `lost`: the last mail
    of ours was not delivered."""
    name, short = face(row.name, row.email, row.visitor)
    return Card(
        id=row.id,
        key=str(row.place),
        name=name,
        initials=short,
        tone=tone(row.contact),
        visitor=str(row.visitor or ""),
        here=here,
        channel=way_in(row.channel, row.inbox),
        subject=row.subject if row.channel == "email" and row.preview else "",
        preview=(row.preview or row.subject)[:PREVIEW],
        ours=row.ours,
        lost=lost,
        unread=row.unread,
        at=row.last_activity,
        ago=times.ago(row.last_activity, now),
        waiting_since=row.waiting_since,
        waiting=times.waiting(row.waiting_since, now),
        assignee=(row.assignee_name or "").split(" ")[0],
        mine=row.assignee == by.user.pk,
        version=row.version,
    )


@dataclass(frozen=True, slots=True)
class Bubble:
    """An entry of a thread. `day` is set on the first entry of a day, `joined` on one that
    continues the bubble before it; `mail` is the email behind it, `files` are those that do not
    stand in its text, `forwarded` who got it with a note."""

    id: int
    client_id: str
    side: str
    who: str
    by: str
    html: SafeString | str
    at: datetime
    day: str
    joined: bool
    mail: View | None = None
    files: tuple[Chip, ...] = ()
    forwarded: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a thread, and what is known besides its entries: the contact's name, users by
    id, mails by message, and the conversations that status lines lead to."""

    member: Member
    contact: str
    names: Mapping[int, str]
    mails: Mapping[int, View]
    leads: Mapping[int, int]


def bubbles(
    window: Window,
    *,
    by: Member,
    contact: str,
    names: Mapping[int, str],
    mails: Mapping[int, View] | None = None,
    leads: Mapping[int, int] | None = None,
) -> list[Bubble]:
    """The entries of a window as the member sees them, in the active time zone."""
    reader = Reader(by, contact, names, mails or {}, leads or {})
    made, before = [], window.previous
    for entry in window.entries:
        made.append(_bubble(entry, before, reader))
        before = entry
    return made


def _bubble(entry: Entry, before: Entry | None, reader: Reader) -> Bubble:
    mail = reader.mails.get(entry.id)
    at = timezone.localtime(entry.at)
    new_day = before is None or timezone.localtime(before.at).date() != at.date()
    return Bubble(
        id=entry.id,
        client_id=str(entry.client_id),
        side=SIDES[Kind(entry.kind)],
        who=_who(entry, mail, reader),
        by=f"{entry.kind}-{entry.author or 0}",
        html=_body(entry, reader),
        at=at,
        day=times.day(at.date(), timezone.localdate()) if new_day else "",
        joined=not new_day and mail is None and _continues(entry, before),
        mail=mail,
        files=_files(entry, mail),
        forwarded=_forwarded(entry),
    )


def _who(entry: Entry, mail: View | None, reader: Reader) -> str:
    if entry.author == reader.member.user.pk:
        return _("You")
    if entry.author is None and mail is not None:
        return mail.who
    return reader.contact if entry.kind == Kind.VISITOR else (entry.author_name or "")


def _files(entry: Entry, mail: View | None) -> tuple[Chip, ...]:
    """What the HTML shows in place is not listed again where the HTML is shown."""
    shown = mail.pictures if mail is not None and mail.rich else frozenset[str]()
    return tuple(
        chip(file) for file in entry.files if not (file.content_id.lower() in shown and is_picture(file.type))
    )


def _forwarded(entry: Entry) -> str:
    people = entry.data.get("to") if "forwarded" in entry.data else None
    return ", ".join(map(str, people)) if isinstance(people, list) else ""


def _continues(entry: Entry, before: Entry | None) -> bool:
    if before is None or entry.kind == Kind.STATUS:
        return False
    same = (entry.kind, entry.author) == (before.kind, before.author)
    return same and (entry.at - before.at).total_seconds() < 60


def _body(entry: Entry, reader: Reader) -> SafeString | str:
    if entry.kind != Kind.STATUS:
        return linked(entry.body)
    words = lines.in_words(
        entry.data,
        author=entry.author,
        author_name=entry.author_name or "",
        reader=reader.member.user.pk,
        names=reader.names,
    )
    return _led(words, entry, reader)


def _led(words: str, entry: Entry, reader: Reader) -> SafeString | str:
    """The words with the way to the conversation that they speak of, if they do."""
    conversation = reader.leads.get(entry.id)
    if conversation is None:
        return words
    named = {"by_mail": _("Open the new conversation"), "sequel": _("Open the earlier chat")}
    address = reverse("conversation_short", args=[reader.member.account.slug, conversation])
    link = named.get(str(entry.data.get("what")), _("Open it"))
    return format_html('{} <a data-short href="{}">{}</a>', words, address, link)


@dataclass(frozen=True, slots=True)
class Person:
    """A conversation's contact in the header and in the contact pane; `place` is the channel with
    its inbox."""

    name: str
    initials: str
    tone: int
    visitor: str
    here: bool
    channel: str
    place: str
    language: str
    languages: tuple[tuple[str, str, bool], ...]
    """Those that can be chosen: code, name in the reader's language, whether it is theirs now."""


def person(head: Head, *, here: bool) -> Person:
    """The contact of a conversation."""
    name, short = face(head.name, head.email, head.visitor)
    return Person(
        name=name,
        initials=short,
        tone=tone(head.contact),
        visitor=str(head.visitor or ""),
        here=here,
        channel=channel_name(head.channel),
        place=way_in(head.channel, head.inbox),
        language=times.language_name(head.language),
        languages=tuple(_languages(head.language)),
    )


def _languages(now: str) -> Iterator[tuple[str, str, bool]]:
    short = now.partition("-")[0].lower()
    for code, _name in settings.LANGUAGES:
        yield code, times.language_name(code), code in (now, short)
