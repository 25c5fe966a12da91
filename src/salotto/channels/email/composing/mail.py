"""A mail that goes out, as bytes: text and HTML, images in place, files, and the headers of an
answer. PURE."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from salotto.channels.email.composing import headers
from salotto.channels.email.composing.headers import Person

LAST_IDS = 20
"""Ids of References that are kept, besides the first: the beginning and the latest tell programs
where a mail belongs, and lines have limits."""
LONGEST_SUBJECT = 1_000

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
_TYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}", re.ASCII)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f:*?\"<>|\ud800-\udfff\u202a-\u202e\u2066-\u2069]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NO_BASE64 = ("message", "multipart")
"""Their parts may not be encoded (RFC 2046, 5.2.1), and would not be the same bytes if not."""


@dataclass(frozen=True, slots=True)
class File:
    """Something attached; with `inline`, an image that the HTML names as `cid:<content_id>`."""

    name: str
    type: str
    content: bytes
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All that a mail says. Ids are without angle brackets, addresses as written.

    `bcc` gets the mail and is never in it. `automatic` is the value of Auto-Submitted
    (`auto-replied`, `auto-generated`), "" for a letter of a person. `list_unsubscribe` is an https
    address that one POST unsubscribes at (RFC 8058). `extra` are further headers. `ascii_only`: no address
    beyond ASCII stands in it, for servers that take none; those who have one can be read, and not be
    written to.
    """

    sender: Person
    to: Sequence[Person]
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str = ""
    reply_to: Sequence[Person] = ()
    cc: Sequence[Person] = ()
    bcc: Sequence[Person] = ()
    files: Sequence[File] = ()
    in_reply_to: str = ""
    references: Sequence[str] = ()
    automatic: str = ""
    list_unsubscribe: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    ascii_only: bool = False


def compose(mail: Outgoing) -> bytes:
    """The mail as it goes over the wire, lines ended by CRLF and none over 998 octets.

    Raises ValueError for what is no address, id, header or unsubscribe address.
    """
    head = b"".join(headers.field(name, value) for name, value in _head(mail).items() if value)
    return head + _body(mail).as_bytes(policy=_POLICY)


def thread_ids(references: Sequence[str], in_reply_to: str) -> tuple[str, ...]:
    """The References of an answer: the first id and the last ones, that which is answered to
    at the end (RFC 5322, 3.6.4)."""
    asked = [*(one for one in references if one != in_reply_to), in_reply_to]
    usable = [one for one in dict.fromkeys(asked) if _is_usable(one)]
    return tuple(usable if len(usable) <= LAST_IDS + 1 else [usable[0], *usable[-LAST_IDS:]])


def _is_usable(value: str) -> bool:
    """Whether any server takes a mail that names this id: not all take 8-bit headers, and a line
    has its limits. The thread does not need it, as it has ids of our own."""
    return bool(value) and value.isascii() and len(value) <= headers.LONGEST_ID


def _head(mail: Outgoing) -> dict[str, str]:
    return {
        "From": headers.people([mail.sender], "From"),
        "To": headers.people(mail.to, "To", ascii_only=mail.ascii_only) or "undisclosed-recipients:;",
        "Cc": headers.people(mail.cc, "Cc", ascii_only=mail.ascii_only),
        "Reply-To": headers.people(mail.reply_to, "Reply-To"),
        "Subject": headers.text(mail.subject[:LONGEST_SUBJECT], "Subject"),
        "Date": format_datetime(mail.date),
        "Message-ID": headers.ids([mail.message_id], "Message-ID"),
        "In-Reply-To": headers.ids(list(filter(_is_usable, [mail.in_reply_to])), "In-Reply-To"),
        "References": headers.ids(thread_ids(mail.references, mail.in_reply_to), "References"),
        **_for_programs(mail),
        **mail.extra,
        "MIME-Version": "1.0",
    }


def _for_programs(mail: Outgoing) -> dict[str, str]:
    """What keeps other programs from answering, and lets people leave."""
    found: dict[str, str] = {}
    if mail.automatic:
        found |= {"Auto-Submitted": mail.automatic, "X-Auto-Response-Suppress": "All"}
    if mail.list_unsubscribe:
        if not re.fullmatch(r"https?://[!-~]{1,900}", mail.list_unsubscribe) or ">" in mail.list_unsubscribe:
            raise ValueError("The address to unsubscribe at is no web address.")
        found["List-Unsubscribe"] = f"<{mail.list_unsubscribe}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if mail.automatic or mail.list_unsubscribe:
        found["Precedence"] = "bulk"
    return found


def _body(mail: Outgoing) -> EmailMessage:
    """mixed(alternative(text, related(html, images)), files), without the levels that are not needed."""
    made = EmailMessage(policy=_POLICY)
    made.set_content(_lines(mail.text), charset="utf-8")
    shown = [file for file in mail.files if file.inline and file.content_id and mail.html]
    if mail.html:
        made.add_alternative(_lines(mail.html), subtype="html", charset="utf-8")
        _, page = made.iter_parts()
        for file in shown:
            main, sub, name = _kind(file)
            cid = headers.ids([file.content_id])
            page.add_related(file.content, main, sub, cid=cid, disposition="inline", filename=name)
    for file in mail.files:
        if file not in shown:
            main, sub, name = _kind(file)
            made.add_attachment(file.content, main, sub, filename=name)
    del made["MIME-Version"]
    return made


def _kind(file: File) -> tuple[str, str, str]:
    """Main type, subtype and name of a part, as its headers may say them."""
    kind = file.type.lower() if _TYPE.fullmatch(file.type) else "application/octet-stream"
    main, _, sub = kind.partition("/")
    if main in _NO_BASE64:
        main, sub = "application", "octet-stream"
    last = file.name.replace("\\", "/").rpartition("/")[2]
    name = " ".join(_UNSAFE.sub(" ", last).split())[-200:].strip(". ") or "file"
    return main, sub, name


def _lines(text: str) -> str:
    """With line feeds alone and no half characters."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", unix)
