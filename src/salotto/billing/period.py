"""Billing periods: half-open, every boundary computed from the original anchor.

31 January → 28 February → 31 March: the n-th boundary is the anchor's local date and time
plus n months, cut to the month's last day; never the boundary before plus one month.
"""

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
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

    0 months is the anchor itself, also in the second of two equal hours. A local time that is
    skipped by a change of the clocks becomes the same time by the clock of before (02:30 →
    03:30), one that comes twice the first of the two (PEP 495, fold 0). Raises ValueError for
    a naive anchor or an unknown zone, OverflowError outside the years 1 to 9999.
    """
    local = _in_zone(anchor, zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError("a boundary outside the years 1 to 9999")
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    wall = local.replace(year=year, month=month + 1, day=day, fold=0)
    return wall.astimezone(UTC) if months else local.astimezone(UTC)


def _in_zone(instant: datetime, zone: str) -> datetime:
    """The instant by the clocks of a zone; raises ValueError for a naive one."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("an instant needs its offset from UTC")
    # By way of UTC: within one zone Python would leave a time that does not exist as it is.
    return instant.astimezone(UTC).astimezone(ZoneInfo(zone))


def period(anchor: datetime, months: int, cycle: str, zone: str) -> Period:
    """The period that begins `months` after the anchor and lasts one cycle."""
    end = boundary(anchor, months + MONTHS[cycle], zone)
    return Period(boundary(anchor, months, zone), end, months)


def period_at(anchor: datetime, at: datetime, cycle: str, zone: str) -> Period:
    """The period of this cycle, counted from the anchor, that holds the instant `at`.

    An instant before the anchor lies in a period before it. Raises as `boundary` does.
    """
    first, here = _in_zone(anchor, zone), _in_zone(at, zone)
    distance = (here.year - first.year) * 12 + here.month - first.month
    months = distance // MONTHS[cycle] * MONTHS[cycle]
    while at < boundary(anchor, months, zone):
        months -= MONTHS[cycle]
    while at >= boundary(anchor, months + MONTHS[cycle], zone):
        months += MONTHS[cycle]
    return period(anchor, months, cycle, zone)
