"""What taking a mail in needs to know of it: who wrote it, to whom, and what threads it. PURE."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext_noop as _

from salotto.channels.email.addresses import thread_of
from salotto.channels.email.mime.parsed import SEVERAL, Address, ParsedMail
from salotto.channels.email.threading import UNREAD, Letter

MOST_IDS = 100
"""Ids of References that are looked at, the newest."""
MOST_PEOPLE = 200
"""Participants that one mail brings."""
MOST_HOPS = 50
"""A mail with more Received headers goes round in circles."""
ADDRESS_LIMIT = 320
LONGEST_FOOTER = 1_500
"""Characters below a mail that are taken for a list's own."""
UNPROVEN = _("It bears an address of the team, but no signature proves that it was sent from there.")
LOOSE = _(
    "It bears an address of the team and is signed, but no signature says that it was meant for this place."
)
REFUTED = _("The mail server that received it found that it was not sent from where its sender says.")
DOUBTS = (UNPROVEN, LOOSE, REFUTED, SEVERAL)
"""Problems that are kept in English and shown in the reader's language."""
_PIECE = 262_144
"""Characters of a text that are looked at at once."""
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_RETURN_PATH = re.compile(rb"^return-path:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_MARK = re.compile(r"\[[^\[\]]{1,60}\]\s*")
_BEFORE = re.compile(r"\s*(?:\[[^\[\]]{1,60}\]\s*|[^\W\d_]{1,5}\s?:\s*)*")
"""Marks in brackets, and words like "Re:" in any language."""
_RULE = re.compile(r"^[ \t]*(?:--|__|==|\*\*|~~|##)[-_=*~#]*[ \t]*$", re.MULTILINE)
_VIA = re.compile(r"['\"]?(.*?)['\"]?\s+(?:via|über|tramite|através de)\s+\S.*", re.IGNORECASE | re.DOTALL)
_CERTIFIED = re.compile(r"per conto di\s*:\s*\S", re.IGNORECASE)
"""How a provider of certified mail (PEC) names itself in an envelope: "Per conto di: anna@pec.example"."""

IsOwn = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a mail without opening it; `body` is its `body_digest`, `from_nobody` whether
    the envelope's sender was empty, as that of reports is; None if nobody has told. `part` is how
    many bytes it has as a whole if only its headers are here, else 0."""

    raw: int
    account: int
    sender: str = ""
    recipients: tuple[str, ...] = ()
    marked: bool = False
    body: str = "0" * 64
    from_nobody: bool | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail that was read: `person` wrote it, `people` (their keys) take part with it, and
    `outside` is the first recipient who is not of the account. `automatic` is why it is no
    letter of a person, or "". `problems` are those of reading it, and of its id."""

    envelope: Envelope
    mail: ParsedMail
    letter: Letter
    person: Address
    people: tuple[str, ...]
    outside: Address | None
    automatic: str
    problems: tuple[str, ...]

    @property
    def is_claimed(self) -> bool:
        """Whether who wrote it is only said by headers that no mail server checks."""
        return self.person.key not in self.letter.senders


def open_letter(envelope: Envelope, mail: ParsedMail, is_own: IsOwn) -> Opened:
    """What the mail is to an account whose addresses `is_own` knows."""
    mail = _headers_only(mail) if envelope.part else mail
    person = person_of(mail, envelope.sender, is_own)
    outside = [one for one in (*mail.to, *mail.cc) if one.address and not is_own(one.key)]
    return Opened(
        envelope=envelope,
        mail=mail,
        letter=_letter(envelope, mail, person, is_own),
        person=person,
        people=_people((person, *mail.reply_to, *outside), is_own),
        outside=outside[0] if outside else None,
        automatic=_automatic(envelope, mail),
        problems=mail.problems,
    )


def _headers_only(mail: ParsedMail) -> ParsedMail:
    """A mail of which nothing else is here: that its parts are missing is no fault of it."""
    problems = tuple(one for one in mail.problems if one in DOUBTS)
    nothing = replace(mail, text="", visible="", html="", event="", parts=(), bounce=None)
    return replace(nothing, problems=problems)


def person_of(mail: ParsedMail, envelope_sender: str, is_own: IsOwn) -> Address:
    """Who wrote it: From; but Reply-To where a list or a form on the company's own site has put
    itself there ("Anna via Support", or one of the account's own addresses), or a provider of
    certified mail has; the envelope's sender where the mail names nobody. What Reply-To says makes
    nobody part of a conversation."""
    sender = mail.sender
    if not sender.address:
        return Address(sender.name, envelope_sender[:ADDRESS_LIMIT])
    via = _VIA.fullmatch(sender.name[:300])
    asked = next((one for one in mail.reply_to if one.address and not is_own(one.key)), None)
    instead = via or _CERTIFIED.match(sender.name[:300]) or is_own(sender.key)
    if asked is None or not instead:
        return Address(sender.name, sender.address[:ADDRESS_LIMIT])
    return Address(asked.name or (via[1] if via else ""), asked.address[:ADDRESS_LIMIT])


def with_own_id(opened: Opened, keep_as_named: bool) -> Opened:
    """The same mail under an id made from what it says, since another mail has the one it bears;
    that one still says what it belongs to if `keep_as_named`."""
    letter = opened.letter
    named = (letter.id, *letter.named) if keep_as_named else letter.named
    renamed = replace(letter, id=letter.spare, named=named)
    problem = "Another mail has the same Message-ID; this one was given an id of its own."
    return replace(opened, letter=renamed, problems=(*opened.problems, problem))


def naming(opened: Opened, value: str) -> Opened:
    """The same mail, to be found under this id too by whoever takes part in its conversation."""
    letter = opened.letter
    return replace(opened, letter=replace(letter, named=tuple(dict.fromkeys((value, *letter.named)))))


def is_meant(opened: Opened, is_own: IsOwn) -> bool:
    """Whether a mail of the team was meant for this account, by what a signature covers: it is from
    one of its addresses, or names one as recipient. What an agent wrote to others is not."""
    named = (opened.person, *opened.mail.to, *opened.mail.cc)
    return any(one.address and is_own(one.key) for one in named)


def proven(opened: Opened) -> Opened:
    """The same mail of one of the team, whose domain has signed it. Signed addresses count where a
    signature covers them, not where whoever sent it on has put them."""
    named = (one.address for one in (*opened.mail.to, *opened.mail.cc))
    threads = _threads(opened.envelope.account, named)
    return replace(opened, letter=replace(opened.letter, proven=True, threads=threads))


def unproven(opened: Opened, doubt: str = UNPROVEN) -> Opened:
    """The same mail, which bears an address of the team as anybody can write it."""
    return replace(opened, problems=(*opened.problems, doubt))


def refuted(opened: Opened) -> Opened:
    """The same mail, of which the server that received it says that its sender has not sent it."""
    return replace(opened, problems=(*opened.problems, REFUTED))


def as_loop(opened: Opened) -> Opened:
    """The same mail, of somebody who sends so many that no person can be behind it."""
    return replace(opened, automatic="loop")


def fingerprint(mail: ParsedMail, body: str) -> str:
    """What two copies of one mail have in common, and two mails with one id have not: 24 hex
    digits of sender, date and subject, 20 of what it says and its files are called, and 20 of its
    `body` (`body_digest`). Marks before the subject ("[EXTERN]", a list's name) are left aside, and
    so is what a list has written below. `threading.is_same` compares them."""
    text = _without_footer(mail.text) if mail.automatic == "list" else mail.text
    return _head(mail, _unmarked(mail.subject)) + _said(mail, text) + body[:20]


def alike(mail: ParsedMail, body: str) -> tuple[str, ...]:
    """Other fingerprints by which the same mail may be known: of a copy without the list's words
    below, and those that were once made, with the marks of the subject."""
    heads = (_head(mail, _unmarked(mail.subject)), _head(mail, mail.subject))
    texts = (mail.text, _without_footer(mail.text)) if mail.automatic == "list" else (mail.text,)
    found = (f"{head}{_said(mail, text)}{body[:20]}" for head in heads for text in texts)
    return tuple(dict.fromkeys(found))


def _fingerprints(envelope: Envelope, mail: ParsedMail) -> tuple[str, tuple[str, ...]]:
    """That of a mail, and others by which it may be known."""
    if not envelope.part:
        return fingerprint(mail, envelope.body), alike(mail, envelope.body)
    return _head(mail, _unmarked(mail.subject)) + UNREAD, (_head(mail, mail.subject) + UNREAD,)


def _head(mail: ParsedMail, subject: str) -> str:
    date = mail.date.isoformat() if mail.date else ""
    return _digest("\n".join((mail.sender.address.lower(), date, " ".join(subject.split()))))[:24]


def _said(mail: ParsedMail, text: str) -> str:
    """Without white space, a piece at a time: all words of a large text take twenty times its size."""
    digest = hashlib.sha256()
    for at in range(0, len(text), _PIECE):
        digest.update("".join(text[at : at + _PIECE].split()).encode())
    digest.update("".join(f"\n{part.name}" for part in mail.parts).encode())
    return digest.hexdigest()[:20]


def _unmarked(subject: str) -> str:
    """A subject without the marks in brackets before its words, wherever its "Re:" stands."""
    found = _BEFORE.match(subject)
    before = found[0] if found else ""
    return _MARK.sub("", before) + subject[len(before) :]


def _without_footer(text: str) -> str:
    """A text without what a list has written below its last line of dashes or the like, if that is
    short and something stands above."""
    tail = max(0, len(text) - LONGEST_FOOTER)
    below = [found.start() for found in _RULE.finditer(text, tail) if text[found.end() :].strip()]
    return text[: below[-1]] if below and text[: below[-1]].strip() else text


def body_digest(content: bytes) -> str:
    """Of the bytes below the headers, without white space: the same for a mail that is fetched
    again, however it is read by then. SHA-256 in hex."""
    end = _HEAD_END.search(content)
    body = content[end.end() :] if end else b""
    return hashlib.sha256(body.translate(None, b" \t\r\n")).hexdigest()


def came_from_nobody(source: str, sender: str, content: bytes) -> bool | None:
    """Whether the envelope's sender was empty: by what a mail server told us, else by the topmost
    Return-Path, which the server writes that delivers a mail; None without either."""
    if sender or source in ("smtp", "lmtp"):
        return not sender
    end = _HEAD_END.search(content)
    found = _RETURN_PATH.search(content, 0, end.start() if end else len(content))
    return None if found is None else found[1].strip() in (b"<>", b"")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _letter(envelope: Envelope, mail: ParsedMail, person: Address, is_own: IsOwn) -> Letter:
    same, others = _fingerprints(envelope, mail)
    spare = hashlib.sha256(f"{mail.message_id}\n{same}".encode()).hexdigest()
    named = (*mail.in_reply_to, *reversed(mail.references[-MOST_IDS:]))
    asked = mail.reply_to if mail.in_from else (mail.sender, *mail.beside, *mail.reply_to)
    copied = (one for one in (*mail.to, *mail.cc) if not is_own(one.key))
    return Letter(
        id=mail.message_id,
        fingerprint=same,
        alike=others,
        named=tuple(value for value in dict.fromkeys(named) if value != mail.message_id),
        senders=tuple(_once(_senders(mail, person, is_own))),
        answers_to=tuple(_once(one.key for one in (*asked, *copied))) if asked else (),
        people=tuple(_once(one.key for one in (mail.sender, person, *mail.reply_to, *mail.to, *mail.cc))),
        threads=_threads(envelope.account, _recipients(envelope, mail)),
        spare=f"{spare}@repeated-message-id.invalid",
        ours=envelope.marked or is_own(mail.sender.key),
    )


def _senders(mail: ParsedMail, person: Address, is_own: IsOwn) -> Iterator[str]:
    """Who has sent it; not whom other headers than From name, which anybody can write and no mail
    server checks."""
    if not mail.in_from and mail.sender.address:
        return
    if person.key == mail.sender.key or not mail.sender.address:
        yield person.key
    elif not is_own(mail.sender.key):
        yield mail.sender.key


def _once(addresses: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(one for one in addresses if one)


def _recipients(envelope: Envelope, mail: ParsedMail) -> Iterator[str]:
    yield from (*envelope.recipients, *mail.delivered_to)
    yield from (one.address for one in (*mail.to, *mail.cc, *mail.bcc))


def _threads(account: int, recipients: Iterable[str]) -> tuple[int, ...]:
    """The conversations of the account whose signed addresses are among these, each once."""
    found = (thread for address in recipients if (thread := thread_of(address)) is not None)
    return tuple(dict.fromkeys(one.conversation for one in found if one.account == account))


def _people(people: Iterable[Address], is_own: IsOwn) -> tuple[str, ...]:
    found = _once(one.key[:ADDRESS_LIMIT] for one in people)
    return tuple(address for address in found if not is_own(address))[:MOST_PEOPLE]


def _automatic(envelope: Envelope, mail: ParsedMail) -> str:
    if mail.automatic:
        return mail.automatic[:40]
    if envelope.from_nobody:
        return "null-sender"
    return "loop" if envelope.marked or mail.hops > MOST_HOPS else ""
