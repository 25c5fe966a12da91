"""Days as operators type them, and the instants that they begin at."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext_lazy as _

from salotto.core import clock
from salotto.core.errors import Invalid

FARTHEST = timedelta(days=100 * 366)
"""A day further away than this is a slip of the hand."""


class BadDay(Invalid):
    """422: no day of the calendar."""

    code = "bad_day"
    sentence = _("Write the day like 2027-01-31. Nothing was changed.")


class DayHasPassed(Invalid):
    """422: a day that has passed, and nobody has said that it is meant."""

    code = "day_has_passed"
    sentence = _(
        "This day has passed, so it would count at once. Nothing was changed. Confirm it if you mean it."
    )


class BadZone(Invalid):
    """422: no time zone."""

    code = "bad_zone"
    sentence = _("There is no such time zone. One looks like Europe/Rome. Nothing was changed.")


def day_of(text: str) -> date | None:
    """The day in ISO form; None for an empty text. Raises BadDay."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise BadDay() from None
    if abs(day - clock.now().date()) > FARTHEST:
        raise BadDay()
    return day


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day in a time zone, as UTC; also where the clocks skip 00:00."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def today(zone: str, now: datetime) -> date:
    """The day in a time zone at an instant."""
    return now.astimezone(ZoneInfo(zone)).date()


def zone_of(text: str) -> str:
    """The name of a time zone; raises BadZone."""
    name = text.strip()
    if name not in available_timezones():
        raise BadZone()
    return name
