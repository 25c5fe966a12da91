"""HTML as a stream of tags and text, in linear time whatever the bytes.

This is not what makes a mail safe (nh3 does): it bounds and tidies what the parsers written in C
and Rust are given, which by the letter of the HTML standard take quadratic time, or their whole
stack, for a mail that was written for that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape


def names(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


RAW = names("iframe noembed noframes plaintext script style textarea title xmp")
"""Elements whose content is text up to their end tag, and is never shown by us."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>][^\s>]*+)|(?=>)))?+"""
)
_END = re.compile(r"[\s/]*+>")
_COMMENT_END = re.compile(r"--!?>")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Tag:
    """A start or end tag; names are lower case, values decoded."""

    name: str
    closing: bool = False
    empty: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """The content of an element of `RAW`, as written."""

    name: str
    content: str


Token = str | Tag | Raw
"""Text is as written, entities included, but has no "<" left."""


def readable(html: str) -> str:
    """The same without what no encoder and no parser takes: NUL, lone surrogates, carriage returns."""
    return unix(_NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", html))


def decoded(text: str) -> str:
    """Text or a value with its character references resolved."""
    return unix(unescape(text)) if "&" in text else text


def unix(text: str) -> str:
    """With line feeds alone, as a parser would read it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tokens(html: str) -> Iterator[Token]:
    """The tags, texts and raw contents in order; comments, declarations and
    instructions are left out, and so is a tag that never ends."""
    at = 0
    while at < len(html):
        begin = html.find("<", at)
        if begin < 0:
            yield html[at:]
            return
        if begin > at:
            yield html[at:begin]
        found = _TAG.match(html, begin)
        if found is None:
            at = _after_other(html, begin)
            if at == begin + 1:
                yield "&lt;"
            continue
        tag, at = _tag(html, found)
        if tag is not None:
            yield tag
            if tag.name in RAW and not tag.closing:
                end = _end_of_raw(html, tag.name, at)
                yield Raw(tag.name, html[at:end])
                at = end


def _after_other(html: str, begin: int) -> int:
    """Where a comment, declaration or instruction ends; just after "<" if it is none."""
    if html.startswith("<!--", begin):
        if html.startswith((">", "->"), begin + 4):
            return html.index(">", begin) + 1
        found = _COMMENT_END.search(html, begin + 4)
        return found.end() if found else len(html)
    if html.startswith(("<!", "<?", "</"), begin):
        end = html.find(">", begin)
        return end + 1 if end >= 0 else len(html)
    return begin + 1


def _tag(html: str, found: re.Match[str]) -> tuple[Tag | None, int]:
    """The tag that begins at `found` and where it ends; None if it never does."""
    tag = Tag(found[2].lower(), closing=bool(found[1]))
    at = found.end()
    while True:
        end = _END.match(html, at)
        if end is not None:
            tag.empty = "/" in end[0]
            return tag, end.end()
        attribute = _ATTRIBUTE.match(html, at)
        if attribute is None:
            return None, len(html)
        name, *values = attribute.groups()
        tag.attributes.setdefault(name.lower(), decoded(next((v for v in values if v), "")))
        at = attribute.end()


def _end_of_raw(html: str, name: str, at: int) -> int:
    found = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(html, at)
    return found.start() if found else len(html)
