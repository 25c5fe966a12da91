"""What a calendar entry says, in the reader's language.

Reading a mail writes it in English (`mime.calendars`), a line for each thing told, and so it is kept.
Here each line is taken apart again: its name, the days in it, and how often something is repeated.
"""

import re
from datetime import date

from babel.dates import format_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext_lazy as several

NAMES = (
    noop("Invitation"), noop("Cancelled"), noop("Answer to the invitation"), noop("Another time proposed"),
    noop("The proposed time was declined"), noop("Asks for the latest version"), noop("Accepted"),
    noop("Declined"), noop("Tentative"), noop("Delegated"), noop("Event"), noop("Task"), noop("When"),
    noop("Due"), noop("Repeats"), noop("Where"), noop("Organiser"), noop("From"), noop("Invited"),
    noop("Comment"),
)  # fmt: skip
"""How the lines begin."""
_OF_TIME = frozenset({"When", "Due"})
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_RHYTHM = re.compile(
    r"every (?:(\d{1,6}) )?(day|week|month|year)s?(?:, until (\d{4}-\d\d-\d\d)|, (\d{1,6}) times)?", re.ASCII
)
_UNITS = {
    "day": several("every day", "every %(step)d days", "step"),
    "week": several("every week", "every %(step)d weeks", "step"),
    "month": several("every month", "every %(step)d months", "step"),
    "year": several("every year", "every %(step)d years", "step"),
}


def occasion_said(entry: str) -> list[tuple[str, str]]:
    """The lines of a calendar entry, as pairs: what each tells, and what it says; what nobody here has
    written stays as it is."""
    lines = (line.partition(": ") for line in entry.split("\n") if line)
    return [(_(name) if name in NAMES else name, _value(name, value)) for name, _colon, value in lines]


def _value(name: str, value: str) -> str:
    if name in _OF_TIME:
        return _DAY.sub(lambda found: _day(found[0]), value)
    return _rhythm(value) if name == "Repeats" else value


def _day(written: str) -> str:
    """A day with its weekday; what is none stays as it is."""
    try:
        return str(format_date(date.fromisoformat(written), "full", locale=_locale()))
    except ValueError:
        return written


def _locale() -> str:
    language = get_language() or "en"
    return "en_GB" if language == "en" else language.replace("-", "_")


def _rhythm(value: str) -> str:
    found = _RHYTHM.fullmatch(value)
    if found is None:
        return value
    step, unit, until, times = found.groups()
    often = _UNITS[unit] % {"step": int(step or 1)}
    if until:
        return _("%(often)s, until %(day)s") % {"often": often, "day": _day(until)}
    if not times:
        return often
    count = ngettext("%(count)d time", "%(count)d times", int(times)) % {"count": int(times)}
    return f"{often}, {count}"
