"""What the rest of a period costs."""

from datetime import UTC, datetime, timedelta

from salotto.billing.money import divide

SECOND = timedelta(seconds=1)


def whole_second(instant: datetime) -> datetime:
    """The instant in UTC, without parts of a second; raises ValueError for a naive one."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("an instant needs its offset from UTC")
    return instant.astimezone(UTC).replace(microsecond=0)


def seconds(start: datetime, end: datetime) -> int:
    """Whole seconds of real time between two aware instants, each cut to its whole second.

    In UTC: Python subtracts two times of the same zone by the clock on the wall, which leaves
    out the hour that a change of the clocks adds or takes. Raises ValueError for a naive one.
    """
    return (whole_second(end) - whole_second(start)) // SECOND


def remaining(start: datetime, end: datetime, at: datetime) -> tuple[int, int]:
    """Seconds that are left of the period [start, end) at an instant, and all its seconds.

    `at` is clamped to the period. Raises ValueError for an empty period or a naive instant.
    """
    whole = seconds(start, end)
    if whole <= 0:
        raise ValueError("a period ends after it begins")
    return whole - min(max(seconds(start, at), 0), whole), whole


def prorated(delta: int, unit: int, start: datetime, end: datetime, at: datetime) -> int:
    """`round_half_away(delta × unit × (end − at) / (end − start))` in minor units.

    `delta` is a number of seats (may be negative), `unit` the price of one for the whole
    period [start, end); `at` is cut to whole seconds and clamped to the period, so that
    before it the whole period is charged, and after it nothing. Raises ValueError for an
    empty period or a naive instant. Source: design of seats and billing, "Arithmetic".
    """
    left, whole = remaining(start, end, at)
    return divide(delta * unit * left, whole)
