"""What the rest of a period costs."""

from datetime import datetime, timedelta

from salotto.billing.money import divide

SECOND = timedelta(seconds=1)


def seconds(start: datetime, end: datetime) -> int:
    """Whole seconds of real time between two aware instants; parts of a second are dropped."""
    return (end - start) // SECOND


def prorated(delta: int, unit: int, start: datetime, end: datetime, at: datetime) -> int:
    """`round_half_away(delta × unit × (end − at) / (end − start))` in minor units.

    `delta` is a number of seats (may be negative), `unit` the price of one for the whole
    period [start, end); `at` is cut to whole seconds and clamped to the period, so that
    before it the whole period is charged, and after it nothing. Raises ValueError for an
    empty period. Source: design of seats and billing, "Arithmetic".
    """
    whole = seconds(start, end)
    if whole <= 0:
        raise ValueError("a period ends after it begins")
    passed = min(max(seconds(start, at), 0), whole)
    return divide(delta * unit * (whole - passed), whole)
