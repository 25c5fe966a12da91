"""From the bytes of a mail to what it says."""

import re
from typing import NamedTuple

from salotto.channels.email.mime import (
    addressing,
    automatic,
    body,
    bounces,
    calendars,
    dates,
    htmlfold,
    htmltext,
    ids,
    names,
    reports,
    tree,
    words,
)
from salotto.channels.email.mime.body import Body, File, Piece
from salotto.channels.email.mime.folding import fold, passes_on
from salotto.channels.email.mime.parsed import NOBODY, SEVERAL, Address, Bounce, ParsedMail, Part
from salotto.channels.email.mime.reading import Reading, clean, line
from salotto.channels.email.mime.tree import Node

LONGEST_SUBJECT = 2_000
LONGEST_STUB = 600
MOST_MESSAGES = 20
"""Mails in a mail of which the text is taken, where there is no other."""

DELIVERED_TO = (
    "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "x-delivered-to",
    "original-recipient", "x-real-to", "x-rcpt-to", "apparently-to", "x-resolved-to", "x-mdrcpt-to",
    "x-ms-exchange-organization-originalenveloperecipients",
)  # fmt: skip

_STUB = re.compile(
    r"(?:not|n't|cannot|can't|unable to)\s(?:\w+\s){0,3}(?:support|display|view|show|read|render)(?:ing)?\b"
    r"[^\n]{0,80}\bhtml"
    r"|html[ -](?:e?-?mail|format|version|message|capable|compatible|enabled)"
    r"|(?:view|read|see)\s(?:this|the|it)[^\n]{0,60}(?:browser|html|online)"
    r"|(?:visuali[sz]|angezeigt|anzeigen|ansehen|dargestellt|affich|apri)\w*[^\n]{0,80}"
    r"(?:browser|navigateur|navegador)"
    r"|(?:correttamente|richtig|korrekt|correctement|correctamente|properly|corretamente)[^\n]{0,120}https?://"
    r"|(?:nicht|keine?)[^\n]{0,60}html|html[^\n]{0,60}(?:nicht|anzeigen|darstellen|format)|non\s(?:supporta|visualizza)[^\n]{0,60}html"
    r"|formato\shtml|format\shtml|en\shtml|em\shtml|in\shtml|не\sподдерживает[^\n]{0,60}html|html[^\n]{0,40}(?:対応|表示|形式|格式)",
    re.IGNORECASE,
)  # fmt: skip


def parse(raw: bytes) -> ParsedMail:
    """Read a mail. Never raises, whatever the bytes; takes time linear in their number.

    Depth, number of parts, headers and recipients are bounded; what is beyond is left out, and
    said in `problems`.
    """
    return _parse(raw, 0)


def _parse(raw: bytes, depth: int) -> ParsedMail:
    reading = Reading()
    root = tree.read(raw, reading)
    found = body.read(root, reading)
    text, visible, html = _texts(found, reading, depth, _writer(root))
    return _assemble(raw, root, found, reading, (text, visible, html))


def _assemble(
    raw: bytes, root: Node, found: Body, reading: Reading, texts: tuple[str, str, str]
) -> ParsedMail:
    fields = root.fields
    text, visible, html = texts
    reading.beside = _undeclared(fields)
    message_id, synthesised = ids.own(fields, raw)
    if synthesised:
        reading.note("There is no Message-ID; one was made from the mail's bytes.")
    sender, beside = _sender(fields, reading), _beside(fields)
    subject = line(words.decode(root.first("subject"), reading), LONGEST_SUBJECT)
    bounce = _bounce(fields, found, text, sender, subject)
    return ParsedMail(
        message_id=clean(message_id),
        synthesised=synthesised,
        in_reply_to=_named(found, fields, "in-reply-to"),
        references=_named(found, fields, "references"),
        sender=sender,
        reply_to=_addresses(fields, "reply-to", reading),
        to=_addresses(fields, "to", reading),
        cc=_addresses(fields, "cc", reading),
        bcc=_addresses(fields, "bcc", reading),
        delivered_to=_delivered_to(fields, reading),
        subject=subject,
        date=dates.read(fields.get("date", []), reading),
        text=text,
        visible=text if bounce and found.status else visible,  # a report names the mail before it tells why
        html=html,
        parts=tuple(_parts(found.files, html)),
        automatic=automatic.why(fields, sender, subject, bounce, found.report),
        bounce=bounce,
        hops=len(fields.get("received", ())),
        problems=reading.problems,
        in_from=_is_checked(fields, sender, beside),
        beside=beside,
        event=_event(found, text),
    )


Fields = dict[str, list[str]]


def _named(found: Body, fields: Fields, name: str) -> tuple[str, ...]:
    """Which mails a header names; that of the letter, if an envelope of certified mail has none."""
    values = fields.get(name, [])
    if not values and found.letter is not None:
        values = found.letter.fields.get(name, [])
    return ids.read(values)


def _undeclared(fields: Fields) -> bytes:
    found = [one for name in ("from", "subject", "to") for one in fields.get(name, ()) if not one.isascii()]
    return " ".join(found)[:2_000].encode("utf-8", "surrogateescape") if found else b""


def _addresses(fields: Fields, name: str, reading: Reading) -> tuple[Address, ...]:
    return addressing.read(fields[name], reading) if name in fields else ()


def _sender(fields: Fields, reading: Reading) -> Address:
    """The first From that has an address; else Sender, else Return-Path."""
    found = _addresses(fields, "from", reading)
    if len(found) > 1 or len(set(fields.get("from", ()))) > 1:
        reading.note(SEVERAL)
    for one in found:
        if "@" in one.address:
            return one
    for name in ("sender", "reply-to", "return-path"):
        other = next((one for one in _addresses(fields, name, reading) if "@" in one.address), None)
        if other is not None:
            reading.note(f"There is no usable From; the sender was taken from {name.title()}.")
            return Address(found[0].name if found and found[0].name else other.name, other.address)
    reading.note("There is no usable From.")
    return found[0] if found else NOBODY


def _beside(fields: Fields) -> tuple[Address, ...]:
    """Whom else From names than the first."""
    found = [one for one in _addresses(fields, "from", Reading()) if "@" in one.address]
    others = {one.address.lower(): one for one in found}
    return tuple(one for key, one in others.items() if key != found[0].address.lower())


def _is_checked(fields: Fields, sender: Address, beside: tuple[Address, ...]) -> bool:
    """Whether it is this sender whom mail servers check: the only one of one From."""
    said = set(fields.get("from", ()))
    if not sender.address:
        return True  # nobody, of whom nothing is to be found out
    return len(said) == 1 and not beside and sender.address.lower() in said.pop().lower()


class _Writer(NamedTuple):
    """What the headers hint at for reading the text: whom to look for in it, and whether it passes on
    another mail.
    """

    name: str
    passes_on: bool


def _writer(root: Node) -> _Writer:
    """By From and Subject; it is no more than a hint, so nothing is noted."""
    name, subject = root.first("from").partition("<")[0], root.first("subject")[:200]
    return _Writer(_decoded(name), passes_on(_decoded(subject)))


def _decoded(value: str) -> str:
    return words.decode(value, Reading()) if "=?" in value else value


def _delivered_to(fields: Fields, reading: Reading) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in filter(fields.__contains__, DELIVERED_TO):
        values = [
            value.partition(";")[2] if name == "original-recipient" else value
            for value in fields.get(name, ())
        ]
        for one in addressing.read(values, reading) if values else ():
            if one.address:
                found[one.address] = None
    return tuple(found)


def _bounce(fields: Fields, found: Body, text: str, sender: Address, subject: str) -> Bounce | None:
    failed = line(" ".join(fields.get("x-failed-recipients", ())), 2_000)
    if found.report not in {"", "delivery-status"}:
        return None
    by_program = bool(found.report or automatic.said(fields))
    answered = ids.read(fields.get("in-reply-to", []) or fields.get("references", []))
    return bounces.read(
        reports.Report(
            found.status, found.original, text, sender, subject, failed, by_program,
            to=" ".join(fields.get("to", ())), answered=answered[-1] if answered else "",
        )
    )  # fmt: skip


def _texts(found: Body, reading: Reading, depth: int, writer: _Writer) -> tuple[str, str, str]:
    """The plain text, what of it is visible, and the HTML."""
    pieces = [piece for piece in found.pieces if piece.says_something]
    html = body.html_of(pieces) if any(piece.html for piece in pieces) else ""
    both = [_text(piece, writer) for piece in pieces]
    text = _together([whole for whole, _ in both])
    if not text and not found.status:
        text, html = _instead(found, reading, depth, html)
        return text, fold(text, writer.name, passes_on=writer.passes_on), clean(html)
    visible = text
    if any(whole is not left for whole, left in both):
        visible = _together([left for _, left in both]) or text
    visible = fold(visible, writer.name, passes_on=writer.passes_on)
    if visible == text and len(pieces) == 1:
        visible = clean(_visible_beside(pieces[0], text, writer))
    return text, visible, clean(html)


def _event(found: Body, text: str) -> str:
    """What the calendar entry says that came beside a text."""
    said = clean(calendars.summary(found.calendar, Reading())) if found.calendar and text else ""
    return "" if text.startswith(said) else said


def _together(texts: list[str]) -> str:
    return clean("\n\n".join(one.strip("\n") for one in texts if one.strip())).strip("\n")


def _instead(found: Body, reading: Reading, depth: int, html: str) -> tuple[str, str]:
    """The text of a mail that has none: of an invitation, or of the mails in it."""
    if found.calendar and (text := calendars.describe(found.calendar, reading)):
        return clean(text), html if "<img" in html.lower() else ""
    if depth or not found.messages:
        return "", html
    inner = [_parse(raw, depth + 1) for raw in found.messages[:MOST_MESSAGES]]
    text = "\n\n".join(one.text for one in inner if one.text)
    return text, html or (inner[0].html if len(inner) == 1 else "")


def _text(piece: Piece, writer: _Writer) -> tuple[str, str]:
    """A piece's plain text; and the same without what its HTML marks as quote, if it is of the HTML."""
    if not piece.html or (piece.plain.strip() and not _stub(piece)):
        return piece.plain, piece.plain
    text, visible = _from_html(piece.html, writer)
    return (text, visible) if text else (piece.plain, piece.plain)


def _stub(piece: Piece) -> bool:
    """Whether the plain text only says that there is HTML."""
    bare = piece.plain.strip(" \t\n\r\xa0\u200b\ufeff")
    return not bare or (len(bare) < LONGEST_STUB and bool(_STUB.search(bare)))


def _visible_beside(piece: Piece, text: str, writer: _Writer) -> str:
    """For a plain text in which nothing looks quoted, though its HTML is marked so: what the HTML leaves."""
    if not piece.plain or not htmlfold.marks_quote(piece.html):
        return text
    left = fold(_from_html(piece.html, writer)[1], passes_on=writer.passes_on)
    return left if left and len(left) < len(text) * 0.95 else text


def _from_html(html: str, writer: _Writer) -> tuple[str, str]:
    """The text of HTML, whole and without what is marked as quote."""
    text, attributes = htmltext.read(html)
    visible = htmlfold.visible_text(html, passes_on=writer.passes_on) if htmlfold.marked(attributes) else ""
    return text, visible or text


def _parts(files: list[File], html: str) -> list[Part]:
    ids_shown = (
        body.shown(html) if html and any(file.content_id or file.location for file in files) else set()
    )
    return [_part(file, ids_shown, html) for file in files]


def _part(file: File, ids_shown: set[str], html: str) -> Part:
    """A file is shown in place if the HTML does so, or if a picture stands between texts."""
    referenced = file.content_id.lower() in ids_shown if file.content_id else False
    referenced = referenced or bool(file.location and file.location.lower() in ids_shown)
    between = (
        file.disposition == "inline" and file.type.startswith("image/") and not (file.content_id and html)
    )
    name = file.name or names.made_up(file.type)
    return Part(name, file.type, referenced or between, clean(file.content_id), file.content)
