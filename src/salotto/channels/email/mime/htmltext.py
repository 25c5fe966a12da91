"""From HTML to plain text that can be read: paragraphs, lists, links, quotes.

By the tags alone, in one pass, without a tree: that is quicker than a parser, and no markup can
make it slow.
"""

import re
from functools import partial
from html import escape, unescape

from salotto.channels.email.mime.htmltags import Cut, Effect, unescaped

DEEPEST_QUOTE = 12
LONGEST_LINK = 2_000
LONGEST_SAID = 262_144
"""Characters of which lines are made at once: of a large page there is no list of all lines."""

DEEPEST_LINK = 8
"""Links in links."""

# Signs that stand between the words until lines are made of them; a page has none of these.
_LINE = "\x1e"
"""Ends a line, unless nothing was said in it."""
_BREAK = f"\0{_LINE}"
"""Ends a line, also an empty one."""
_GAP = "\0\0"
"""A line of its own: a blank one, unless there is one."""
_LINK, _WORDS, _LINK_END = "\x1c", "\x1d", "\x1f"
"""Around the number of a link and its words."""

_A_LINK = re.compile(f"{_LINK}([^{_LINK}{_LINK_END}]*){_LINK_END}")
_BEGUN = re.compile(f"{_LINK}[0-9]+{_WORDS}")
_WHITE = "\n\t\r\v\f"
_OTHER_WHITE = "\xa0\x85\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


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

_EFFECTS = (
    dict.fromkeys(_PLAIN, _LINE)
    | dict.fromkeys(_APART, f"{_LINE}{_GAP}{_LINE}")
    | {"br": _BREAK, "td": " ", "th": " "}
)
"""What is written for a tag, where that is all."""

_END_EFFECTS = dict.fromkeys(_PLAIN | {"li"}, _LINE) | dict.fromkeys(_APART, _EFFECTS["p"])
"""The same for those that end an element."""

_NO_QUOTES = VOID | names("a font b i u strong em")
_SEEN = VOID | names("body html")
_INVISIBLE = "\u200b\u2060\ufeff\u034f\u00ad"
_BLANKS = re.compile(r"\n\n\n+")  # written so, three are looked for at once


def text(html: str) -> str:
    """What the page says, without what it hides (preheaders and the like). Linear in its size."""
    return read(html)[0]


def read(html: str) -> tuple[str, list[str]]:
    """The text, and the attributes of the tags: of those that are the same at least once."""
    writer = _Writer()
    Cut(_without_signs(html), writer.learn, writer.write).run()
    return writer.result(), writer.attributes


def _without_signs(html: str) -> str:
    """The page without the signs with which lines are made of it; nearly all have none."""
    if "\0" in html:
        html = html.replace("\0", "")
    for sign in (_LINE, _LINK, _WORDS, _LINK_END):
        html = html.replace(sign, " ")
    return html


def _hidden(given: str) -> bool:
    return bool(_HIDING.search(unescape(attribute("style", given))) or _HIDDEN.search(given))


def _may_hide(given: str) -> bool:
    return (
        "hid" in given  # hidden, mso-hide
        or "display" in given
        or "max-height" in given
        or "font-size" in given
    )


def attribute(name: str, given: str) -> str:
    """The value of an attribute in the rest of a tag as it stands there, "" without it."""
    hint = given.find(name)  # usually right at once; in capitals it is looked for from the beginning
    found = _ATTRIBUTES[name].search(given, max(0, hint)) or _ATTRIBUTES[name].search(given)
    if found is None:
        return ""
    return found[1] or found[2] or found[3] or ""


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


class _Links(dict[str, str]):
    """The words of links, and behind them where they lead if they do not say it: by the link's number,
    a sign, and its words.
    """

    def __init__(self) -> None:
        self._givens: list[str] = []
        self._places: dict[str, tuple[str, str]] = {}

    def begin(self, given: str) -> str:
        """What is written where a link with these attributes begins."""
        self._givens.append(given)
        return f"{_LINK}{len(self._givens) - 1}{_WORDS}"

    def __missing__(self, link: str) -> str:
        number, _, words = link.partition(_WORDS)
        shown = words.rpartition(_LINE)[2]
        if shown and not shown.isspace():
            said, bare = self._place(self._givens[int(number)])
            words = words if bare in shown else words + said
        self[link] = words
        return words

    def _place(self, given: str) -> tuple[str, str]:
        found = self._places.get(given)
        if found is None:
            found = self._places[given] = _leads_to(given)
        return found


class _Writer:
    """Lines of text. What tags and words say is kept as it comes, with signs where lines end, until
    something changes how lines are made: a quote, a list, text that is set already.
    """

    def __init__(self) -> None:
        self.attributes: list[str] = []
        self._said: list[str] = []
        self._length = 0
        self._lines: list[str] = []
        self._pre = 0
        self._quote = 0
        self._lists: list[int] = []
        self._marker = ""
        self._links = _Links()

    def write(self, said: str) -> None:
        """Words and signs."""
        if not said:
            return
        self._said.append(said)
        self._length += len(said)
        if self._length > LONGEST_SAID:
            whole, _, begun = "".join(self._said).rpartition(_LINE)
            self._said = [whole]
            self._make_lines()
            self._said.append(begun)

    def learn(self, name: str, given: str) -> Effect:
        """What such a tag does."""
        if name[0] == "/":
            return self._leaving(name[1:])
        if name == "img" and given.isascii() and "&" not in given:
            return ""
        lowered = given.lower()
        if name not in _NO_QUOTES:
            self.attributes.append(lowered or name)
        if name in UNSEEN or (_may_hide(lowered) and name not in _SEEN and _hidden(given)):
            return None
        return self._entering(name, given)

    def _entering(self, name: str, given: str) -> Effect:
        if name in _EFFECTS:
            return _EFFECTS[name]
        if name in BLOCKS:
            return partial(self._block, name)
        if name == "a":
            return self._links.begin(given)
        alt = unescape(attribute("alt", given)) if name == "img" else ""
        of_sign = len(alt) <= 8 and not alt.isascii()
        return escape(alt) if of_sign else ""

    def _leaving(self, name: str) -> Effect:
        if name in _END_EFFECTS:
            return _END_EFFECTS[name]
        if name in BLOCKS:
            return partial(self._end_block, name)
        return _LINK_END if name == "a" else ""

    def _block(self, tag: str) -> None:
        self._make_lines()
        if tag in SPACED and not (self._lists and tag in {"ul", "ol"}):
            self._blank()
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

    def _end_block(self, tag: str) -> None:
        self._make_lines()
        if tag == "blockquote":
            self._end_quote()
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        if tag not in {"ul", "ol"} or not self._lists:
            self._blank()

    def _end_quote(self) -> None:
        while self._lines and not self._lines[-1].strip("> \0"):
            self._lines.pop()
        self._quote = max(0, self._quote - 1)

    def _make_lines(self) -> None:
        """Make lines of what was said so far."""
        if not self._said:
            return
        said = "".join(self._said)
        self._said.clear()
        self._length = 0
        if "&" in said:
            said = unescaped(said)
        if _LINK in said or _LINK_END in said:
            said = self._with_links(said)
        text = _set_already(said) if self._pre else _set(said)
        if self._quote or self._marker:
            for line in text.split("\n") if text else ():
                self._with_signs(line)
        elif text:
            self._lines.append(text)

    def _with_links(self, said: str) -> str:
        """Words with what is said of links; those that do not end are kept for the words that follow."""
        for _ in range(DEEPEST_LINK):
            pieces = _A_LINK.split(said)
            if len(pieces) == 1:
                break
            pieces[1::2] = map(self._links.__getitem__, pieces[1::2])
            said = "".join(pieces)
        if _LINK in said:
            self._said += _BEGUN.findall(said)[-DEEPEST_LINK:]
            said = _BEGUN.sub("", said)
        return said.replace(_LINK_END, "")

    def _with_signs(self, line: str) -> None:
        """A line after the signs of the quotes and of the list that it is in."""
        if line == _GAP:
            self._blank()
            return
        line = line.rstrip("\0 ")
        if line:
            line, self._marker = self._marker + line, ""
        self._lines.append(("> " * min(self._quote, DEEPEST_QUOTE) + line).rstrip())

    def _blank(self) -> None:
        """A blank line, unless there is one."""
        if self._lines and self._lines[-1].strip("> \0"):
            self._lines.append(("> " * min(self._quote, DEEPEST_QUOTE)).rstrip() if self._quote else "")

    def result(self) -> str:
        """All lines."""
        self._make_lines()
        text = "\n".join(self._lines)
        if "\0" in text:
            text = text.replace(" \0", "").replace("\0", "")
        return tidy(text)


def _set(said: str) -> str:
    """Words in lines: white space as single blanks, no lines of nothing else."""
    for sign in _WHITE if said.isascii() else _WHITE + _OTHER_WHITE:
        said = said.replace(sign, " ")
    text = "\n".join(filter(None, map(str.strip, said.split(_LINE))))
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _set_already(said: str) -> str:
    """Words that are set with their blanks and line ends, in lines."""
    lines = []
    for line in said.replace("\n", _BREAK).split(_LINE):
        bare = line.rstrip("\0").rstrip()
        if bare or line[-1:] == "\0":
            lines.append(bare or line.lstrip())
    return "\n".join(lines)


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
