"""What the templates of the thread show of an email, prepared."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

from salotto.channels.email import hints, statuses
from salotto.channels.email.models import MailState
from salotto.channels.email.occasions import occasion_said
from salotto.channels.email.queries.originals import gone_from_mailbox
from salotto.channels.email.queries.threads import Delivery, Letter
from salotto.channels.email.recipients import Person
from salotto.channels.email.sending import patience
from salotto.core import clock
from salotto.core.addresses import email_key
from salotto.desk import times
from salotto.desk.email.shapes import when
from salotto.desk.mail.files import size_in_words
from salotto.inbox.queries import Entry, Head

MINUTES_OFF = timedelta(minutes=10)
"""A mail's own date is worth a word when it is further from when it came."""
SLACK = 3
"""Characters that text and shown text may differ by without anything being folded."""
_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg|r|i|rif|tr|sv|vs|antw)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a mail of ours is on its way: `meaning` is what is wrong, `error` are the server's own
    words, `then` is when it is tried again; `again`: it may be tried once more, `waits`: it may be
    stopped still; `forwarded` is the message that it passes on."""

    id: int
    state: str
    word: str
    error: str
    again: bool
    forwarded: int = 0
    meaning: str = ""
    then: str = ""

    @property
    def bad(self) -> bool:
        return self.state in (MailState.FAILED, MailState.BOUNCED)

    @property
    def waits(self) -> bool:
        return self.state == MailState.QUEUED

    @property
    def stopped(self) -> bool:
        return self.state == MailState.STOPPED


def sent(mail: Letter | Delivery, forwarded: int = 0) -> Sent:
    """The state of a mail in words; `forwarded` is the message that it passes on, if it does."""
    words = {
        MailState.QUEUED: _("waiting to be sent") if mail.error else _("queued"),
        MailState.SENDING: _("sending …"),
        MailState.SENT: _("mailed too") if mail.kind == "chat" else _("sent"),
        MailState.FAILED: _("Not sent"),
        MailState.STOPPED: _("stopped, not sent"),
        MailState.BOUNCED: _("Came back"),
    }
    unsent = mail.state in (MailState.FAILED, MailState.BOUNCED, MailState.STOPPED)
    waits = mail.state == MailState.QUEUED and bool(mail.error)
    own, error = statuses.ours(mail.error)
    return Sent(
        id=mail.message,
        state=mail.state,
        word=words[MailState(mail.state)],
        error=error,
        again=unsent or waits or (mail.state == MailState.SENT and mail.refused),
        forwarded=forwarded,
        meaning="\n".join(filter(None, (own, statuses.meaning(error)))),
        then=_then(mail) if waits and not mail.error.startswith(statuses.HELD) else "",
    )


def _then(mail: Letter | Delivery) -> str:
    """When a mail that was put off is tried again, and until when."""
    if mail.next_try is None or mail.tried_at is None:
        return ""
    last = mail.tried_at + patience.GIVE_UP_AFTER
    if mail.next_try <= clock.now():
        return _("It is tried again in a moment.")
    words = _("Next attempt: %(next)s. Until %(last)s it is tried again.")
    return words % {"next": when(mail.next_try), "last": when(last)}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a mail's head: what it is (`key`: to, cc …), and who."""

    key: str
    name: str
    people: list[Person]


@dataclass(frozen=True, slots=True)
class View:
    """An email within its bubble.

    `who` wrote it and `to` whom in one short line; `lines` is everybody; `title` is its subject, and
    `subject` too where it is not the conversation's, `dated` where the mail's own date says something.
    `rich`: its HTML is shown, in a frame; `folded`: a quote or a signature is hidden; `doubts`: why its
    sender may be somebody else; `locked` says that it is encrypted, if so, `hints` what else was not in
    order; `event`: the lines of a calendar entry that came with it; `part`: that only its headers are
    here; `pictures`: content ids, in lower case, of the files that the HTML shows.
    """

    id: int
    message: int
    who: str
    address: str
    to: str
    lines: list[Line]
    subject: str
    title: str
    dated: datetime | None
    rich: bool
    pictures: frozenset[str]
    has_html: bool
    folded: bool
    original: bool
    doubts: tuple[str, ...]
    hints: tuple[str, ...]
    locked: str
    event: list[tuple[str, str]]
    part: str
    automatic: bool
    sent: Sent | None


def view(mail: Letter, entry: Entry, head: Head, *, gone: bool = False) -> View:
    """The mail behind an entry, as its bubble shows it; `gone`: only its headers are here, and the rest
    lies in its mailbox no more."""
    mail = _by_author(mail, entry)
    return View(
        id=mail.id,
        message=mail.message,
        who=_name(mail.sender),
        address=mail.sender[1],
        to=_short(mail),
        lines=_lines(mail),
        subject=_subject(mail, head),
        title=mail.subject,
        dated=_dated(mail, entry),
        rich=mail.shape.rich,
        pictures=mail.shape.pictures,
        has_html=mail.has_html and not mail.ours,
        folded=mail.shape.folded if mail.shape.rich else _is_folded(mail, entry),
        original=mail.original,
        doubts=() if mail.ours else tuple(gettext(doubt) for doubt in mail.doubts),
        hints=() if mail.ours else tuple(map(hints.said, _without_lock(mail.hints))),
        locked=hints.said(hints.ENCRYPTED) if hints.ENCRYPTED in mail.hints and not mail.ours else "",
        event=occasion_said(str(entry.data.get("event", ""))),
        part=_part(entry.data.get("part"), gone=gone),
        automatic=bool(mail.automatic) and not mail.ours,
        sent=sent(mail, entry.data.get("forwarded", 0)) if mail.ours else None,
    )


def _part(given: object, *, gone: bool) -> str:
    """That a mail was too large to be fetched, of whose message nothing but its headers is here."""
    if not isinstance(given, dict):
        return ""
    lies = _(
        "This mail has %(size)s, and mails of up to %(limit)s are taken in. It lies whole in the mailbox and"
        " was not fetched; only its headers are here."
    )
    lost = _(
        "This mail had %(size)s, and mails of up to %(limit)s are taken in. Only its headers were fetched;"
        " the whole mail is not in the mailbox any more."
    )
    words = lost if gone else lies
    return words % {name: size_in_words(int(given.get(name, 0))) for name in ("size", "limit")}


def _without_lock(found: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with a mail; that it is encrypted is nothing wrong."""
    return (hint for hint in found if hint != hints.ENCRYPTED)


def _by_author(mail: Letter, entry: Entry) -> Letter:
    """A mail of ours under its author's plain name: what the customer reads as its sender is in the
    customer's language."""
    if not (mail.ours and entry.author_name):
        return mail
    return replace(mail, sender=(entry.author_name, mail.sender[1]))


def _is_folded(mail: Letter, entry: Entry) -> bool:
    return mail.kind in ("mail", "reply") and mail.length > len(entry.body) + SLACK


def _name(person: Person) -> str:
    return person[0] or person[1] or _("Unknown sender")


def _first(person: Person) -> str:
    """A name as short as a line needs it; an address stays whole."""
    return person[0].strip() or person[1]


def _short(mail: Letter) -> str:
    """ "to Anna Rossi and 2 more"; everybody counts. That a mail came to us needs no word."""
    everybody = [*mail.to, *mail.cc, *mail.bcc]
    if not mail.ours and len(everybody) == 1 and email_key(everybody[0][1]) in mail.own:
        return ""
    everybody = [
        (_("us"), address) if email_key(address) in mail.own else (name, address)
        for name, address in everybody
    ]
    if not everybody:
        return ""
    rest = len(everybody) - 1
    if not rest:
        return _("to %(name)s") % {"name": _first(everybody[0])}
    words = ngettext("to %(name)s and %(n)d more", "to %(name)s and %(n)d more", rest)
    return words % {"name": _first(everybody[0]), "n": rest}


def _lines(mail: Letter) -> list[Line]:
    found = [
        Line("from", _("From"), [mail.sender]),
        Line("to", _("To"), list(mail.to)),
        Line("cc", _("Cc"), list(mail.cc)),
        Line("bcc", _("Bcc"), list(mail.bcc)),
    ]
    return [line for line in found if line.people]


def bare(subject: str) -> str:
    """A subject without the marks of answering and forwarding, for comparing."""
    return " ".join(_PREFIX.sub("", subject.strip()).split()).casefold()


def _subject(mail: Letter, head: Head) -> str:
    return mail.subject if bare(mail.subject)[:150] != bare(head.subject)[:150] else ""


def _dated(mail: Letter, entry: Entry) -> datetime | None:
    if mail.ours or mail.dated is None or abs(entry.at - mail.dated) < MINUTES_OFF:
        return None
    return mail.dated


def dated_in_words(moment: datetime) -> str:
    """A mail's own date, in the active time zone."""
    local = timezone.localtime(moment)
    return f"{times.long_date(local.date())}, {local:%H:%M}"


def views(entries: list[Entry], mails: Mapping[int, Letter], head: Head) -> dict[int, View]:
    """The mails of a window as their bubbles show them, by message; one query if only the headers of
    one are here."""
    found = [entry for entry in entries if entry.id in mails]
    parts = [entry.id for entry in found if entry.data.get("part")]
    gone = gone_from_mailbox(parts) if parts else set()
    return {entry.id: view(mails[entry.id], entry, head, gone=entry.id in gone) for entry in found}
