"""The tree of a mail's parts, by the standard library's parser, of bytes that may be broken.

A message in a message stays one leaf with its bytes untouched, depth and number of parts are
bounded, headers stay raw until somebody asks, and what a multipart lost (its boundary, its type)
is looked for in its text.
"""

import re
from email.feedparser import FeedParser
from email.message import Message
from email.policy import Policy, compat32
from typing import Any

from salotto.channels.email.mime import params
from salotto.channels.email.mime.bounds import few_lines
from salotto.channels.email.mime.reading import Reading

DEEPEST = 25
MOST_PARTS = 2_000
LONGEST_BOUNDARY = 200
CHUNK = 65_536
"""Characters that the parser gets at once: of a large mail it keeps no list of all lines."""

MOST_HEADERS = 20_000
"""Fields of one part that are kept."""

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,120}\Z")
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*")
_HEAD_END = re.compile(rb"\r?\n\r?\n|\r\r")
_MULTIPART = re.compile(rb"^content-type[ \t]*:\s*multipart", re.IGNORECASE | re.MULTILINE)
_ODD_LINE = re.compile(rb"^(?!From (?![ \t]*:)|>From |[!-9;-~]+:|[ \t]|\r?$).*\n?", re.MULTILINE)
_SPACED_NAME = re.compile(rb"([!-9;-~]{1,76})[ \t]+:")
_KNOWN = re.compile(
    rb"^(?:from|to|subject|date|message-id|received|content-type|mime-version)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_LOST_BOUNDARY = re.compile(
    r"^--([^\s\"]{1,200})[ \t]*\r?\nContent-[A-Za-z-]{3,40}:", re.MULTILINE | re.IGNORECASE
)


class _Enough(Exception):
    """There are more parts than are read; the first argument is the root of those that were."""


class Node(Message):
    """A part. Its body is as it came: bytes, or ASCII with other bytes as escaped surrogates."""

    def __init__(self, policy: "Policy[Any]" = compat32) -> None:
        super().__init__(policy)
        self.fields: dict[str, list[str]] = {}
        self.depth = 0
        self.root = self
        self.size = 1
        self._default = "text/plain"
        self._kind: tuple[str, params.Parameters] | None = None
        self._told = ""
        self._stored = 0

    def set_raw(self, name: str, value: str) -> None:
        if self._stored < MOST_HEADERS:
            self.fields.setdefault(name.rstrip().lower(), []).append(value)
        self._stored += 1

    def __len__(self) -> int:
        return len(self.fields)

    def set_default_type(self, ctype: str) -> None:
        self._default = ctype

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        payload.root = self.root
        self.root.size += 1
        if self.root.size > MOST_PARTS + 1:
            raise _Enough(self.root)
        super().attach(payload)

    def first(self, name: str) -> str:
        """The raw value of a header, "" without it."""
        found = self.fields.get(name)
        return found[0] if found else ""

    def get(self, name: str, failobj: Any = None) -> Any:
        return self.first(name.lower()) or failobj

    @property
    def kind(self) -> tuple[str, params.Parameters]:
        """The content type, its default where it says nothing, and its parameters."""
        if self._kind is None:
            main, parameters = params.read(self.first("content-type"))
            main = main.replace(" ", "")
            if not _TYPE.match(main):
                main = self._default if main in {"", "text", "plain"} else _nearest(main, parameters)
            self._kind = main, parameters
        return self._kind

    def get_content_type(self) -> str:
        """What the parser may know: it must not look into messages, nor too deep, nor for ever."""
        if not self._told:
            self._told = kind = self.kind[0]
            whole = kind.startswith("multipart/") and (self.depth >= DEEPEST or self.root.size > MOST_PARTS)
            if whole or kind.startswith("message/"):
                self._told = "application/octet-stream"
        return self._told

    def get_content_maintype(self) -> str:
        return self.get_content_type().partition("/")[0]

    def get_boundary(self, failobj: Any = None) -> Any:
        boundary = self.kind[1].get("boundary", "").rstrip()
        return boundary if 0 < len(boundary) <= LONGEST_BOUNDARY else None

    @property
    def body(self) -> str:
        """The lines of a leaf."""
        payload = self.__dict__["_payload"]
        if isinstance(payload, bytes):
            return payload.decode("ascii", "surrogateescape")
        return payload if isinstance(payload, str) else ""

    @property
    def data(self) -> bytes:
        """The same as bytes."""
        payload = self.__dict__["_payload"]
        return payload if isinstance(payload, bytes) else self.body.encode("ascii", "surrogateescape")

    @data.setter
    def data(self, data: bytes) -> None:
        self.__dict__["_payload"] = data

    @property
    def children(self) -> list["Node"]:
        """The parts of a multipart."""
        return self.__dict__["_payload"] if isinstance(self.__dict__["_payload"], list) else []


def _nearest(main: str, parameters: params.Parameters) -> str:
    """A type for one that is none, as `multipart` or `html`."""
    if "boundary" in parameters:
        return "multipart/mixed"
    return "text/html" if main in {"html", "text/html/", "text\\html"} else "application/octet-stream"


def read(raw: bytes, reading: Reading) -> Node:
    """The tree of a whole mail; never raises."""
    return _repaired(_parse(few_lines(_headed(raw, reading), reading)), reading)


def _parse(raw: bytes) -> Node:
    end = _HEAD_END.search(raw)
    if end and not _MULTIPART.search(raw, 0, end.start()):
        node = _fed(raw[: end.end()].decode("ascii", "surrogateescape"))
        if node.get_content_maintype() != "multipart":  # a leaf: its lines stay as they are
            node.data = node.data + raw[end.end() :]
            return node
    return _fed(raw.decode("ascii", "surrogateescape"))


def _fed(text: str) -> Node:
    parser = FeedParser(Node, policy=compat32)
    try:
        for at in range(0, len(text), CHUNK):
            parser.feed(text[at : at + CHUNK])
        return parser.close()  # type: ignore[return-value]
    except _Enough as enough:
        root: Node = enough.args[0]
        return root


def _headed(raw: bytes, reading: Reading) -> bytes:
    """With a head that the parser reads to its end."""
    start = _LEADING.match(raw)
    if start and start.end():
        raw = raw[start.end() :]
        reading.note("There are blank lines before the headers.")
    end = _HEAD_END.search(raw)
    stop = end.start() if end else len(raw)
    if not _ODD_LINE.search(raw, 0, stop):
        return raw
    return _without_odd_lines(raw, stop, reading)


def _without_odd_lines(raw: bytes, stop: int, reading: Reading) -> bytes:
    """Lines in the head that are no headers are left out, if headers follow; else the text begins there."""
    head, rest = raw[:stop], raw[stop:]
    last_known = max((known.start() for known in _KNOWN.finditer(head)), default=0)
    pieces: list[bytes] = []
    at = 0
    for odd in _ODD_LINE.finditer(head):
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
        if node.kind[0].startswith("multipart/") and not node.children:
            _find_parts(node, reading)
        elif node.children:
            _note(node, reading)
            _find_more(node, reading)
        waiting += node.children
    if root.size > MOST_PARTS:
        reading.note(f"The mail has more than {MOST_PARTS} parts; the others were left out.")
    return root


def _note(node: Node, reading: Reading) -> None:
    names = {type(defect).__name__ for defect in node.defects}
    if "CloseBoundaryNotFoundDefect" in names:
        reading.note("A multipart part has no end; it was read to the end of the mail.")


def _find_more(node: Node, reading: Reading) -> None:
    """Parts after the end: of a multipart in which another one has the same boundary."""
    boundary = node.get_boundary()
    if not node.epilogue or not boundary or f"--{boundary}\n" not in node.epilogue.replace("\r\n", "\n"):
        return
    reading.note("A multipart part goes on after its end; what follows was read too.")
    rest, node.epilogue = node.epilogue, None
    _adopt(node, boundary, rest)


def _adopt(node: Node, boundary: str, lines: str) -> None:
    """Take the parts that these lines have by this boundary."""
    head = f'Content-Type: {node.kind[0]}; boundary="{boundary}"\n\n'
    for child in _parse((head + lines).encode("ascii", "surrogateescape")).children:
        if node.root.size <= MOST_PARTS:
            node.attach(child)


def _find_parts(node: Node, reading: Reading) -> None:
    """By a line that looks like a boundary; else it is text."""
    lost = _LOST_BOUNDARY.search(node.body)
    if lost is None or node.depth >= DEEPEST or node.root.size > MOST_PARTS:
        reading.note("A multipart part has no parts in it; it was read as text.")
        node._kind = ("text/plain" if node.depth < DEEPEST else "application/octet-stream", node.kind[1])
        return
    reading.note("A multipart part has no boundary that fits; it was read by the lines that look like one.")
    lines, node.__dict__["_payload"] = node.body, None
    _adopt(node, lost[1], lines)
