"""What a calendar entry says, in the reader's language.

Reading a mail writes it in English (`mime.calendars`), a line for each thing told, and so it is kept.
Here each line is taken apart again: its name, the days in it, and how often something is repeated.
"""

import re
from datetime import date

from babel.dates import format_date
from django.utils.translation import get_language, gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_noop as _

NAMES = (
    _("Invitation"), _("Cancelled"), _("Answer to the invitation"), _("Another time proposed"),
    _("The proposed time was declined"), _("Asks for the latest version"), _("Accepted"),
    _("Declined"), _("Tentative"), _("Delegated"), _("Event"), _("Task"), _("When"),
    _("Due"), _("Repeats"), _("Where"), _("Organiser"), _("From"), _("Invited"),
    _("Comment"),
)  # fmt: skip
"""How the lines begin."""
_OF_TIME = frozenset({"When", "Due"})
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_RHYTHM = re.compile(
    r"every (?:(\d{1,6}) )?(day|week|month|year)s?(?:, until (\d{4}-\d\d-\d\d)|, (\d{1,6}) times)?", re.ASCII
)
_UNITS = {
    "day": ngettext_lazy("every day", "every %(step)d days", "step"),
    "week": ngettext_lazy("every week", "every %(step)d weeks", "step"),
    "month": ngettext_lazy("every month", "every %(step)d months", "step"),
    "year": ngettext_lazy("every year", "every %(step)d years", "step"),
}


def occasion_said(entry: str) -> list[tuple[str, str]]:
    """The lines of a calendar entry, as pairs: what each tells, and what it says; what nobody here has
    written stays as it is."""
    lines = (line.partition(": ") for line in entry.split("\n") if line)
    return [(gettext(name) if name in NAMES else name, _value(name, value)) for name, _colon, value in lines]


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
        return gettext("%(often)s, until %(day)s") % {"often": often, "day": _day(until)}
    if not times:
        return often
    count = ngettext("%(count)d time", "%(count)d times", int(times)) % {"count": int(times)}
    return f"{often}, {count}"
