"""The demo's mails, read from `post/*.txt`.

==== Subject                                        a conversation
== Anna Rossi <anna@example.com> 3h                 the contact writes, so long ago
== Anna Rossi <anna@example.com> 3h | cc Bo <bo@example.com> | files a.png, b.pdf | html order.html | quoting
== Anna Rossi <anna@example.com> 3h | invites visit.ics | forwards question.eml
== sara 2h                                          an agent answers
== sara 2h | fails 550 no such user                 … and the mail does not arrive
== marco* 1h                                        an agent notes

Below each head stands what was written. `invites`: an invitation of the calendar, to a day soon;
`forwards`: a mail passed on as a file. `quoting`: what was written before is quoted below it, as
mail programs do; what they send is real MIME, taken in as any mail is.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from pathlib import Path

from salotto.demo.script import UNITS

FOLDER = Path(__file__).parent / "post"
CONTENT_ID = "mark@lagerhuset.example"
_HEAD = re.compile(r"== (?P<who>[^|]+?) (?P<ago>(?:\d+[mhd])+)(?P<rest>(?: \|[^|]+)*)$")


@dataclass
class Letter:
    """One mail, answer or note; `who` is an agent's key, or how the contact signs."""

    who: str
    ago: timedelta
    notes: bool = False
    cc: str = ""
    files: tuple[str, ...] = ()
    html: str = ""
    invites: str = ""
    forwards: str = ""
    fails: str = ""
    quoting: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()

    @property
    def received(self) -> bool:
        """Whether it came from outside."""
        return "<" in self.who


@dataclass
class Thread:
    """One conversation by mail, oldest first."""

    subject: str
    language: str
    letters: list[Letter] = field(default_factory=list)


def threads() -> list[Thread]:
    """All conversations, of all languages, the one that rests longest first."""
    files = sorted(FOLDER.glob("*.txt"))
    found = [thread for path in files for thread in read(path.read_text(encoding="utf-8"), path.stem)]
    return sorted(found, key=lambda thread: thread.letters[-1].ago, reverse=True)


def read(text: str, language: str) -> Iterator[Thread]:
    """The conversations of one file. Raises ValueError for a head that is not understood."""
    thread: Thread | None = None
    for line in text.splitlines():
        if line.startswith("==== "):
            if thread is not None:
                yield thread
            thread = Thread(line[5:].strip(), language)
        elif line.startswith("== ") and thread is not None:
            thread.letters.append(_head(line))
        elif thread is not None and thread.letters:
            thread.letters[-1].lines.append(line)
    if thread is not None:
        yield thread


def _head(line: str) -> Letter:
    found = _HEAD.match(line)
    if found is None:
        raise ValueError(f"not the head of a mail: {line!r}")
    who = found["who"].strip()
    made = Letter(who.rstrip("*"), _span(found["ago"]), notes=who.endswith("*"))
    for part in filter(None, (piece.strip() for piece in found["rest"].split("|"))):
        name, _, value = part.partition(" ")
        made = _with(made, name, value)
    return made


def _with(letter: Letter, name: str, value: str) -> Letter:
    if name == "files":
        letter.files = tuple(one.strip() for one in value.split(","))
    elif name == "quoting":
        letter.quoting = True
    elif name in ("cc", "html", "invites", "forwards", "fails"):
        setattr(letter, name, value)
    else:
        raise ValueError(f"a mail knows no {name!r}")
    return letter


def _span(text: str) -> timedelta:
    parts = re.findall(r"(\d+)([mhd])", text)
    return sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


@dataclass(frozen=True)
class Before:
    """The mail that one answers."""

    id: str
    who: str
    at: datetime
    text: str


def mime(letter: Letter, subject: str, to: str, at: datetime, number: str, before: Before | None) -> bytes:
    """The mail as its program would send it."""
    return composed(letter, subject, to, at, number, before).as_bytes()


def composed(
    letter: Letter, subject: str, to: str, at: datetime, number: str, before: Before | None
) -> EmailMessage:
    """The same, before its bytes are written."""
    mail = EmailMessage()
    mail["From"], mail["To"] = letter.who, to
    mail["Subject"] = f"Re: {subject}" if before else subject
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{number}@mail.example>"
    if letter.cc:
        mail["Cc"] = letter.cc
    if before:
        mail["In-Reply-To"] = mail["References"] = f"<{before.id}>"
    mail.set_content(_whole(letter, before))
    if letter.html:
        _add_html(mail, letter.html)
    if letter.invites:
        _add_invitation(mail, letter.invites, at, number)
    if letter.forwards:
        mail.add_attachment(message_from_bytes((FOLDER / letter.forwards).read_bytes(), policy=default))
    for name in letter.files:
        kind, content = _file(name)
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


def _add_invitation(mail: EmailMessage, name: str, at: datetime, number: str) -> None:
    """As calendars send it: a part that programs answer, and the same as a file."""
    day = at + timedelta(days=8 - at.weekday())  # Tuesday of next week
    text = (FOLDER / name).read_text(encoding="utf-8")
    text = text.format(uid=f"{number}@mail.example", stamp=f"{at:%Y%m%dT%H%M%SZ}", day=f"{day:%Y%m%d}")
    mail.add_alternative(text, subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(text.encode(), maintype="application", subtype="ics", filename=name)


def _whole(letter: Letter, before: Before | None) -> str:
    if before is None or not letter.quoting:
        return f"{letter.text}\n"
    quoted = "\n".join(f"> {line}".rstrip() for line in before.text.splitlines())
    return f"{letter.text}\n\nOn {before.at:%d %b %Y at %H:%M}, {before.who} wrote:\n\n{quoted}\n"


def _add_html(mail: EmailMessage, name: str) -> None:
    mail.add_alternative((FOLDER / name).read_text(encoding="utf-8"), subtype="html")
    parts = mail.get_payload()
    html = parts[-1] if isinstance(parts, list) else None
    if isinstance(html, EmailMessage):
        picture = picture_of(132, 36, (31, 92, 72))
        html.add_related(picture, maintype="image", subtype="png", cid=f"<{CONTENT_ID}>", filename="mark.png")


_TYPES = {
    "png": "image/png",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
}


def _file(name: str) -> tuple[str, bytes]:
    """Something that looks like such a file from outside."""
    ending = name.rpartition(".")[2]
    if ending == "png":
        shade = zlib.crc32(name.encode()) % 40
        return _TYPES[ending], picture_of(720, 480, (196 - shade, 178 - shade // 2, 150 + shade))
    return _TYPES[ending], name.encode() * 1500


def picture_of(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A PNG of woven cloth in this colour."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            shade = ((x // 6 + y // 6) % 2) * 9 + ((x * 7 + y * 3) % 5) - (y * 40 // height)
            rows += bytes(max(0, min(255, part + shade)) for part in colour)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
