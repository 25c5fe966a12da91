"""The tags of HTML and the words between them, in one pass: no markup can make it slow.

Mails repeat few tags thousands of times. The page is cut at every `<`, and what is to be written for
the pieces is looked up for a whole chunk of them at once. Only pieces that are new are taken one by
one, and those whose tag does more than that something is written for it. Where a tag is more than its
piece (a sign in an attribute's value) it is read in the page itself.
"""

import re
from collections.abc import Callable
from html import unescape
from itertools import repeat

CHUNK = 8_192
"""Characters that are cut at once: what they are cut into stays in the processor's cache."""

MOST_KNOWN = 4_000
"""Pieces that are remembered before all are forgotten, so that pages without repeats take no memory."""

LONGEST_KNOWN = 400
"""Characters of a piece that is remembered with its words."""

LONGEST_CUT = 262_144
"""Characters of a text in which entities are looked for at once."""

_AFTER_ODD = 64
"""Characters that are cut behind a tag that is more than its piece, then twice as many each time."""

_UNKNOWN = "<<"
"""For a piece of which it is not known what to write; for none is so, as a `<` in it would begin another."""

MOST_LETTERS = 1_000
"""Entities that are remembered, of all pages together."""

_ENTITY = re.compile(r"(&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?))")
"""What `html.unescape` looks at."""

_COMMENT = re.compile(r"<!--(?:[^-]++|-(?!-!?>))*+--!?>")

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

Step = Callable[[], None]
Effect = str | Step | None
"""Of a tag: what is to be written for it, what is to be done where it stands, or None if nothing of its
element is to be seen."""

Write = Callable[[str], None]


class _Letters(dict[str, str]):
    """The letters of entities."""

    def __missing__(self, entity: str) -> str:
        letters = unescape(entity)
        if len(self) < MOST_LETTERS:
            self[entity] = letters
        return letters


_LETTERS = _Letters()


def unescaped(text: str) -> str:
    """The text with letters instead of its entities."""
    if len(text) <= LONGEST_CUT:
        return _unescaped(text)
    done, at = [], 0
    while at < len(text):  # all at once, a text of nothing else would take thirty times its size
        found = text.find("&", at + LONGEST_CUT)  # no entity holds one
        stop = found if found > 0 else len(text)
        done.append(_unescaped(text[at:stop]))
        at = stop
    return "".join(done)


def _unescaped(text: str) -> str:
    pieces = _ENTITY.split(text)
    pieces[1::2] = map(_LETTERS.__getitem__, pieces[1::2])
    return "".join(pieces)


def _without_comments(html: str) -> str:
    """The page with `<!>` for each of its comments."""
    if "!" not in html:  # one sign is looked for fifty times as fast as several
        return html
    last = html.rfind("-->") + 3  # all that begin before it have an end: no search is in vain
    if last < 3:
        return html
    whole = html.find("<!--", last) < 0
    return _COMMENT.sub("<!>", html) if whole else _COMMENT.sub("<!>", html[:last]) + html[last:]


class Cut:
    """A page in pieces that each begin behind a `<`.

    `learn` says what a tag does, given its name in lower case, `/` before it if it ends an element, and
    its attributes; it is asked once for tags that are the same. `write` takes what is written, in order.
    """

    def __init__(self, html: str, learn: Callable[[str, str], Effect], write: Write) -> None:
        self._html = _without_comments(html)
        self._learn = learn
        self._write = write
        self._known: dict[str, tuple[str, Effect]] = {}
        self._whole: dict[str, str] = {}
        self._unseen = ""
        self._depth = 0

    def run(self) -> None:
        """Take all, a chunk at a time."""
        at, size = self._next(0), CHUNK
        self._write(self._html[:at])
        while at < len(self._html):
            stop = self._next(at + size)
            pieces = self._html[at + 1 : stop].split("<")
            taken = self._take(pieces)
            if taken == len(pieces):
                at, size = stop, min(2 * size, CHUNK)
            else:
                at, size = self._odd(at + taken + sum(map(len, pieces[:taken]))), _AFTER_ODD
            if len(self._whole) > MOST_KNOWN:
                self._whole.clear()

    def _next(self, start: int) -> int:
        """Where the next tag begins; the end of the page if none does."""
        found = self._html.find("<", start)
        return len(self._html) if found < 0 else found

    def _take(self, pieces: list[str]) -> int:
        """Deal with these pieces up to one whose tag is more than it; how many those are."""
        written = [*map(self._whole.get, pieces, repeat(_UNKNOWN)), _UNKNOWN]
        n = done = self._pass(pieces, 0) if self._unseen else 0
        known, whole = self._known, self._whole
        while not self._unseen and (n := written.index(_UNKNOWN, n)) < len(pieces):
            piece = pieces[n]
            tag, closed, words = piece.partition(">")
            found = (known.get(tag) if closed else None) or self._new(tag, closed)
            if found is None:
                break
            name, effect = found
            if isinstance(effect, str):
                written[n] = words = effect + words
                if len(piece) < LONGEST_KNOWN:
                    whole[piece] = words
                n += 1
                continue
            if effect is None and pieces[n + 1 : n + 2] and pieces[n + 1].startswith(f"/{name}>"):
                written[n : n + 2] = "", pieces[n + 1].partition(">")[2]  # it ends at once
                n += 2
                continue
            self._write("".join(written[done:n]))
            done = n = n + 1
            if self._do(name, effect):
                self._write(words)
            else:
                done = n = self._pass(pieces, n)
        self._write("".join(written[done:n]))
        return n

    def _pass(self, pieces: list[str], start: int) -> int:
        """Pass over an element that is not to be seen; where what follows begins."""
        for n in range(start, len(pieces)):
            tag, closed, words = pieces[n].partition(">")
            found = (self._known.get(tag) if closed else None) or self._new(tag, closed)
            if found is None:
                return n
            if self._ends(found[0]):
                self._write(words)
                return n + 1
        return len(pieces)

    def _ends(self, name: str) -> bool:
        """Whether this tag ends the element that is not to be seen. Counts those of its kind in it."""
        self._depth += (name == self._unseen) - (name == f"/{self._unseen}")
        if not self._depth:
            self._unseen = ""
        return not self._depth

    def _new(self, tag: str, closed: str) -> tuple[str, Effect] | None:
        """What a tag does that is not known; None if it is more than its piece."""
        found = _TAG.match(tag) if closed else None
        if found is None:
            return None if _BEGINS.match(tag) else ("", f"<{tag}{closed}")
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
            self._whole.clear()
        name = found[1].lower()
        known = self._known[tag] = (name, self._learn(name, found[2]) if name else "")
        return known

    def _odd(self, at: int) -> int:
        """Deal with the tag at this place, which is read in the page itself; where the next one begins."""
        found = _TOKEN.match(self._html, at)
        end = found.end() if found else len(self._html)
        after = self._next(end)
        name, given = ((found[1] or "").lower(), found[2]) if found else ("", "")
        effect = self._learn(name, given) if name else ""
        if self._do(name, effect):
            self._write(self._html[end:after])
        return after

    def _do(self, name: str, effect: Effect) -> bool:
        """Deal with a tag; whether what follows it is to be seen."""
        if self._unseen:
            return self._ends(name)
        if effect is None:
            self._unseen, self._depth = name, 1
        elif isinstance(effect, str):
            self._write(effect)
        else:
            effect()
        return effect is not None
