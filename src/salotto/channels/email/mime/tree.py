"""The tree of a mail's parts, of bytes that may be broken.

A part is cut out of the bytes around it at its boundary's lines, an outer one's before an inner
one's (RFC 2046 5.1.2), so that no line is looked at. A message in a message stays one leaf with its
bytes untouched, depth and number of parts are bounded, headers stay raw until somebody asks, and
what a multipart lost (its boundary, its type) is looked for in its text.
"""

import re
from collections.abc import Iterator
from itertools import islice

from salotto.channels.email.mime import heads, params, transfer
from salotto.channels.email.mime.bounds import few_lines
from salotto.channels.email.mime.reading import Reading

DEEPEST = 25
MOST_PARTS = 2_000
LONGEST_BOUNDARY = 200
MOST_PREAMBLE = 2_000
"""Bytes above the first part of a mail that does not say that it has parts."""
MOST_ODD = 20_000
"""Lines in a head that are mended: each takes two hundred bytes."""
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,120}\Z")
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*(?:>From [^\r\n]*\r?\n)?[ \t]*(?=[!-9;-~]+:|\Z)")
_HEAD_END = re.compile(rb"\r?\n\r?\n|\r\r")
_TWICE = b"\r\r\n"
_ODD_LINE = re.compile(rb"^(?!From (?![ \t]*:)|>From |[!-9;-~]+:|[ \t]|\r?$).*\n?", re.MULTILINE)
_SPACED_NAME = re.compile(rb"([!-9;-~]{1,76})[ \t]+:")
_KNOWN = re.compile(
    rb"^(?:from|to|subject|date|message-id|received|content-type|mime-version)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_LOST_BOUNDARY = re.compile(
    rb"^--([^\s\"]{1,200})[ \t]*\r?\nContent-[A-Za-z-]{3,40}:", re.MULTILINE | re.IGNORECASE
)
_LATE_HEAD = re.compile(
    rb"\s*((?:MIME-Version|Content-[A-Za-z-]{3,40})[ \t]*:[^\r\n]*\r?\n(?:[ \t]+[^\r\n]+\r?\n)*)+\r?\n",
    re.IGNORECASE,
)
_REAL_TYPE = re.compile(rb"^Content-Type[ \t]*:\s*(?:text|multipart)/", re.IGNORECASE | re.MULTILINE)
_LINE_ENDS = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")
"""What may follow a boundary in its line; two dashes end the multipart."""


class Node:
    """A part. A leaf has its body as it came, a multipart its parts."""

    __slots__ = ("_default", "_kind", "children", "data", "depth", "epilogue", "fields", "root", "size")

    def __init__(self, fields: heads.Fields, parent: "Node | None") -> None:
        self.fields = fields
        self.children: list[Node] = []
        self.data = b""
        self.epilogue: bytes | None = b""
        """What follows the end of a multipart; None if it has no end."""
        self.depth: int = parent.depth + 1 if parent else 0
        self.root: Node = parent.root if parent else self
        self.size = 1
        self._default = "message/rfc822" if parent and parent.kind[0] == "multipart/digest" else "text/plain"
        self._kind: tuple[str, params.Parameters] | None = None

    def first(self, name: str) -> str:
        """The raw value of a header, "" without it."""
        found = self.fields.get(name)
        return found[0] if found else ""

    @property
    def kind(self) -> tuple[str, params.Parameters]:
        """The content type, its default where it says nothing, and its parameters."""
        if self._kind is None:
            main, parameters = params.read(self._said_type())
            main = main.replace(" ", "")
            if not _TYPE.match(main):
                main = self._default if main in {"", "text", "plain"} else self._nearest(main, parameters)
            self._kind = main, parameters
        return self._kind

    def _said_type(self) -> str:
        """The header that says it; of several the first that can have parts, for only that one helps."""
        found = self.fields.get("content-type", [""])
        with_parts = (one for one in found if len(found) > 1 and "boundary" in one.lower())
        return next(with_parts, found[0])

    def _nearest(self, main: str, parameters: params.Parameters) -> str:
        """A type for one that is none, as `multipart` or `html`; else text (RFC 2045 5.2) or a file."""
        if "boundary" in parameters:
            return "multipart/mixed"
        if main in {"html", "text/html/", "text\\html"}:
            return "text/html"
        named = "name" in parameters or "name" in self.first("content-disposition").lower()
        packed = "base64" in self.encoding.lower()
        file = (named or packed) and not main.startswith("text/")
        return "application/octet-stream" if file else "text/plain"

    @property
    def encoding(self) -> str:
        """How it is packed, as its header says."""
        return transfer.said(self.fields.get("content-transfer-encoding", []))

    @property
    def multipart(self) -> bool:
        """Whether it says that it has parts."""
        return self.kind[0].startswith("multipart/")

    @property
    def may_have_parts(self) -> bool:
        """Whether parts of it would be neither too deep nor too many."""
        return self.depth < DEEPEST and self.root.size <= MOST_PARTS

    @property
    def boundary(self) -> bytes:
        """Without its dashes; empty if there is none that can be."""
        boundary = self.kind[1].get("boundary", "").rstrip()
        return boundary.encode("ascii", "surrogateescape") if len(boundary) <= LONGEST_BOUNDARY else b""


def read(raw: bytes, reading: Reading) -> Node:
    """The tree of a whole mail; never raises."""
    if not heads.regular(raw):
        raw = _headed(raw, reading)
    raw = few_lines(raw, reading)
    root = _node(raw, 0, len(raw), None)
    if sum(map(len, root.fields.values())) >= heads.MOST_FIELDS:
        reading.note(f"The mail has more than {heads.MOST_FIELDS} headers; the others were left out.")
    if "content-type" not in root.fields:
        root = _typed_late(root, raw, reading)
    return _repaired(root, reading)


def _typed_late(root: Node, raw: bytes, reading: Reading) -> Node:
    """A mail whose type stands below a blank line, or nowhere, though its text has parts."""
    late = _LATE_HEAD.match(root.data)
    if late and _REAL_TYPE.search(late[0]):
        reading.note("There is a blank line among the headers.")
        fields, _ = heads.read(late[0].lstrip(), 0, late.end())
        return _again(root, root.fields | fields, root.data[late.end() :])
    lost = _LOST_BOUNDARY.search(root.data, 0, MOST_PREAMBLE)
    if lost and b"--" + lost[1] + b"--" in root.data:
        reading.note("The headers do not say that the mail has parts; it was read by the lines between them.")
        said = lost[1].decode("ascii", "surrogateescape").replace("\\", "\\\\")
        return _again(
            root, root.fields | {"content-type": [f'multipart/mixed; boundary="{said}"']}, root.data
        )
    return root


def _again(root: Node, fields: heads.Fields, text: bytes) -> Node:
    """The same mail under such a head."""
    node = _node(b"\n" + text, 0, len(text) + 1, None)
    node.fields, node._kind = fields, None
    if node.multipart and node.boundary:
        node.data, after = b"", _split(node, text, 0, len(text), node.boundary)
        node.epilogue = None if after is None else text[after:]
    return node


def _node(raw: bytes, start: int, stop: int, parent: Node | None) -> Node:
    """The part from `start` to `stop`, with all that is in it."""
    fields, body = heads.read(raw, start, stop)
    node = Node(fields, parent)
    if not (node.multipart and node.may_have_parts):
        node.data = raw[body : stop - _line_end(raw, body, stop) if parent else stop]
        return node
    after = _split(node, raw, body, stop, node.boundary) if node.boundary else None
    if not node.children:
        node.data = raw[body : stop if after is None else after]
    elif after is None:
        node.epilogue = None
    else:
        node.epilogue = raw[after : stop - _line_end(raw, after, stop) if parent else stop]
    return node


def _line_end(raw: bytes, start: int, stop: int) -> int:
    """How long the last line's end is: it belongs to the boundary that follows."""
    end = raw[max(start, stop - 2) : stop]
    return 2 if end == b"\r\n" else int(end[-1:] in {b"\n", b"\r"})


def _split(node: Node, raw: bytes, start: int, stop: int, boundary: bytes) -> int | None:
    """Give the node the parts between the lines with this boundary.

    Where the last line ends, None if none is the last one. Without parts: where the text ends.
    """
    begin = -1
    early: tuple[int, int] | None = None
    for at, end, last in _lines(raw, start, stop, boundary):
        if begin < 0 and last:  # some programs say the end first
            early = early or (at, end)
            continue
        if 0 <= begin < at:
            _attach(node, raw, begin, at)
            if last:
                return end
        if node.root.size > MOST_PARTS:
            return stop
        begin = end
    if begin >= 0:
        _attach(node, raw, begin, stop)
    return early[0] if early and begin < 0 and not raw[early[1] : stop].strip() else None


def _attach(node: Node, raw: bytes, start: int, stop: int) -> None:
    node.root.size += 1
    node.children.append(_node(raw, start, stop, node))


def _lines(raw: bytes, start: int, stop: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """The lines that are this boundary: their beginning, their end, and whether it is the last one."""
    mark = b"--" + boundary
    at = raw.find(mark, start, stop)
    while at >= 0:
        after = at + len(mark)
        rest = _LINE_ENDS.match(raw, after, stop)
        if rest and (at == start or raw[at - 1] in b"\r\n"):
            after = rest.end()
            yield at, after, rest[1] is not None
        at = raw.find(mark, after, stop)


def _headed(raw: bytes, reading: Reading) -> bytes:
    """With a head that the parser reads to its end."""
    if wide := _MARKS.get(raw[:2]):
        raw = raw[2:].decode(wide, "replace").encode()
        reading.note("The mail is written in UTF-16 as a whole; it was converted.")
    if _TWICE in raw[:1_000]:
        raw = raw.replace(_TWICE, b"\r\n")
        reading.note("The lines end in one sign too many, as of a wrong conversion; it was left out.")
    start = _LEADING.match(raw)
    if start and start.end():
        raw = raw[start.end() :]
        reading.note("There are blank lines before the headers.")
    end = _HEAD_END.search(raw)
    stop = end.start() if end else len(raw)
    head = heads.indented(raw[:stop]) if b"=" in raw[:stop] else raw[:stop]
    if len(head) > stop:
        raw, stop = head + raw[stop:], len(head)
    if not _ODD_LINE.search(raw, 0, stop):
        return raw
    return _without_odd_lines(raw, stop, reading)


def _without_odd_lines(raw: bytes, stop: int, reading: Reading) -> bytes:
    """Lines in the head that are no headers are left out, if headers follow; else, or if there are too
    many of them, the text begins there."""
    head, rest = raw[:stop], raw[stop:]
    last_known = max((known.start() for known in _KNOWN.finditer(head)), default=0)
    pieces: list[bytes] = []
    at = 0
    for odd in islice(_ODD_LINE.finditer(head), MOST_ODD):
        spaced = _SPACED_NAME.match(odd[0])
        if not spaced and last_known < odd.end():
            break
        pieces.append(head[at : odd.start()])
        pieces.append(spaced[1] + b":" + odd[0][spaced.end() :] if spaced else b"")
        at = odd.end()
        if not spaced:
            reading.note("A line among the headers is no header; it was left out.")
    return b"".join([*pieces, head[at:], rest])


def _repaired(root: Node, reading: Reading) -> Node:
    """Every multipart without its parts gets them, if they can be found."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.children:
            _nest(node)
            _find_more(node, reading)
        elif node.multipart:
            _find_parts(node, reading)
        waiting += node.children
    if root.size > MOST_PARTS:
        reading.note(f"The mail has more than {MOST_PARTS} parts; the others were left out.")
    return root


def _nest(node: Node) -> None:
    """Of two multiparts in each other that have one boundary, the inner one gets what was between it
    and the end."""
    for place, child in enumerate(node.children, 1):
        if child.children or not (child.multipart and child.may_have_parts):
            continue
        if child.boundary == node.boundary and len(node.children) > place:
            child.children = node.children[place:]
            child.epilogue = None if node.epilogue is None else b""
            del node.children[place:]
            for one in child.children:
                one.depth = child.depth + 1
            return


def _find_more(node: Node, reading: Reading) -> None:
    """Parts after the end: of a multipart in which another one has the same boundary."""
    if node.epilogue is None:
        reading.note("A multipart part has no end; it was read to the end of the mail.")
        return
    rest, boundary = node.epilogue, node.boundary
    if rest and any(not last and end < len(rest) for _, end, last in _lines(rest, 0, len(rest), boundary)):
        reading.note("A multipart part goes on after its end; what follows was read too.")
        if node.root.size <= MOST_PARTS:
            _split(node, rest, 0, len(rest), boundary)


def _find_parts(node: Node, reading: Reading) -> None:
    """By a line that looks like a boundary; else it is text."""
    if _unpack(node, reading):
        return
    lost = _LOST_BOUNDARY.search(node.data)
    if lost is None or not node.may_have_parts:
        reading.note("A multipart part has no parts in it; it was read as text.")
        node.data = _without_marks(node)
        node._kind = ("text/plain" if node.depth < DEEPEST else "application/octet-stream", node.kind[1])
        return
    reading.note("A multipart part has no boundary that fits; it was read by the lines that look like one.")
    data, node.data = node.data, b""
    _split(node, data, 0, len(data), lost[1])
    if not node.children:  # a line above it says that it is the last one
        _split(node, data, lost.start(), len(data), lost[1])


def _without_marks(node: Node) -> bytes:
    """What it holds, without the lines that are its boundary."""
    pieces, at = [], 0
    for begin, end, _ in _lines(node.data, 0, len(node.data), node.boundary) if node.boundary else ():
        pieces.append(node.data[at:begin])
        at = end
    return b"".join([*pieces, node.data[at:]]) if at else node.data


def _unpack(node: Node, reading: Reading) -> bool:
    """Find the parts in base64 or the like, which RFC 2045 6.4 forbids for a multipart."""
    encoding = node.encoding
    data = transfer.decode(node.data, encoding, reading) if encoding and node.may_have_parts else b""
    if not node.boundary or b"--" + node.boundary not in data or data == node.data:
        return False
    _split(node, data, 0, len(data), node.boundary)
    if node.children:
        node.data = b""
        reading.note("A multipart part is encoded as a whole; it was decoded.")
    return bool(node.children)
