"""One pass over the lines of a text: which of them are the writer's own."""

import operator
import re
from itertools import compress

from salotto.channels.email.mime.folding import cards, notices
from salotto.channels.email.mime.folding import lines as say

LONGEST_SIGNATURE = 25
"""Lines; what is longer after two dashes is no signature."""

MOST_DASHES = 2
"""Lines of two dashes, without the space behind them, that begin signatures; more part a list."""

HIGHEST_ATTRIBUTION = 4
"""Lines into which programs break an attribution."""

HIGHEST_HEADERS = 16
"""Lines of the headers of a quoted mail."""

MOST_TRIES = 500
"""Lines that may introduce an original and are looked at closely; no mail of a person has as many."""

LONGEST_TEXT = 4_000_000
"""Characters: what is longer is no answer, and stays as it is."""

_BEGINNINGS, _ENDS = frozenset("-_=*—–─|["), frozenset(":：-")
"""With what a line may begin or end that introduces an original."""

WRAPPED = 60
"""Characters of a quote's line of which a program may have broken off the end, without a mark."""

_RARE = re.compile(r"^(?:>>> .{1,200}>>>|.{1,200} wrote|(?:Da|From) \".{1,200})[ \t]*$", re.MULTILINE)
"""Further lines that may, as few programs write them."""

_BLANK = re.compile(r"\n\n\n+")  # written so, three are looked for at once


def fold(text: str, sender: str = "", *, passes_on: bool = False) -> str:
    """The text without quoted original and signature; whole if nothing would be left.

    A mail that the writer passes on is no quote, and stays. `sender`: the name that the mail gives, if
    it is known; `passes_on`: its subject says that it passes one on.
    """
    if len(text) > LONGEST_TEXT:
        return text
    page = _Page(text, sender, passes_on=passes_on)
    page.mark()
    visible = page.visible()
    return visible if _says_something(visible) else text


def _says_something(visible: str) -> bool:
    """Whether more than rules and dots is left: a letter, a digit, or a sign as 👍."""
    return any(c.isalnum() or ord(c) > 0x2100 for c in visible)


def _may_be_marked(text: str) -> bool:
    """Whether a `>` stands where it may begin a line; those that end an address do not."""
    at = text.find(">")
    while at > 0 and text[at - 1] not in "\n \t\u200b":
        at = text.find(">", at + 1)
    return at >= 0


class _Page:
    """Lines, and for each whether it is the writer's own: 1 if so, else 0; and the same for marked ones."""

    def __init__(self, text: str, sender: str, *, passes_on: bool) -> None:
        self.text = text
        self.sender = sender
        self.passes_on = passes_on
        self.passed_on = False
        self.lines = lines = text.split("\n")
        self.own = bytearray(b"\1") * len(lines)
        self.quoted = bytes(len(lines))
        self.may_be_marked = _may_be_marked(text)
        if self.may_be_marked:
            self.quoted = bytes(
                [line[:1] in "> \u200b" and line.lstrip("\u200b")[:2].lstrip()[:1] == ">" for line in lines]
            )
            if "<<<" in text:  # ">>> shop.example <<<" is an ornament
                ornaments = [line.rstrip()[-3:] == "<<<" for line in lines]
                self.quoted = bytes(map(operator.gt, self.quoted, ornaments))
            if "<http" in text or "<mailto:" in text or "<www" in text:
                self.quoted = self._without_ends_of_links()

    def _without_ends_of_links(self) -> bytes:
        """Which lines are marked, less those alone that begin with the end of the link above."""
        marks = bytearray(self.quoted + b"\0")
        n = marks.find(b"\0\1\0") + 1
        while n:
            if say.link_goes_on(self.lines[n - 1]):
                marks[n] = 0
            n = marks.find(b"\0\1\0", n) + 1
        return bytes(marks[:-1])

    def mark(self) -> None:
        """Fold unmarked originals, then marked ones, then signatures, then what stands for pictures."""
        end = self._unmarked()
        self._fold(end, len(self.lines))
        n = self.quoted.find(1, 0, end)
        while n >= 0:
            if self.own[n]:
                if not n or not self.quoted[n - 1]:
                    self._above(n)
                self.own[n] = 0
            n = self.quoted.find(1, n + 1, end)
        self._wrapped()
        self._fold(0, notices.banner(self.lines))
        self._signatures()
        if self.passed_on:
            self.own[end:] = b"\1" * (len(self.lines) - end)
        if "[" in self.text and "[cid:" in self.text:
            self._pictures()

    def visible(self) -> str:
        """The writer's own lines, without blank ones at both ends and more than one between."""
        left = "\n".join(map(str.rstrip, compress(self.lines, self.own))).strip("\n")
        return _BLANK.sub("\n\n", left) if "\n\n\n" in left else left

    def _fold(self, start: int, stop: int) -> None:
        if start < stop:
            self.own[start:stop] = bytes(stop - start)

    def _pictures(self) -> None:
        for n, line in enumerate(self.lines):
            if line[:5] == "[cid:" and say.picture(line):
                self.own[n] = 0

    def _unmarked(self) -> int:
        """Where an original begins whose lines have no marks, or a mail that is passed on."""
        tries = MOST_TRIES
        for n, bare in self._suspicious():
            if not self.own[n]:
                continue
            tries -= 1
            if not tries:
                break
            if self._passes_on(n, bare):
                self.passed_on = True
                return n
            start = self._begins_at(n, bare)
            if start is None:
                continue
            marked = self._marks_below(n)
            if not marked:
                return self._with_rule(start)
            self._fold(self._with_rule(start), marked)  # its lines are marked: answers may stand between
        return len(self.lines)

    def _suspicious(self) -> list[tuple[int, str]]:
        """The lines that may introduce an original, by the quickest look at them."""
        wide, rare, quoted = "：" in self.text, self._rare(), self.quoted
        return [
            (n, bare)
            for n, bare in enumerate(map(str.strip, self.lines))
            if bare
            and (
                (bare[0] in _BEGINNINGS and not quoted[n])
                or bare[-1] in _ENDS
                or (
                    ":" in bare
                    and (colon := bare.find(":", 0, 40)) > 0
                    and bare[colon + 1 : colon + 3] != "//"
                )
                or (wide and "：" in bare[:40])
                or (rare and _RARE.match(self.lines[n]))
            )
        ]

    def _rare(self) -> bool:
        """Whether there is one of the lines that few programs write. What is in most texts is looked for
        by one sign first: that takes a twentieth of the time."""
        text = self.text
        marked = self.may_be_marked and ">>> " in text
        hinted = marked or ('"' in text and ('Da "' in text or 'From "' in text)) or " wrote" in text
        return hinted and _RARE.search(text) is not None

    def _passes_on(self, n: int, bare: str) -> bool:
        """Whether a mail that the writer passes on begins in line n."""
        if self.quoted[n]:
            return bare[-1] in ":：" and not self._below(n) and say.passed_on(bare)
        if (bare[0] in _BEGINNINGS or bare[-1] in ":：") and say.passed_on(bare):
            return True
        return self.passes_on and (say.original(bare) or (bool(say.label(bare)) and self._headers(n)))

    def _below(self, n: int) -> bool:
        """Whether line n is below another one of a quote, or what introduces it."""
        above = n - 1
        while above > 0 and not self.lines[above].strip():
            above -= 1
        return above >= 0 and bool(
            self.quoted[above] or not self.own[above] or self._attribution(above, quoted=True) is not None
        )

    def _begins_at(self, n: int, bare: str) -> int | None:
        """The first line of what introduces an original, if line n shows it."""
        if self.quoted[n]:
            return n if say.groupwise(bare) and not self._marks_below(n) else None
        if bare[0] in _BEGINNINGS and say.original(bare):
            return n
        if (say.label(bare) and self._headers(n)) or (say.bare_label(bare) == "from" and self._table(n)):
            return n
        if bare[-1] in ":：-" or bare.endswith("wrote"):
            return self._attribution(n, quoted=False)
        return None

    def _with_rule(self, start: int) -> int:
        """With the rule above it, and the blank lines between; Yandex writes a few headers there."""
        n = start
        while n and start - n < 4:
            bare = self.lines[n - 1].strip()
            if bare and not (bare[-1] == ";" and say.label(bare)):
                break
            n -= 1
        return n - 1 if n and say.rule(self.lines[n - 1]) else start

    def _table(self, n: int) -> bool:
        """Whether the headers of a mail begin here that have no colons, line by line and all four."""
        found: list[str] = []
        for line in self.lines[n : n + 6]:
            name = say.bare_label(line.strip())
            if not name or name in found:
                break
            found.append(name)
        return {"from", "sent", "to", "subject"} <= set(found) and "@" in self.lines[n]

    def _headers(self, n: int) -> bool:
        """Whether the headers of a mail begin here: who, and when, to whom, what.

        Three of the four are enough if there is an address or a rule; a timetable also says
        "From", "To" and "Date". All four need one of them too, or a date with its year or time.
        """
        found: set[str] = set()
        address = n > 0 and (say.rule(self.lines[n - 1]) or say.original(self.lines[n - 1].strip()))
        dated, strangers = False, 0
        for line in self.lines[n : n + HIGHEST_HEADERS]:
            bare = line.strip()
            name = say.label(bare) if bare else ""
            strangers = 0 if name else strangers + 1
            if strangers > 2 or (name and name in found and name != "other"):
                break
            found.add(name)
            address = address or (bool(name) and "@" in bare)
            dated = dated or say.dated(bare)
        found -= {"", "other"}
        return "from" in found and len(found) > 2 and (address or (dated and len(found) == 4))

    def _marks_below(self, n: int) -> int:
        """The first marked line below the introduction at n; 0 if the text there has no marks."""
        strangers = 0
        for m in range(n + 1, min(n + HIGHEST_HEADERS, len(self.lines))):
            bare = self.lines[m].strip()
            if self.quoted[m]:
                return m
            if bare and not say.label(bare) and bare[-1] not in ":：":
                strangers += 1
                if strangers > 1:
                    return 0
        return 0

    def _attribution(self, n: int, *, quoted: bool) -> int | None:
        """The first line of the attribution that ends in line n, or None.

        Of several lines only where the first one begins as an attribution does, with a date.
        """
        joined = ""
        shortest: int | None = None
        for m in range(n, max(-1, n - HIGHEST_ATTRIBUTION), -1):
            if not self.lines[m].strip() or self.quoted[m] or not self.own[m]:
                break
            line = say.plain(self.lines[m])
            joined = f"{line} {joined}".strip()
            if len(joined) > say.LONGEST:
                break
            if not say.attribution(joined, quoted=quoted):
                continue
            if say.begins(joined) and (m == n or shortest is None or say.dated(line)):
                return m
            shortest = m if shortest is None else shortest
        return shortest

    def _above(self, n: int) -> None:
        """Fold what introduces the marked block that begins at n."""
        above = n - 1
        while above > 0 and n - above < 4 and not self.lines[above].strip():
            above -= 1
        if above < 0 or not self.own[above] or not self.lines[above].strip():
            return
        start = self._attribution(above, quoted=True)
        if start is not None:
            self._fold(self._with_rule(start), n)

    def _wrapped(self) -> None:
        """Fold the end of a quote's long line that a program has broken off, without a mark."""
        n = self.quoted.find(b"\1\0\1") + 1
        while n:
            above, line = self.lines[n - 1].rstrip(), self.lines[n]
            broken = above[-1:].isalnum() or above[-1:] == ","
            if len(above) >= WRAPPED and broken and line[:1].islower():
                self.own[n] = 0
            n = self.quoted.find(b"\1\0\1", n) + 1

    def _signatures(self) -> None:
        """In each block of own lines: from two dashes on, and programs' own last lines."""
        last = self.own.rfind(1) + 1
        lowest = True
        while last:
            first = self.own.rfind(0, 0, last) + 1
            if lowest:
                self._end(first, last)
                lowest = not any(map(str.strip, compress(self.lines[first:last], self.own[first:last])))
            else:
                self._signature(first, self._last_lines(first, last))
            last = self.own.rfind(1, 0, first) + 1

    def _end(self, first: int, last: int) -> None:
        """The signature of a block below which nothing is the writer's own: also a card and notices."""
        above = self._last_lines(first, last)
        while (start := notices.start(self.lines, first, above)) < above:
            self._fold(start, above)
            above = self._last_lines(first, start)
        above = self._signature(first, cards.postscript(self.lines, first, above))
        self._fold(cards.start(self.lines, first, above, self.sender), above)

    def _signature(self, first: int, last: int) -> int:
        """Fold from two dashes on, and programs' own last lines above them; where the end is now."""
        marks = [
            n
            for n in range(max(first, last - LONGEST_SIGNATURE), last)
            if self.lines[n][:1] in _BEGINNINGS and (say.dashes(self.lines[n]) or self._ruled_off(n, last))
        ]
        if not marks or sum(self.lines[n] != "-- " for n in marks) > MOST_DASHES:
            return last
        self._fold(marks[0], last)
        return self._last_lines(first, marks[0])

    def _ruled_off(self, n: int, last: int) -> bool:
        """Whether line n is any rule above the sender's own name."""
        line = self.lines[n].strip()
        if not self.sender or not 2 < len(line) < 80 or line.strip("-_=*—–─~"):
            return False
        below = next((one for one in self.lines[n + 1 : last] if one.strip()), "")
        return cards.named(below, self.sender)

    def _last_lines(self, first: int, last: int) -> int:
        """Fold "Sent from my phone" and rules at the end; where the end is now."""
        end = last
        while end > first:
            bare = self.lines[end - 1].strip()
            if bare:
                if not say.rule(bare) and not say.sent_from(bare):
                    break
                self._fold(end - 1, last)
                last = end - 1
            end -= 1
        return last
