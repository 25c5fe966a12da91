"""From HTML to plain text that can be read: paragraphs, lists, links, quotes."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

MOST_TAGS_AT_ONCE = 300
MOST_TAGS = 50_000
DEEPEST = 250
DEEPEST_QUOTE = 12
MOST_ATTRIBUTES = 400

NOTHING = frozenset(
    [
        "head",
        "style",
        "script",
        "title",
        "template",
        "svg",
        "object",
        "embed",
        "iframe",
        "select",
        "textarea",
        "noscript",
        "map",
        "audio",
        "video",
        "math",
        "canvas",
        "datalist",
        "button",
    ]
)
BLOCKS = frozenset(
    [
        "div",
        "tr",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "address",
        "form",
        "fieldset",
        "center",
        "dl",
        "dt",
        "dd",
        "figure",
        "figcaption",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "body",
        "html",
        "details",
        "summary",
        "legend",
        "hr",
        "pre",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "blockquote",
        "table",
        "li",
        "includetail",
    ]
)
SPACED = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl", "table", "hr"]
)

_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_ENDS_ITSELF = frozenset(
    [
        "br",
        "img",
        "hr",
        "meta",
        "link",
        "input",
        "col",
        "wbr",
        "area",
        "base",
        "embed",
        "param",
        "source",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "dt",
        "dd",
        "option",
    ]
)
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})((?:[^>=]|=(?!\s*+[\"'])|=\s*+\"[^\"]*+\"|=\s*+'[^']*+')*+)>?"
)
_UNSEEN = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|mso-hide\s{0,9}:\s{0,9}all"
    r"|max-height\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:;|$|!)|font-size\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:;|$|!)",
    re.IGNORECASE,
)
_INVISIBLE = dict.fromkeys([0x200B, 0x2060, 0xFEFF, 0x34F, 0xAD])
_BLANKS = re.compile(r"\n{3,}")


def tree(html: str) -> LexborHTMLParser | None:
    """The page, or None where its markup is made (or broken) so that no parser is done in time."""
    if not _reasonable(html):
        return None
    return LexborHTMLParser(html, options=LexborDocumentOptions.WO_EVENTS)


def _reasonable(html: str) -> bool:
    """Whether its depth, its open formatting and its attributes are those of a page for people.

    An HTML parser takes quadratic time and more over what is not: a bound that it lacks.
    """
    if len(html) < 20_000 and (html.count("<") < MOST_TAGS_AT_ONCE or _depth_at_most(html) < DEEPEST):
        return True
    depth = deepest = formatting = tags = 0
    for match in _TAG.finditer(html):
        closing, name, rest = match.groups()
        tags += 1
        name = name.lower()
        if len(rest) > MOST_ATTRIBUTES and len(rest.split()) > MOST_ATTRIBUTES:
            return False
        if name in _ENDS_ITSELF:
            continue
        step = -1 if closing else 1
        depth = max(0, depth + step)
        deepest = max(deepest, depth)
        formatting += step if name in _FORMATTING else 0
    return deepest < DEEPEST and tags < MOST_TAGS and max(0, formatting) * tags < 400_000


def _depth_at_most(html: str) -> int:
    """A bound of the depth that is quick to know: elements without an end count as open."""
    depth = deepest = 0
    for piece in html.split("</"):
        depth += piece.count("<")
        deepest = max(deepest, depth)
        depth -= 1
    return deepest


def hide(page: LexborHTMLParser, html: str) -> None:
    """Take out what is not shown: preheaders and the like."""
    if " hidden" not in html and not _UNSEEN.search(html):
        return
    for node in page.css("[style], [hidden]"):
        given = node.attributes
        unseen = "hidden" in given or _UNSEEN.search(given.get("style") or "")
        if unseen and node.tag not in {"body", "html"}:
            node.decompose()


def text(page: LexborHTMLParser) -> str:
    """What the page says. Linear in its size."""
    writer = _Writer()
    for node, entering in _walk(page.root):
        if entering:
            writer.enter(node, node.tag or "")
        else:
            writer.leave(node.tag or "")
    return writer.result()


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """Every shown node when it begins, and every element when it ends, without recursion."""
    stack = [(root, True)] if root is not None else []
    while stack:
        node, entering = stack.pop()
        yield node, entering
        if not entering:
            continue
        if node.next is not None and node is not root:
            stack.append((node.next, True))
        if node.is_text_node or node.tag in NOTHING or node.is_comment_node:
            continue
        stack.append((node, False))
        if node.first_child is not None:
            stack.append((node.first_child, True))


class _Writer:
    """Lines of text, made of events."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quote = 0
        self._pre = 0
        self._lists: list[int] = []
        self._marker = ""
        self._links: list[tuple[str, int]] = []

    def enter(self, node: LexborNode, tag: str) -> None:
        if tag == "-text":
            self._text(node.text_content or "")
        elif tag in BLOCKS:
            self._block(node, tag)
        elif tag == "br":
            self._flush(force=True)
        elif tag == "a":
            self._links.append((node.attributes.get("href") or "", len(self._line)))
        elif tag == "img":
            alt = node.attributes.get("alt") or ""
            if alt and len(alt) <= 8 and not alt.isascii():  # a picture of a sign
                self._line.append(alt)
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")

    def _block(self, node: LexborNode, tag: str) -> None:
        self._flush(blank=tag in SPACED)
        if tag == "blockquote":
            self._quote += 1
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag == "pre":
            self._pre += 1

    def _item(self) -> None:
        depth = min(len(self._lists), 6)
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._marker = f"{'  ' * (depth - 1)}{self._lists[-1]}. "
        else:
            self._marker = "  " * max(0, depth - 1) + "- "

    def leave(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._link(*self._links.pop())
        elif tag in BLOCKS:
            self._flush()
            if tag == "blockquote":
                self._end_quote()
            elif tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            elif tag == "pre":
                self._pre -= 1
            if tag in SPACED and (tag not in {"ul", "ol"} or not self._lists):
                self._blank()

    def _end_quote(self) -> None:
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        self._quote -= 1

    def _link(self, href: str, start: int) -> None:
        """Where a link leads, if its words do not say it."""
        href = href.strip()
        shown = "".join(self._line[start:]).strip()
        bare = href.removeprefix("https://").removeprefix("http://").rstrip("/")
        if shown and href.startswith(("http://", "https://")) and len(href) <= 2000 and bare not in shown:
            self._line.append(f" <{href}>")

    def _text(self, text: str) -> None:
        if self._pre and "\n" in text:
            for piece in text.split("\n")[:-1]:
                self._line.append(piece)
                self._flush(force=True)
            text = text.rpartition("\n")[2]
        if text:
            self._line.append(text)

    def _flush(self, *, force: bool = False, blank: bool = False) -> None:
        """End the line. `force`: also an empty one; `blank`: leave a blank line behind it."""
        joined = "".join(self._line)
        line = joined.rstrip() if self._pre else " ".join(joined.split())
        self._line = []
        self._links = [(href, 0) for href, _ in self._links]
        if line or force:
            prefix = "> " * min(self._quote, DEEPEST_QUOTE)
            self._lines.append(
                (prefix + (self._marker if line else "") + line).rstrip() if prefix or line else ""
            )
            self._marker = "" if line else self._marker
        if blank:
            self._blank()

    def _blank(self) -> None:
        prefix = ("> " * min(self._quote, DEEPEST_QUOTE)).rstrip()
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(prefix)

    def result(self) -> str:
        self._flush()
        return tidy("\n".join(self._lines))


def tidy(text: str) -> str:
    """Without invisible signs, without blank lines at its ends or more than one between."""
    if not text.isascii():
        text = text.translate(_INVISIBLE)
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANKS.sub("\n\n", text).strip("\n ")


def crude(html: str) -> str:
    """The text of markup that no parser may be given: its tags are left out, in one pass."""
    from html import unescape

    pieces, at, unseen = [], 0, ""
    for match in _TAG.finditer(html):
        closing, name = match[1], match[2].lower()
        if not unseen:
            pieces.append(html[at : match.start()])
            pieces.append("\n" if name in BLOCKS or name == "br" else "")
            unseen = name if name in {"script", "style", "head", "title"} and not closing else ""
        elif closing and name == unseen:
            unseen = ""
        at = match.end()
    pieces.append("" if unseen else html[at:])
    lines = unescape("".join(pieces)).split("\n")
    return tidy("\n".join(" ".join(line.split()) for line in lines))
