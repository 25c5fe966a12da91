"""Billing periods: half-open, every boundary computed from the original anchor.

31 January → 28 February → 31 March: the n-th boundary is the anchor's local date and time
plus n months, cut to the month's last day; never the boundary before plus one month.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MONTHS = {"month": 1, "year": 12}
"""Months of a cycle."""


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in UTC; `months` is the distance of `start` from the anchor."""

    start: datetime
    end: datetime
    months: int


def boundary(anchor: datetime, months: int, zone: str) -> datetime:
    """The anchor plus a number of calendar months, in the time zone `zone` (IANA), as UTC.

    A local time that is skipped by a change of the clocks becomes the same time by the clock
    of before (02:30 → 03:30), one that comes twice the first of the two (PEP 495, fold 0).
    """
    local = anchor.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    wall = local.replace(year=year, month=month + 1, day=day, fold=local.fold if not months else 0)
    return wall.astimezone(UTC)


def period(anchor: datetime, months: int, cycle: str, zone: str) -> Period:
    """The period that begins `months` after the anchor and lasts one cycle."""
    end = boundary(anchor, months + MONTHS[cycle], zone)
    return Period(boundary(anchor, months, zone), end, months)


def period_at(anchor: datetime, at: datetime, cycle: str, zone: str) -> Period:
    """The period of this cycle, counted from the anchor, that holds the instant `at`.

    An instant before the anchor lies in a period before it.
    """
    first, here = anchor.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(zone))
    distance = (here.year - first.year) * 12 + here.month - first.month
    months = distance // MONTHS[cycle] * MONTHS[cycle]
    found = period(anchor, months, cycle, zone)
    while at < found.start:
        found = period(anchor, found.months - MONTHS[cycle], cycle, zone)
    while at >= found.end:
        found = period(anchor, found.months + MONTHS[cycle], cycle, zone)
    return found
