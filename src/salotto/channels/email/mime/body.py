"""The walk through the tree: which parts are the text, which are files."""

import re
from dataclasses import dataclass, field
from html import escape, unescape
from itertools import chain
from urllib.parse import unquote

from salotto.channels.email.mime import (
    armour,
    certified,
    charset,
    names,
    params,
    plain,
    sealed,
    tnef,
    transfer,
    tree,
)
from salotto.channels.email.mime.reading import Reading, line
from salotto.channels.email.mime.tree import Node

TEXTS = frozenset(
    {"text/plain", "text/html", "text/enriched", "text/richtext", "application/xhtml+xml", "text/x-amp-html"}
)
REPORTS = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/disposition-notification"}
    | {"message/feedback-report", "message/xdelivery-status"}
)
MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
HEADERS = frozenset(
    {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "text/rfc822"}
)

FILES = frozenset(
    {"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/css", "text/xml"}
    | {"text/tab-separated-values", "text/rtf", "text/javascript", "text/x-javascript", "text/vtt"}
    | {"text/x-ms-iqy", "text/x-moz-deleted", "text/x-vcalendar", "text/comma-separated-values"}
)
"""Text that a program reads; any other is for people (RFC 2046 4.1.4)."""

CALENDARS = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
ENCRYPTED = "The mail is encrypted and cannot be read here."
MOST_SEALED = 3
"""Signatures in one piece, one in the other, that are opened."""

_PART = re.compile(rb"\s*content-[a-z-]{2,40}[ \t]*:|\s*mime-version[ \t]*:", re.IGNORECASE)
_IS_HTML = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_ENRICHED = re.compile(r"<(/?)([A-Za-z-]{1,40})>|(<<)")
_CID = re.compile(r"cid:([^\"'\s>)\\]{1,500})", re.IGNORECASE)
_SRC = re.compile(r"(?:src|background)\s{0,3}=\s{0,3}[\"']?([^\"'\s>]{1,500})", re.IGNORECASE)


@dataclass(slots=True)
class Piece:
    """A stretch of the body: plain text and HTML that say the same; either may be missing."""

    plain: str = ""
    html: str = ""
    packed: bool = False
    """It came in a winmail.dat, beside what the mail says itself."""

    @property
    def says_something(self) -> bool:
        """Whether there is more than white space."""
        return any(text and not text.isspace() for text in (self.plain, self.html))


@dataclass(slots=True)
class File:
    """A part that is no text of the mail, before it has its final name."""

    name: str
    type: str
    disposition: str
    content_id: str
    location: str
    content: bytes
    text: Piece | None = None
    """What it says, if it could be the body of a mail that has no other."""


@dataclass(slots=True)
class Body:
    """What the walk has found."""

    pieces: list[Piece] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    calendar: bytes = b""
    report: str = ""
    status: str = ""
    original: str = ""
    letter: Node | None = None
    """What was written, in an envelope of certified mail."""


def read(root: Node, reading: Reading) -> Body:
    """Everything in a mail that is not a header."""
    walk = _Walk(reading)
    pieces = walk.without_armour(_with_packed(walk.node(root)))
    if certified.is_envelope(root) and (letter := walk.letter()):
        pieces = letter
    walk.body.pieces = pieces
    _promote(walk.body, root)
    walk.body.files = _without_twins(walk.body.files)
    return walk.body


def _without_twins(files: list[File]) -> list[File]:
    """A calendar entry that came as a text and again as a file, as Google sends it, is one file: the
    one with a name. White space does not count, since each way of encoding ends lines as it likes."""
    if not any(file.type in CALENDARS for file in files):
        return files
    once: dict[bytes, File] = {}
    for file in sorted((one for one in files if _is_calendar(one)), key=lambda one: not one.name):
        once.setdefault(file.content.translate(None, b" \t\r\n\v\f"), file)
    kept = {id(file) for file in once.values()}
    return [file for file in files if not _is_calendar(file) or id(file) in kept]


def _is_calendar(file: File) -> bool:
    return file.type in CALENDARS or file.name.lower().endswith(".ics")


def _with_packed(pieces: list[Piece]) -> list[Piece]:
    """A winmail.dat says the same as the text beside it: its HTML is that text's, if it has none."""
    own = [piece for piece in pieces if not piece.packed]
    said = [piece for piece in own if piece.says_something]
    if not said:
        return pieces
    if not any(piece.html for piece in said):
        said[0].html = next((piece.html for piece in pieces if piece.packed and piece.html), "")
    return own


def _promote(body: Body, root: Node) -> None:
    """A mail whose only text is in a file that a person would read has that as its body."""
    if any(piece.says_something for piece in body.pieces):
        return
    for file in body.files:
        alone = len(body.files) == 1 and not root.children and not file.name
        if file.text is not None and (alone or file.disposition != "attachment"):
            body.pieces.append(file.text)
            body.files.remove(file)
            return


class _Walk:
    """Each method returns the pieces of text of a part, and keeps its files."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.body = Body()
        self._has_text = False
        self._opened = 0
        self._was_armoured = False

    def node(self, node: Node) -> list[Piece]:
        kind = node.kind[0]
        if not node.children:
            return self._leaf(node, kind)
        handler = {
            "multipart/alternative": self._alternative,
            "multipart/related": self._related,
            "multipart/signed": self._signed,
            "multipart/encrypted": self._encrypted,
            "multipart/report": self._report,
            "multipart/appledouble": self._double,
        }.get(kind, self._mixed)
        return handler(node)

    def letter(self) -> list[Piece]:
        """What was written, of certified mail; its files come first."""
        file = next((one for one in self.body.files if one.name.lower() == certified.LETTER), None)
        if file is None or file.type not in MESSAGES:
            return []
        around, self.body.files, self._has_text = self.body.files, [], False
        self.body.letter = tree.read(file.content, self.reading)
        pieces = self.without_armour(_with_packed(self.node(self.body.letter)))
        self.body.files += around
        return pieces

    def _mixed(self, node: Node) -> list[Piece]:
        return [piece for child in node.children for piece in self.node(child)]

    def _alternative(self, node: Node) -> list[Piece]:
        """The last plain text and the last HTML that say something: the best ones (RFC 2046 5.1.4)."""
        plains: list[str] = []
        html: list[Piece] = []
        before = self._has_text
        usual = [child for child in node.children if child.children or child.kind[0] in TEXTS]
        for child in node.children:
            if usual and _is_rare_text(child):
                continue  # as for watches
            self._has_text = before  # each is the text anew
            found = self.node(child)
            with_html = [piece for piece in found if piece.html]
            if with_html:
                html = found
            elif text := _joined(found):
                plains.append(text)
        self._has_text = before or bool(plains or html)
        chosen = plains[-1] if plains else ""
        if not html:
            return [Piece(chosen)] if chosen else []
        if chosen:
            return [Piece(chosen, html_of(html))]
        return html

    def _related(self, node: Node) -> list[Piece]:
        """The root, and what it shows."""
        start = node.kind[1].get("start", "").strip("<> ")
        root = next((c for c in node.children if start and _content_id(c) == start), None)
        root = root or next((c for c in node.children if c.children or c.kind[0] in TEXTS), node.children[0])
        found = self.node(root)
        for child in node.children:
            if child is not root:
                found += self.node(child)
        return found

    def _signed(self, node: Node) -> list[Piece]:
        return self._mixed(node)

    def _encrypted(self, node: Node) -> list[Piece]:
        self.reading.note(ENCRYPTED)
        for child in node.children:
            self._file(child, child.kind[0], "encrypted.asc" if "octet" in child.kind[0] else "")
        return []

    def _double(self, node: Node) -> list[Piece]:
        """A file of a Mac: the other half says only how its desktop showed it."""
        halves = [child for child in node.children if child.kind[0] != "application/applefile"]
        return [piece for child in halves or node.children for piece in self.node(child)]

    def _report(self, node: Node) -> list[Piece]:
        self.body.report = node.kind[1].get("report-type", "").strip().lower()[:60] or "delivery-status"
        return self._mixed(node)

    def _leaf(self, node: Node, kind: str) -> list[Piece]:
        if kind in TEXTS or _is_rare_text(node):
            return self._text(node, kind)
        if kind in MESSAGES:
            self._message(node)
        elif kind in tnef.TYPES or (
            kind.startswith("application/") and self._name(node).lower() == "winmail.dat"
        ):
            return self._tnef(node, kind)
        elif kind.startswith("multipart/") or kind == "application/pgp":
            return self._text(node, "text/plain")
        elif kind in SEALED or (kind.startswith("application/") and self._name(node).endswith(".p7m")):
            return self._sealed(node, kind)
        else:
            self._special(node, kind)
        return []

    def _special(self, node: Node, kind: str) -> None:
        """Files, of which some also tell something about the mail."""
        content = self._file(node, kind)
        if kind in CALENDARS and not self.body.calendar:
            text = charset.decode(content, node.kind[1].get("charset", ""), self.reading)
            self.body.calendar = text.encode("utf-8", "replace")
        elif kind in REPORTS and not (self._is_attached(node) and not self.body.report):
            self.body.status = self.body.status or content.decode("utf-8", "replace")
            self.body.report = self.body.report or kind.partition("/")[2].removeprefix(
                "global-"
            ).removeprefix("x")
        elif kind == "application/pgp-encrypted":
            self.reading.note(ENCRYPTED)
        elif kind in HEADERS:
            self.body.original = self.body.original or content.decode("utf-8", "replace")

    def _is_attached(self, node: Node) -> bool:
        return params.read(node.first("content-disposition"))[0] == "attachment"

    def _sealed(self, node: Node, kind: str) -> list[Piece]:
        """S/MIME in one piece: the mail is in the file."""
        data = self._file(node, kind)
        self._opened += 1
        inside = sealed.content(data) if self._opened <= MOST_SEALED else b""
        if _PART.match(inside):
            self.reading.note("The mail is in its signature (S/MIME), which was not checked.")
            return self.node(tree.read(inside, self.reading))
        if kind in SEALED and "signed" in node.kind[1].get("smime-type", ""):
            self.reading.note("The mail is signed in one piece (S/MIME); its text is in the file.")
        elif kind in SEALED:
            self.reading.note(ENCRYPTED)
        return []

    def _name(self, node: Node) -> str:
        disposition = (
            params.read(node.first("content-disposition"))[1] if node.first("content-disposition") else {}
        )
        return params.text(disposition, "filename", self.reading) or params.text(
            node.kind[1], "name", self.reading
        )

    def _bytes(self, node: Node) -> bytes:
        return transfer.decode(node.data, node.encoding, self.reading)

    def _file(self, node: Node, kind: str, made_up: str = "", text: Piece | None = None) -> bytes:
        content = self._bytes(node)
        disposition = params.read(node.first("content-disposition"))[0]
        name = names.safe(self._name(node)) or made_up
        location = node.first("content-location").strip()
        self._keep(File(name, kind, disposition, _content_id(node), location, content, text))
        return content

    def _keep(self, file: File) -> None:
        self.body.files.append(file)

    def _message(self, node: Node) -> None:
        """A mail in the mail: its bytes, named after its subject."""
        content = self._bytes(node)
        head = content[:20_000].partition(b"\n\n" if b"\r\n\r\n" not in content[:20_000] else b"\r\n\r\n")[0]
        name = names.safe(self._name(node)) or names.of_message(_subject(head, self.reading))
        self._keep(
            File(
                name,
                node.kind[0],
                params.read(node.first("content-disposition"))[0],
                _content_id(node),
                "",
                content,
            )
        )
        self.body.messages.append(content)
        if not self.body.original:
            self.body.original = head.decode("utf-8", "replace")

    def _tnef(self, node: Node, kind: str) -> list[Piece]:
        found = tnef.unpack(self._bytes(node), self.reading)
        if found is None or not found.whole:
            self._file(node, kind)
        if found is None:
            return []
        for one in found.files:
            self._keep(File(one.name, one.type, "attachment", one.content_id, one.location, one.content))
            if one.type == "message/rfc822":
                self.body.messages.append(one.content)
            elif one.type == "text/calendar":
                self.body.calendar = self.body.calendar or one.content
        return [Piece(found.text, found.html, packed=True)] if found.text or found.html else []

    def _text(self, node: Node, kind: str) -> list[Piece]:
        """A text: of the mail, or a file if it is sent as one."""
        disposition = node.first("content-disposition")
        if disposition or "name" in node.kind[1]:
            kept = params.read(disposition)[0]
            named = bool(self._name(node))
            if kept == "attachment" or (
                named and (kept == "inline" or self._has_text) and kind != "text/html"
            ):
                self._file(node, kind, text=self._piece(node, kind, attached=True))
                return []
            if named and kind == "text/html" and self._has_text and kept != "inline":
                self._file(node, kind)
                return []
        piece = self._piece(node, kind)
        if piece.says_something:
            self._has_text = True
        return [piece]

    def _piece(self, node: Node, kind: str, *, attached: bool = False) -> Piece:
        data = self._bytes(node)
        declared = node.kind[1].get("charset", "")
        if not self.reading.charset and declared:
            self.reading.charset = charset.codec(declared)
        if kind in {"text/html", "application/xhtml+xml", "text/x-amp-html"}:
            return Piece(
                html="" if kind == "text/x-amp-html" else charset.decode_html(data, declared, self.reading)
            )
        data, files = plain.without_files(data)
        for name, content in files:
            safe = names.safe(name.decode("utf-8", "replace")) or "attachment.bin"
            self._keep(File(safe, names.type_of(safe), "attachment", "", "", content))
        text = plain.lines(charset.decode(data, declared, self.reading))
        text = text if attached else self._unarmoured(text)
        if kind in {"text/enriched", "text/richtext"}:
            return Piece(_unenriched(text))
        if node.kind[1].get("format", "").lower() == "flowed":
            text = plain.flowed(text, delsp=node.kind[1].get("delsp", "").lower() == "yes")
        return Piece(html=text) if _IS_HTML.match(text) else Piece(text)

    def _unarmoured(self, text: str) -> str:
        """Without the armour of PGP."""
        if armour.MARK not in text:
            return text
        found = armour.opened(text)
        self._was_armoured = self._was_armoured or found.text != text
        for one in found.sealed:
            self.reading.note(ENCRYPTED)
            content = one.encode("utf-8", "replace")
            self._keep(File("encrypted.asc", "application/octet-stream", "attachment", "", "", content))
        return found.text

    def without_armour(self, pieces: list[Piece]) -> list[Piece]:
        """Without HTML that says what the plain text had in its armour."""
        for piece in pieces if self._was_armoured else ():
            piece.html = "" if armour.MARK in piece.html else piece.html
        return pieces


def _subject(head: bytes, reading: Reading) -> str:
    from salotto.channels.email.mime import words

    found = re.search(rb"^subject[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", head, re.IGNORECASE | re.MULTILINE)
    return line(words.decode(found[1].decode("ascii", "surrogateescape"), reading), 200) if found else ""


def _content_id(node: Node) -> str:
    value = node.first("content-id")
    return line(value, 400).strip("<> ") if value else ""


def _is_rare_text(node: Node) -> bool:
    """Whether this is text of a type that is read only where there is no usual one."""
    kind = node.kind[0]
    return kind.startswith("text/") and kind not in TEXTS and kind not in FILES and kind not in HEADERS


def _joined(pieces: list[Piece]) -> str:
    return "\n\n".join(text for piece in pieces if (text := piece.plain.strip("\n")).strip())


def html_of(pieces: list[Piece]) -> str:
    """All as HTML; what is plain text only is wrapped."""
    done = []
    for piece in pieces:
        if piece.html:
            done.append(piece.html)
        elif text := piece.plain.strip("\n"):
            done.append("<div>" + escape(text, quote=False).replace("\n", "<br>\n") + "</div>")
    return "\n".join(done)


def shown(html: str) -> set[str]:
    """What HTML shows in place: the ids after `cid:`, and the places of pictures, in lower case."""
    return {unquote(unescape(one)).lower() for one in chain(_CID.findall(html), _SRC.findall(html))}


def _unenriched(text: str) -> str:
    """RFC 1896: its commands left out, single line ends as spaces."""
    text = re.sub(r"\n(\n*)", lambda m: m[1] or " ", text)
    pieces, at, unseen = [], 0, False
    for sign in _ENRICHED.finditer(text):
        pieces.append("" if unseen else text[at : sign.start()])
        if sign[3]:
            pieces.append("<")
        elif sign[2].lower() == "param":
            unseen = not sign[1]
        elif sign[2].lower() in {"nl", "np"}:
            pieces.append("\n")
        at = sign.end()
    return "".join([*pieces, text[at:]]).rstrip()
