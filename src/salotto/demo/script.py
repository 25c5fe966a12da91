"""The demo's conversations, read from `talks/*.txt`.

# Anna Rossi <anna@example.com> 3h      a contact (name and address may be missing),
                                        and how long ago the last message came
> Is the jacket still there?            the contact writes
sara: Yes, in blue.                     an agent answers
marco* Two left in the back.            an agent notes
sara = marco                            an agent assigns
marco done                              an agent completes
... 2h                                  time passes; otherwise a few minutes
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

FOLDER = Path(__file__).parent / "talks"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}

_HEAD = re.compile(r"#\s*(?P<name>[^<\d]*?)\s*(?:<(?P<email>[^>]+)>)?\s+(?P<ago>\d+[mhd])$")
_STEPS = (
    (re.compile(r">\s*(?P<text>.+)$"), "asks"),
    (re.compile(r"(?P<who>\w+):\s*(?P<text>.+)$"), "answers"),
    (re.compile(r"(?P<who>\w+)\*\s*(?P<text>.+)$"), "notes"),
    (re.compile(r"(?P<who>\w+) = (?P<text>\w+)$"), "assigns"),
    (re.compile(r"(?P<who>\w+) done$"), "completes"),
    (re.compile(r"\.\.\.\s*(?P<text>\d+[mhd])$"), "waits"),
)


@dataclass(frozen=True)
class Step:
    """One thing that happens: `what` is a verb of `_STEPS`, `gap` the time before it."""

    what: str
    who: str
    text: str
    gap: timedelta


@dataclass
class Talk:
    """One conversation; the last step happened `ago` before now."""

    name: str
    email: str
    language: str
    ago: timedelta
    steps: list[Step] = field(default_factory=list)

    def length(self) -> timedelta:
        """From the first step to the last."""
        return sum((step.gap for step in self.steps[1:]), timedelta())


def span(text: str) -> timedelta:
    """`"90m"`, `"3h"`, `"2d"` as a time span."""
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def talks() -> list[Talk]:
    """All conversations, of all languages."""
    files = sorted(FOLDER.glob("*.txt"))
    return [talk for path in files for talk in read(path.read_text(encoding="utf-8"), path.stem)]


def read(text: str, language: str) -> Iterator[Talk]:
    """The conversations of one file. Raises ValueError for a line that is not understood."""
    talk: Talk | None = None
    waited = timedelta()
    for line in filter(None, (raw.strip() for raw in text.splitlines())):
        if head := _HEAD.match(line):
            if talk is not None:
                yield talk
            talk = Talk(head["name"], head["email"] or "", language, span(head["ago"]))
        elif talk is None:
            raise ValueError(f"a conversation begins with #: {line!r}")
        else:
            step = _step(line, waited or _pause(line))
            waited = span(step.text) if step.what == "waits" else timedelta()
            if step.what != "waits":
                talk.steps.append(step)
    if talk is not None:
        yield talk


def _pause(line: str) -> timedelta:
    """A few minutes, the longer the more there is to type."""
    return timedelta(seconds=25 + 3 * len(line))


def _step(line: str, gap: timedelta) -> Step:
    for pattern, what in _STEPS:
        if found := pattern.match(line):
            parts = found.groupdict()
            return Step(what, parts.get("who", ""), parts.get("text", ""), gap)
    raise ValueError(f"not a line of a conversation: {line!r}")
