"""Time zones that a calendar entry describes itself (RFC 5545 3.6.5), by arithmetic alone.

A library that walks from change to change is kept busy for hours by a rule for every second, and one
that remembers what a sender calls a zone reads the next sender's entry by it: neither is done here.
"""

import re
import warnings
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Any

MOST_ZONES = 20
MOST_CHANGES = 200
"""Of one zone: clocks were changed less often than that."""

_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)\Z")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FIRST = datetime.combine(date.min, time.min)

Zones = dict[str, Any]
"""The zones that an entry describes, by the name that it gives them."""


def calm() -> None:
    """Let the library neither follow nor remember what entries say of zones; those of the system it
    knows by name. Before each entry: it keeps the spellings that it has guessed in the last one."""
    from icalendar.error import GloballyUniqueTZIDGuessed
    from icalendar.timezone import tzp

    # each of these names a zone, and Python keeps all warnings that it has shown
    warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)
    tzp.use(_named())


@cache
def _named() -> Any:
    from icalendar.timezone.zoneinfo import ZONEINFO

    class Named(ZONEINFO):
        def knows_timezone_id(self, tzid: str) -> bool:
            """All, so that none is made of a description."""
            return True

    return Named()


def described(calendar: Any) -> Zones:
    """The zones that this calendar describes."""
    found = (one for one in calendar.walk("VTIMEZONE") if one.get("TZID") is not None)
    return {str(one["TZID"]): one for one in islice(found, MOST_ZONES)}


def away(zones: Zones, name: str, when: datetime) -> timedelta | None:
    """How far from UTC a place of that name is then; None if nothing is said of it."""
    zone = zones.get(name)
    if zone is None:
        return None
    last: tuple[datetime, timedelta] | None = None
    for part in zone.subcomponents[:MOST_CHANGES]:
        offset = getattr(part.get("TZOFFSETTO"), "td", None)
        if not isinstance(offset, timedelta):
            continue
        begins = max((one for one in _begins(part, when) if one <= when), default=_FIRST)
        if last is None or begins > last[0]:
            last = begins, offset
    return last[1] if last else None


def _begins(part: Any, when: datetime) -> Iterator[datetime]:
    """When summer or winter began, the last times before `when`."""
    start = getattr(part.get("DTSTART"), "dt", None)
    if not isinstance(start, datetime):
        return
    start = start.replace(tzinfo=None)
    yield start
    rule = part.get("RRULE")
    if not isinstance(rule, dict) or _first(rule, "FREQ") != "YEARLY":
        return
    until = _first(rule, "UNTIL")
    last = min(when.year, until.year) if isinstance(until, date) else when.year
    for year in range(max(start.year, last - 1), last + 1):
        day = _day(rule, year, start)
        if day and (begins := datetime.combine(day, start.time())) >= start:
            yield begins


def _day(rule: Any, year: int, start: datetime) -> date | None:
    """The day of a year for which there is such a rule, as the last Sunday in March."""
    month = _first(rule, "BYMONTH") or start.month
    named = _DAY.match(str(_first(rule, "BYDAY") or ""))
    only = {int(one) for one in rule.get("BYMONTHDAY", [])}
    if not named:
        only = only or {start.day}
    days = [date(year, int(month), n + 1) for n in range(monthrange(year, int(month))[1])]
    if named:
        days = [day for day in days if day.weekday() == _DAYS.index(named[2])]
    days = [day for day in days if not only or day.day in only]
    place = int(named[1]) if named and named[1] else 1
    place = place - 1 if place > 0 else place
    return days[place] if -len(days) <= place < len(days) else None


def _first(rule: Any, name: str) -> Any:
    return next(iter(rule.get(name, [])), None)
