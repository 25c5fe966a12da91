"""What stands below an answer: who wrote the mail that it answers, and what; and the head of a mail
that is passed on. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date, format_time
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from salotto.channels.email.recipients import Person, written

LIMIT = 20_000
"""Characters of a mail that are quoted; a long chain is not sent round for ever."""


MOST_PEOPLE = 100
"""Recipients whom the head of a mail that is passed on names."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a mail that is passed on says; its blind copies are nobody's business."""

    sender: Person
    to: Sequence[Person]
    cc: Sequence[Person]
    subject: str


def quoted(text: str, who: str, at: datetime) -> str:
    """The quote in the active language, with one more `>` in front of each line; `at` is in the
    time zone to be shown. "" for a mail without text."""
    said = text.strip()[:LIMIT].rstrip()
    if not said:
        return ""
    return "\n".join([heading(who, at), *map(marked, said.splitlines())])


def heading(who: str, at: datetime) -> str:
    """The line above a quote, in the active language; `at` is in the time zone to be shown."""
    day, time = _moment(at)
    return _("On %(day)s at %(time)s, %(who)s wrote:") % {"day": day, "time": time, "who": _line(who)}


def passing_on(head: Head, at: datetime) -> str:
    """The lines above a mail that is passed on, in the active language, as every mail program
    knows them; `at` is in the time zone to be shown."""
    fields = {
        _("From"): written(head.sender),
        _("Date"): ", ".join(_moment(at)),
        _("Subject"): head.subject,
        _("To"): ", ".join(map(written, head.to[:MOST_PEOPLE])),
        _("Cc"): ", ".join(map(written, head.cc[:MOST_PEOPLE])),
    }
    lines = [f"{name}: {_line(value)}" for name, value in fields.items() if value.strip()]
    return "\n".join(["---------- {} ----------".format(_("Forwarded message")), *lines])


def _moment(at: datetime) -> tuple[str, str]:
    """Day and time, in the active language."""
    language = (get_language() or "en").partition("-")[0]
    locale = "en_GB" if language == "en" else language
    return format_date(at, "long", locale=locale), format_time(at, "HH:mm", locale=locale)


def _line(text: str) -> str:
    return " ".join(text.split())


def marked(line: str) -> str:
    """A line with one more `>` in front."""
    return f">{line}" if line.startswith(">") else f"> {line}".rstrip()
