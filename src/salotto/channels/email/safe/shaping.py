"""Tidy HTML out of any: known elements only, each closed where it belongs, nested in bounds.

Because every element is closed explicitly, no parser that reads the result has to repair it:
repairs (reopening formatting, moving content out of tables) are what makes parsing quadratic
and lets one program read another tree than the next.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from salotto.channels.email.safe import elements
from salotto.channels.email.safe.addresses import (
    data_address,
    image_address,
    inline_address,
    is_inline,
    link_address,
)
from salotto.channels.email.safe.styles import ROOT_CLASS, Declarations
from salotto.channels.email.safe.tokens import Raw, Tag, Token, decoded, readable, tokens

DEEPEST = 200
MOST_TOKENS = 200_000
"""Tags, texts and character references that are read: each costs a parser about the same."""
MOST_REOPENED = 4

_MEANS_ROOT = re.compile(rf"\b(?:body|html|{ROOT_CLASS})\b", re.IGNORECASE)


@dataclass(slots=True)
class Shaped:
    """A tidy fragment, its style sheets, and what was found on the way."""

    html: str
    sheets: list[str]
    there: Counter[str]
    blocked: int
    cut: bool


@dataclass(slots=True)
class Shaper:
    """Writes the tokens of one mail anew."""

    remote: bool
    inline: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    there: Counter[str] = field(default_factory=Counter)
    blocked: int = 0
    root: dict[str, str] = field(default_factory=dict)
    _styles: Declarations = field(default_factory=lambda: Declarations(remote=True))
    _open: list[str] = field(default_factory=list)
    _written: list[str] = field(default_factory=list)
    _scopes: list[Counter[str]] = field(default_factory=lambda: [Counter()])
    _items: list[Counter[str]] = field(default_factory=lambda: [Counter()])
    _too_deep: Counter[str] = field(default_factory=Counter)
    _skipping: list[str] = field(default_factory=list)

    # -- what comes in --

    def take(self, html: str) -> Shaped:
        """The whole mail."""
        left = MOST_TOKENS
        for token in tokens(readable(html)):
            left -= 1 + (token.count("&") if isinstance(token, str) else 0)
            if left < 0:
                break
            self._take(token)
        self._close_to(0)
        return Shaped(self._in_root("".join(self.out)), self.sheets, self.there, self.blocked, left < 0)

    def _take(self, token: Token) -> None:
        if isinstance(token, Raw):
            if token.name == "style" and not self._skipping:
                self.sheets.append(token.content)
        elif isinstance(token, str):
            self._text(token)
        elif self._skipping or token.name in elements.SKIPPED:
            self._skip(token)
        elif token.closing:
            self._end(token.name)
        else:
            self._start(token)

    def _in_root(self, html: str) -> str:
        """The fragment in an element that stands for its body, if that says anything."""
        if not self.root and not any(_MEANS_ROOT.search(sheet) for sheet in self.sheets):
            return html
        self.there.update([f".{ROOT_CLASS}", "*"])
        attributes = _written({**self.root, "class": f"{ROOT_CLASS} {self.root.get('class', '')}".strip()})
        return f"<div{attributes}>{html}</div>"

    def _skip(self, tag: Tag) -> None:
        if not tag.closing and not tag.empty and tag.name in elements.SKIPPED:
            self._skipping.append(tag.name)
        elif tag.closing and self._skipping and tag.name == self._skipping[-1]:
            self._skipping.pop()

    def _text(self, text: str) -> None:
        if self._skipping:
            return
        if self._in_table() and not text.isspace():
            self._imply_cell()
        if self.out and self.out[-1].startswith("<pre"):
            text = text.lstrip("\r\n")  # a parser takes away one at a time
        self.out.append(escape(decoded(text), quote=False))

    def _start(self, tag: Tag) -> None:
        if tag.name in ("body", "html"):
            self._body(tag.attributes)
        elif tag.name in elements.PICTURES:
            self._picture(tag)
        elif tag.name in elements.KEPT:
            self._make_room(tag.name)
            if (tag.name in elements.TABLE_PARTS or tag.name == "col") and "table" not in self._open:
                return
            self._push(tag.name, self._attributes(tag.name, tag.attributes))

    def _body(self, given: Mapping[str, str]) -> None:
        """A body is shown as a block; its colours are weaker than any style sheet."""
        said = {"color": given.get("text", ""), "background-color": given.get("bgcolor", "")}
        hints = [f"{key}:{value}" for key, value in said.items() if elements.is_plain("color", value)]
        if address := image_address(given.get("background", "")):
            hints.append(f'background-image:url("{address}")')
        if any(said.values()) or address:
            self.sheets.insert(0, f".{ROOT_CLASS}{{{';'.join(hints)}}}")
        kept = {key: value for key, value in given.items() if key in ("class", "dir", "id", "lang", "style")}
        self.root = {**self._attributes("div", kept), **self.root}

    def _end(self, name: str) -> None:
        if name == "br":
            self._push("br", {})
        elif self._too_deep[name]:
            self._too_deep[name] -= 1
        elif name == "table" or name in elements.TABLE_PARTS:
            self._end_table_part(name)
        elif self._scopes[-1][name]:
            self._end_plain(name)

    # -- what is open --

    def _push(self, name: str, attributes: dict[str, str]) -> None:
        if self._in_table() and name not in elements.TABLE_PARTS and name != "col":
            self._imply_cell()
        written = f"<{name}{_written(attributes)}>"
        if name not in elements.VOID:
            if len(self._open) >= DEEPEST:
                self._too_deep[name] += 1
                return
            self._enter(name, written)
        for mark in (name, "*", *self._marks(attributes)):
            self.there[mark] += 1
        self.out.append(written)

    def _enter(self, name: str, written: str) -> None:
        self._open.append(name)
        self._written.append(written)
        self._scopes[-1][name] += 1
        if name in elements.CELLS or name == "table":
            self._scopes.append(Counter())
            self._items.append(Counter())
        elif name in elements.LISTS:
            self._items.append(Counter())
        elif name in elements.ITEMS:
            self._items[-1][name] += 1

    def _pop(self) -> str:
        """Close the innermost element; the tag that it was opened with."""
        name = self._open.pop()
        if name in elements.CELLS or name == "table":
            self._scopes.pop()
            self._items.pop()
        elif name in elements.LISTS:
            self._items.pop()
        elif name in elements.ITEMS:
            self._items[-1][name] -= 1
        self._scopes[-1][name] -= 1
        self.out.append(f"</{name}>")
        return self._written.pop()

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._pop()

    def _close(self, *names: str) -> None:
        """Close the innermost element of one of these names, with all that is in it."""
        while self._open:
            last = self._open[-1]
            self._pop()
            if last in names:
                return

    def _end_plain(self, name: str) -> None:
        """Close it, and open again what formatting it had crossed (`<b><i></b></i>`)."""
        crossed: list[tuple[str, str]] = []
        while self._open[-1] != name:
            last = self._open[-1]
            crossed.append((last, self._pop()))
        self._pop()
        again = name in elements.FORMATTING and all(one in elements.FORMATTING for one, _ in crossed)
        if again and len(crossed) <= MOST_REOPENED and sum(len(tag) for _, tag in crossed) < 500:
            for one, written in reversed(crossed):
                self.out.append(written)
                self._enter(one, written)

    # -- where things belong --

    def _make_room(self, name: str) -> None:
        """Close what the start of this element ends."""
        scope = self._scopes[-1]
        if any(self._items[-1][item] for item in elements.ITEMS.get(name, ())):
            self._close(*elements.ITEMS[name])
        if name in elements.BLOCKS and scope["p"]:
            self._close("p")
        if name == "a" and scope["a"]:
            self._close("a")
        if name in elements.HEADINGS and self._open and self._open[-1] in elements.HEADINGS:
            self._pop()
        if name == "table" and self._in_table():
            self._close("table")
        elif name in elements.TABLE_PARTS or name == "col":
            self._make_room_in_table(name)

    def _make_room_in_table(self, name: str) -> None:
        if "table" not in self._open:
            return
        stays = {"table"}
        if name == "tr":
            stays |= elements.SECTIONS
        elif name in ("td", "th"):
            stays |= {"tr"}
        elif name == "col":
            stays |= {"colgroup"}
        while self._open[-1] not in stays:
            self._pop()
        if name in ("td", "th") and self._open[-1] == "table":
            self._push("tr", {})

    def _end_table_part(self, name: str) -> None:
        if "table" not in self._open:
            return
        inner = len(self._open) - 1 - self._open[::-1].index("table")
        if name in self._open[inner:]:
            self._close(name)

    def _in_table(self) -> bool:
        """Whether we are inside of a table and outside of its cells."""
        last = self._open[-1] if self._open else ""
        return last in ("table", "tr", "colgroup") or last in elements.SECTIONS

    def _imply_cell(self) -> None:
        """What stands between cells is shown in a cell of its own."""
        if self._open[-1] == "colgroup":
            self._pop()
        if self._open[-1] != "tr":
            self._push("tr", {})
        self._push("td", {})

    # -- attributes --

    def _attributes(self, name: str, given: Mapping[str, str]) -> dict[str, str]:
        """What of the attributes may stay, classes and ids included: the style sheets need them."""
        allowed = elements.ATTRIBUTES[name]
        kept = {}
        for key, value in given.items():
            if key not in allowed and key not in ("class", "id"):
                continue
            if found := self._attribute(key, value):
                kept[key] = found
            elif not value and key in ("alt", "data-remote", "noshade", "nowrap", "reversed"):
                kept[key] = ""
        return kept

    def _attribute(self, key: str, value: str) -> str:
        if key == "style":
            return self._styles.filter(value)
        if key == "href":
            return link_address(value)
        if key == "background":
            return self._remote(value)
        return value if elements.is_plain(key, value) else ""

    def _remote(self, address: str) -> str:
        """The address of a remote image if such are wanted, else it is counted."""
        found = image_address(address)
        if found and not self.remote:
            self.blocked += 1
        return found if self.remote else ""

    def _picture(self, tag: Tag) -> None:
        """Any request for a picture, as an image: of the mail itself, remote, or an empty place."""
        address = tag.attributes.get(elements.PICTURES[tag.name], "")
        if tag.name == "input" and tag.attributes.get("type", "").lower() != "image":
            return
        if tag.name == "video" and not address:
            return
        given = {key: value for key, value in tag.attributes.items() if key != "src"}
        attributes = self._attributes("img", given)
        if is_inline(address):
            source = inline_address(address, self.inline)
            if not source and (name := inline_address(address, self.names)):
                attributes["alt"] = f"[{attributes.get('alt') or name}]"
        else:
            source = data_address(address) or self._remote(address)
            if not source and image_address(address):
                attributes["data-remote"] = ""
        if source:
            attributes["src"] = source
        self._push("img", attributes)

    def _marks(self, attributes: Mapping[str, str]) -> list[str]:
        """What style rules may know the element by."""
        classes = [f".{name}" for name in attributes.get("class", "").split()]
        return [*classes, f"#{attributes['id']}"] if "id" in attributes else classes


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
