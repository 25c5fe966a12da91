"""From HTML to plain text that can be read: paragraphs, lists, links, quotes.

By the tags alone, in one pass, without a tree: that is quicker than a parser, and no markup can
make it slow.
"""

import re
from collections.abc import Callable
from functools import partial
from html import unescape

from salotto.channels.email.mime.htmltags import tokens

DEEPEST_QUOTE = 12
LONGEST_LINK = 2_000
Step = Callable[[], bool | None]
"""What a tag does to the text; true if it has also dealt with the words behind it."""


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
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:\s|=|/|$)", re.IGNORECASE | re.ASCII)
_PLAIN = BLOCKS - SPACED - names("li")
"""Blocks that just end the line."""

_APART = SPACED - names("blockquote ul ol pre")
"""Blocks with blank lines around them, and nothing else to them."""

_CELLS = names("td th")
_NO_QUOTES = VOID | names("a font b i u strong em")
_SEEN = VOID | names("body html")
_INVISIBLE = "\u200b\u2060\ufeff\u034f\u00ad"
_BLANKS = re.compile(r"\n{3,}")


def text(html: str) -> str:
    """What the page says, without what it hides (preheaders and the like). Linear in its size."""
    return read(html)[0]


def read(html: str) -> tuple[str, list[str]]:
    """The text, and the attributes of the tags: of those that are the same at least once."""
    writer = _Writer(html)
    line = writer.line
    for _, step, words in writer.tags:
        if (step is not None and step()) or not words:
            continue
        if words.isspace() and not writer.pre:
            if line:
                line.append(" ")
        elif "&" in words or writer.pre:
            writer.say(words)
        else:
            line.append(words)
    return writer.result(), writer.attributes


def _hidden(given: str) -> bool:
    return bool(_HIDING.search(unescape(attribute("style", given))) or _HIDDEN.search(given))


def _may_hide(given: str) -> bool:
    return (
        "hidden" in given
        or "display" in given
        or "max-height" in given
        or "font-size" in given
        or "mso-hide" in given
    )


def attribute(name: str, given: str) -> str:
    """The value of an attribute in the rest of a tag as it stands there, "" without it."""
    hint = given.find(name)  # usually right at once; in capitals it is looked for from the beginning
    found = _ATTRIBUTES[name].search(given, max(0, hint)) or _ATTRIBUTES[name].search(given)
    if found is None:
        return ""
    return found[1] or found[2] or found[3] or ""


def _single_spaced(text: str) -> str:
    """White space as single blanks, none at the ends."""
    text = text.strip()
    if not text.isprintable():
        text = text.replace("\n", " ").replace("\xa0", " ")
        if not text.isprintable():
            return " ".join(text.split())
    return " ".join(text.split()) if "  " in text else text  # its only white space are blanks


def _leads_to(given: str) -> tuple[str, str]:
    """The address on the web to which a link with these attributes leads, as it is said in a text, and
    what of it may stand in the link's words; both "" if it leads to none that can be said.
    """
    href = attribute("href", given)
    if "&" in href:
        plain = href.count("&") == href.count("&amp;")
        href = href.replace("&amp;", "&") if plain else unescape(href)
    href = href.strip()
    if not href.startswith(("http://", "https://")) or len(href) > LONGEST_LINK:
        return "", ""
    return f" <{href}>", href.partition("://")[2].rstrip("/")


class _Writer:
    """Lines of text, made step by step."""

    def __init__(self, html: str) -> None:
        self.tags = tokens(html, self.learn)
        self.attributes: list[str] = []
        self.line: list[str] = []
        self.pre = 0
        self._lines: list[str] = []
        self._ended = 0
        self._apart = False
        self._quote = 0
        self._lists: list[int] = []
        self._marker = ""
        self._hrefs: dict[str, tuple[str, str]] = {}
        self._links: list[tuple[str, int, int]] = []

    def learn(self, name: str, given: str) -> Step | None:
        """What to do where such a tag is, None for nothing."""
        if name[0] == "/":
            return self._leaving(name[1:])
        if name == "img" and given.isascii() and "&" not in given:
            return None
        lowered = given.lower()
        if name not in _NO_QUOTES:
            self.attributes.append(lowered or name)
        if name in UNSEEN or (_may_hide(lowered) and name not in _SEEN and _hidden(given)):
            return partial(self._leave_out, name)
        return self._entering(name, given)

    def _entering(self, name: str, given: str) -> Step | None:
        if name in _PLAIN:
            return self._end_line
        if name in _APART:
            return self._end_paragraph
        if name in BLOCKS:
            return partial(self._block, name)
        if name in _CELLS:
            return self._cell
        if name == "br":
            return partial(self._flush, force=True)
        if name == "a":
            return partial(self._begin_link, given)
        alt = unescape(attribute("alt", given)) if name == "img" else ""
        if alt and len(alt) <= 8 and not alt.isascii():  # a picture of a sign
            return partial(self.line.append, alt)
        return None

    def _leaving(self, name: str) -> Step | None:
        if name in _PLAIN:
            return self._end_line
        if name in _APART:
            return self._end_paragraph
        if name in BLOCKS:
            return partial(self._end_block, name)
        return self._end_link if name == "a" else None

    def _leave_out(self, name: str) -> bool:
        """An element that is not to be seen, up to the words behind it."""
        end, depth = f"/{name}", 1  # how many of its kind are open
        for tag, _, words in self.tags:
            depth += 1 if tag == name else -1 if tag == end else 0
            if not depth:
                if self.line or self.pre or not words.isspace():
                    self.say(words)
                break
        return True

    def _end_line(self) -> None:
        if self.line:
            self._flush()

    def _end_paragraph(self) -> None:
        if self.line:
            self._flush()
        if not self._apart:
            self._blank()

    def _cell(self) -> None:
        if self.line:
            self.line.append(" ")

    def _block(self, tag: str) -> None:
        self._flush()
        if tag in SPACED and not (self._lists and tag in {"ul", "ol"}):
            self._blank()
        if tag == "blockquote":
            self._quote += 1
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._item()
        elif tag == "pre":
            self.pre += 1

    def _item(self) -> None:
        depth = min(len(self._lists), 6)
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._marker = f"{'  ' * (depth - 1)}{self._lists[-1]}. "
        else:
            self._marker = "  " * max(0, depth - 1) + "- "

    def _end_block(self, tag: str) -> None:
        self._flush()
        if tag == "blockquote":
            self._end_quote()
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        if tag in SPACED and (tag not in {"ul", "ol"} or not self._lists):
            self._blank()

    def _end_quote(self) -> None:
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        self._quote = max(0, self._quote - 1)
        self._apart = False

    def _begin_link(self, given: str) -> None:
        self._links.append((given, self._ended, len(self.line)))

    def _end_link(self) -> None:
        """Where a link leads, if its words do not say it."""
        if not self._links:
            return
        given, ended, start = self._links.pop()
        shown = "".join(self.line[start if ended == self._ended else 0 :])
        if not shown or shown.isspace():
            return
        found = self._hrefs.get(given)
        if found is None:
            found = self._hrefs[given] = _leads_to(given)
        said, bare = found
        if said and bare not in shown:
            self.line.append(said)

    def say(self, text: str) -> None:
        """Words."""
        if "&" in text:
            text = unescape(text)
        if self.pre and "\n" in text:
            for piece in text.split("\n")[:-1]:
                self.line.append(piece)
                self._flush(force=True)
            text = text.rpartition("\n")[2]
        if text:
            self.line.append(text)

    def _flush(self, *, force: bool = False) -> None:
        """End the line. `force`: also an empty one."""
        if not self.line and not force:
            return
        joined = "".join(self.line)
        line = joined.rstrip() if self.pre else _single_spaced(joined)
        self.line.clear()
        self._ended += 1
        if line or force:
            self._apart = False
            self._lines.append(self._with_signs(line) if self._quote or self._marker else line)

    def _with_signs(self, line: str) -> str:
        """After the signs of the quotes and of the list that it is in."""
        if line:
            line, self._marker = self._marker + line, ""
        return ("> " * min(self._quote, DEEPEST_QUOTE) + line).rstrip()

    def _blank(self) -> None:
        """A blank line, unless there is one."""
        if self._lines and (last := self._lines[-1]) and (last[-1] not in "> " or last.strip("> ")):
            self._lines.append(("> " * min(self._quote, DEEPEST_QUOTE)).rstrip() if self._quote else "")
        self._apart = True

    def result(self) -> str:
        """All lines."""
        self._flush()
        return tidy("\n".join(self._lines))


def tidy(text: str) -> str:
    """Without invisible signs, without blank lines at its ends or more than one between."""
    found = [] if text.isascii() else [sign for sign in _INVISIBLE if sign in text]
    for sign in found:
        text = text.replace(sign, "")
    if found:  # what stood behind a blank may end its line now
        text = "\n".join([line.rstrip() for line in text.split("\n")])
    if "\n\n\n" in text:
        text = _BLANKS.sub("\n\n", text)
    return text.strip("\n ")
