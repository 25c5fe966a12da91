"""From HTML to plain text that can be read: paragraphs, lists, links, quotes.

By the tags alone, in one pass, without a tree: that is quicker than a parser, and no markup can
make it slow.
"""

import re
from html import unescape

DEEPEST_QUOTE = 12


def names(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


UNSEEN = names("script style title template svg math select textarea iframe noframes noembed datalist")
BLOCKS = names(
    "div tr section article header footer main nav aside address form fieldset center dl dt dd figure"
    " figcaption caption thead tbody tfoot body html details summary legend hr pre p h1 h2 h3 h4 h5 h6 ul ol"
    " blockquote table li includetail"
)
SPACED = names("p h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl table hr")
VOID = names("br img hr meta link input col wbr area base embed param source")

_TOKEN = re.compile(
    r"([^<]++)"
    r"|<(/?)([a-zA-Z][^\s/>]{0,40})([^>=]*+(?:=(?:\s*+(?:\"[^\"]*+\"|'[^']*+'))?[^>=]*+)*+)>?"
    r"|<!--.*?(?:--!?>|\Z)|<[!?/][^>]*+>?|(<)",
    re.DOTALL,
)
_ATTRIBUTES = {
    name: re.compile(
        rf"(?<![\w-]){name}\s{{0,9}}=\s{{0,9}}(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))", re.IGNORECASE
    )
    for name in ("href", "alt", "style")
}
_HIDING = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|mso-hide\s{0,9}:\s{0,9}all"
    r"|max-height\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:;|$|!)|font-size\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:;|$|!)",
    re.IGNORECASE,
)
_MAY_HIDE = (
    " hidden",
    "display:none",
    "display: none",
    "visibility",
    "mso-hide",
    "max-height",
    "font-size:0",
    "font-size: 0",
)
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)", re.IGNORECASE)
_INVISIBLE = "\u200b\u2060\ufeff\u034f\u00ad"
_BLANKS = re.compile(r"\n{3,}")


def text(html: str) -> str:
    """What the page says, without what it hides (preheaders and the like). Linear in its size."""
    lowered = html.lower()
    may_hide = any(word in lowered for word in _MAY_HIDE)
    writer = _Writer()
    unseen, depth = "", 0  # the element that is left out, and how many of its kind are open in it
    for token in _TOKEN.finditer(html):
        words, slash, name, given, sign = token.groups()
        if not name:
            if not unseen and (words or sign):
                writer.say(words or sign)
            continue
        tag = name.lower()
        if unseen:
            depth += (-1 if slash else 1) if tag == unseen else 0
            unseen = unseen if depth > 0 else ""
        elif tag in UNSEEN or (may_hide and tag not in VOID and not slash and _hidden(tag, given)):
            unseen, depth = ("" if slash else tag), 1
        elif tag in _BEGINS:
            (writer.leave if slash else writer.enter)(tag, given)
    return writer.result()


_BEGINS = BLOCKS | {"a", "br", "img", "td", "th"}
"""Tags that change a plain text; the others do not."""


def _hidden(name: str, given: str) -> bool:
    if name in {"body", "html"}:
        return False
    return bool(_HIDING.search(attribute("style", given)) or _HIDDEN.search(given))


def attribute(name: str, given: str) -> str:
    """The value of an attribute in the rest of a tag, "" without it."""
    found = _ATTRIBUTES[name].search(given)
    if found is None:
        return ""
    value: str = found[1] or found[2] or found[3] or ""
    return unescape(value) if "&" in value else value


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

    def enter(self, tag: str, given: str) -> None:
        """An element begins; `given`: its attributes."""
        if tag in BLOCKS:
            self._block(tag)
        elif tag == "br":
            self._flush(force=True)
        elif tag == "a":
            self._links.append((attribute("href", given), len(self._line)))
        elif tag == "img":
            alt = attribute("alt", given)
            if alt and len(alt) <= 8 and not alt.isascii():  # a picture of a sign
                self._line.append(alt)
        elif tag in {"td", "th"} and self._line:
            self._line.append(" ")

    def _block(self, tag: str) -> None:
        self._flush(blank=tag in SPACED and not (self._lists and tag in {"ul", "ol"}))
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

    def leave(self, tag: str, given: str = "") -> None:
        """An element ends."""
        if tag == "a" and self._links:
            self._link(*self._links.pop())
        elif tag in BLOCKS:
            self._flush()
            if tag == "blockquote":
                self._end_quote()
            elif tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            elif tag == "pre":
                self._pre = max(0, self._pre - 1)
            if tag in SPACED and (tag not in {"ul", "ol"} or not self._lists):
                self._blank()

    def _end_quote(self) -> None:
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        self._quote = max(0, self._quote - 1)

    def _link(self, href: str, start: int) -> None:
        """Where a link leads, if its words do not say it."""
        href = href.strip()
        shown = "".join(self._line[start:]).strip()
        bare = href.removeprefix("https://").removeprefix("http://").rstrip("/")
        if shown and href.startswith(("http://", "https://")) and len(href) <= 2000 and bare not in shown:
            self._line.append(f" <{href}>")

    def say(self, text: str) -> None:
        """Words."""
        if text.isspace() and not self._pre:
            if self._line:
                self._line.append(" ")
            return
        if "&" in text:
            text = unescape(text)
        if self._pre and "\n" in text:
            for piece in text.split("\n")[:-1]:
                self._line.append(piece)
                self._flush(force=True)
            text = text.rpartition("\n")[2]
        if text:
            self._line.append(text)

    def _flush(self, *, force: bool = False, blank: bool = False) -> None:
        """End the line. `force`: also an empty one; `blank`: leave a blank line behind it."""
        if not self._line and not force:
            if blank:
                self._blank()
            return
        joined = "".join(self._line)
        line = joined.rstrip() if self._pre else " ".join(joined.split())
        self._line = []
        if self._links:
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
        for sign in _INVISIBLE:
            text = text.replace(sign, "") if sign in text else text
        text = "\n".join([line.rstrip() for line in text.split("\n")])
    return _BLANKS.sub("\n\n", text).strip("\n ")
