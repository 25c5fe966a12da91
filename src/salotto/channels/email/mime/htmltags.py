"""The tags of HTML and the words between them, in one pass: no markup can make it slow.

Mails repeat few tags thousands of times. The page is cut at every `<`, which is quick; a cut piece
that was seen before is known at once, and what is known of a tag is found once. Where a tag is more
than its piece (a sign in an attribute's value, a comment) it is read in the page itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from itertools import chain, islice
from operator import length_hint
from typing import Generic, TypeVar

CHUNK = 65_536
"""Characters that are cut at once: of a large page there is no list of all tags."""

MOST_KNOWN = 4_000
"""Pieces that are remembered before all are forgotten, so that pages without repeats take no memory."""

_COMMENT = re.compile(r"<!--(?:[^-]++|-(?!-!?>))*+--!?>")
_ENTITY = re.compile(r"(&[#a-zA-Z0-9]{2,8};)")
MOST_LETTERS = 1_000

_BEGINS = re.compile(r"/?[a-zA-Z]|[!?/]")
"""What makes a tag of a `<` before it; else that is just a sign."""

_TOKEN = re.compile(
    r"<(?:(/?[a-zA-Z][^\s/>]{0,40})([^>=]*+(?:=(?:\s*+(?:\"[^\"]*+\"|'[^']*+'))?[^>=]*+)*+)>?"
    r"|!--(?:[^-]++|-(?!-!?>))*+(?:--!?>)?|[^>]*+>?)"
)
_TAG = re.compile(
    r"((?>/?[a-zA-Z][^\s/]{0,40}+|(?=[!?/](?!--))))([^=]*+(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"']))[^=]*+)*+)\Z"
)
"""A tag between its signs, if it holds neither of them and every quote in it ends in it."""


def plainer(html: str) -> str:
    """The same page without its comments, and with letters instead of the entities that mean no more."""
    last = html.rfind("-->") + 3  # all that begin before it have an end: no search is in vain
    if last > 3:
        whole = html.find("<!--", last) < 0
        html = _COMMENT.sub("<!>", html) if whole else _COMMENT.sub("<!>", html[:last]) + html[last:]
    if "&" not in html:
        return html
    pieces = _ENTITY.split(html)
    pieces[1::2] = map(_LETTERS.__getitem__, pieces[1::2])
    return "".join(pieces)


class _Letters(dict[str, str]):
    """What is written for an entity: its letter, or the entity where that is more than a letter."""

    def __missing__(self, entity: str) -> str:
        letter = unescape(entity)
        if len(letter) != 1 or letter < "\xa0":
            letter = entity
        if len(self) < MOST_LETTERS:
            self[entity] = letter
        return letter


_LETTERS = _Letters()


What = TypeVar("What")
Token = tuple[str, What | None, str]
"""The name of a tag in lower case, `/` before it if it ends an element; what is known of it; the
words up to the next tag. The name is "" and nothing is known for words without a tag."""


def tokens(html: str, learn: Callable[[str, str], What]) -> Iterator[Token[What]]:
    """The page, tag by tag. `learn` says what is known of a tag, given its name and its attributes; it
    is asked once for tags that are the same.
    """
    return chain.from_iterable(_Cut(plainer(html), learn).chunks())


class _Cut(Generic[What]):
    """A page in pieces that each begin behind a `<`."""

    def __init__(self, html: str, learn: Callable[[str, str], What]) -> None:
        self._html = html
        self._learn = learn
        self._known: dict[str, Token[What]] = {}
        self._whole: dict[str, Token[What]] = {}
        self._at = 0

    def chunks(self) -> Iterator[Iterable[Token[What]]]:
        """All, a chunk at a time; each must be taken before the next one."""
        self._at = self._next(0)
        yield [("", None, self._html[: self._at])]
        while self._at < len(self._html):
            stop = self._next(self._at + CHUNK)
            yield self._chunk(self._html[self._at + 1 : stop].split("<"))
            self._at = max(stop, self._at)
            if len(self._whole) > MOST_KNOWN:
                self._whole.clear()

    def _chunk(self, pieces: list[str]) -> Iterator[Token[What]]:
        known, first = self._known.get, 0  # the piece that begins where we are
        each = iter(pieces)
        both = zip(each, map(self._whole.get, pieces), strict=False)
        for piece, seen in both:
            token = seen
            if token is None:
                tag, closed, words = piece.partition(">")
                found = known(tag) if closed else None
                token = (found[0], found[1], words) if found else self._new(tag, closed, words)
                if token is None:
                    index = len(pieces) - length_hint(each) - 1
                    self._at += index - first + sum(map(len, pieces[first:index]))
                    token, passed = self._read()
                    next(islice(both, passed - 1, passed - 1), None)
                    first = index + passed
                elif not words or words.isspace():
                    self._whole[piece] = token
            yield token

    def _next(self, start: int) -> int:
        """Where the next tag begins; the end of the page if none does."""
        found = self._html.find("<", start)
        return len(self._html) if found < 0 else found

    def _new(self, tag: str, closed: str, words: str) -> Token[What] | None:
        """What a piece is whose tag is not known; None if its tag is more than the piece."""
        found = _TAG.match(tag) if closed else None
        if found is None:
            return None if _BEGINS.match(tag) else ("", None, f"<{tag}{closed}{words}")
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
            self._whole.clear()
        name = found[1].lower()
        known = self._known[tag] = (name, self._learn(name, found[2]) if name else None, "")
        return known[0], known[1], words

    def _read(self) -> tuple[Token[What], int]:
        """The token where we are, read in the page itself, and how many pieces it is. Moves behind it."""
        found = _TOKEN.match(self._html, self._at)
        end = found.end() if found else len(self._html)
        after = self._next(end)
        words = self._html[end:after]
        passed = 1 + self._html.count("<", self._at + 1, after)
        self._at = after
        name, given = ((found[1] or "").lower(), found[2]) if found else ("", "")
        return (name, self._learn(name, given) if name else None, words), passed
