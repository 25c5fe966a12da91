"""What the rest of a period costs: the worked lines, and what must hold for every line."""

import json
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salotto.billing.proration import prorated, remaining, seconds
from tests.property.profiles import chosen

CASES = json.loads((Path(__file__).parent / "cases/proration.json").read_text())
JUNE = datetime(2025, 6, 1, tzinfo=UTC)
JULY = datetime(2025, 7, 1, tzinfo=UTC)
UNIT = 1900

instants = st.integers(631_152_000_000, 4_102_444_800_000).map(
    lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
)
lengths = st.integers(1, 366 * 86_400).map(lambda length: timedelta(seconds=length))


def moments(case: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(case[name]) for name in ("period_start", "period_end", "at")]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_worked_line_is_met_to_the_unit(case: dict[str, Any]) -> None:
    assert prorated(case["delta_qty"], case["unit_amount"], *moments(case)) == case["expected"]


@chosen(200, 1)
@given(st.integers(-(10**9), 10**9), st.integers(0, 10**12), instants, lengths, st.floats(-0.5, 1.5))
def test_the_amount_is_the_exact_fraction_rounded_half_away_from_zero(
    delta: int, unit: int, start: datetime, length: timedelta, share: float
) -> None:
    start = start.replace(microsecond=0)
    at = (start + length * share).replace(microsecond=0)
    passed = min(max(at - start, timedelta(0)), length)
    size = abs(Fraction(delta * unit * int((length - passed).total_seconds()), int(length.total_seconds())))
    rounded = int(size + Fraction(1, 2))
    assert prorated(delta, unit, start, start + length, at) == (rounded if delta >= 0 else -rounded)


@chosen(200, 1)
@given(st.integers(0, 10**6), st.integers(0, 10**9), instants, lengths, instants)
def test_giving_back_is_the_same_amount_with_the_other_sign(
    delta: int, unit: int, start: datetime, length: timedelta, at: datetime
) -> None:
    end = start + length
    assert prorated(-delta, unit, start, end, at) == -prorated(delta, unit, start, end, at)


@chosen(200, 1)
@given(st.integers(0, 100), st.integers(0, 10**6), instants, lengths, st.integers(0, 400 * 86_400))
def test_later_is_never_dearer(delta: int, unit: int, start: datetime, length: timedelta, later: int) -> None:
    end, at = start + length, start + timedelta(seconds=later)
    assert prorated(delta, unit, start, end, at) >= prorated(delta, unit, start, end, at + timedelta(hours=1))


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        (JUNE - timedelta(days=3650), UNIT),
        (JUNE - timedelta(seconds=1), UNIT),
        (JUNE, UNIT),
        (JULY, 0),
        (JULY + timedelta(days=3650), 0),
    ],
)
def test_an_instant_outside_the_period_is_clamped_to_it(at: datetime, amount: int) -> None:
    assert prorated(1, UNIT, JUNE, JULY, at) == amount


def test_parts_of_a_second_are_dropped() -> None:
    at = datetime(2025, 6, 11, 10, tzinfo=UTC)
    for part in (0, 1, 500_000, 999_999):
        assert remaining(JUNE, JULY, at.replace(microsecond=part)) == (1_692_000, 2_592_000)


def test_offsets_say_the_same_instant() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    here = [instant.astimezone(zone) for instant in (JUNE, JULY, JUNE + timedelta(days=10))]
    assert prorated(3, UNIT, *here) == 3800


def test_an_hour_that_the_clocks_add_or_take_is_counted() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert seconds(datetime(2025, 3, 1, tzinfo=rome), datetime(2025, 4, 1, tzinfo=rome)) == 31 * 86_400 - 3600
    assert (
        seconds(datetime(2025, 10, 1, tzinfo=rome), datetime(2025, 11, 1, tzinfo=rome)) == 31 * 86_400 + 3600
    )


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_naive_instant_is_never_guessed(which: int) -> None:
    given_instants = [JUNE, JULY, JUNE + timedelta(days=3)]
    given_instants[which] = given_instants[which].replace(tzinfo=None)
    with pytest.raises(ValueError, match="offset"):
        prorated(1, UNIT, *given_instants)


@pytest.mark.parametrize("end", [JUNE, JUNE - timedelta(days=1), JUNE + timedelta(microseconds=9)])
def test_an_empty_period_has_no_price(end: datetime) -> None:
    with pytest.raises(ValueError, match="a period ends after it begins"):
        prorated(1, UNIT, JUNE, end, JUNE)


purchases = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30 * 86_400)), max_size=12)


def bought(wanted: list[tuple[int, int]], owned: int = 0) -> tuple[int, int]:
    """What wishes (`seats`, second of June) cost under the high-water rule, and the highest."""
    high, total = owned, 0
    for seats, second in sorted(wanted, key=lambda wish: wish[1]):
        total += prorated(max(0, seats - high), UNIT, JUNE, JULY, JUNE + timedelta(seconds=second))
        high = max(high, seats)
    return total, high


@chosen(200, 1)
@given(purchases, st.integers(0, 20))
def test_all_purchases_of_a_period_never_exceed_one_full_price(
    wanted: list[tuple[int, int]], owned: int
) -> None:
    total, high = bought(wanted, owned)
    assert 0 <= total <= (high - owned) * UNIT


def test_what_was_paid_for_in_this_period_is_not_paid_for_again() -> None:
    tenth, twentieth = 10 * 86_400, 20 * 86_400
    assert bought([(8, tenth)], 5)[0] == 3800
    assert bought([(8, tenth), (6, tenth + 60), (8, twentieth)], 5)[0] == 3800  # removed, and bought again
    assert bought([(8, tenth), (9, twentieth)], 5)[0] == 3800 + 633


@chosen(200, 1)
@given(st.integers(1, 40), st.integers(0, 30 * 86_400))
def test_one_by_one_and_at_once_differ_by_rounding_alone(seats: int, second: int) -> None:
    at = JUNE + timedelta(seconds=second)
    together, single = prorated(seats, UNIT, JUNE, JULY, at), prorated(1, UNIT, JUNE, JULY, at)
    assert abs(seats * single - together) <= Fraction(seats + 1, 2)


def test_three_seats_one_by_one_cost_a_cent_more_than_at_once() -> None:
    start, end, at = (datetime(2025, month, day, tzinfo=UTC) for month, day in ((7, 1), (8, 1), (7, 16)))
    assert (3 * prorated(1, UNIT, start, end, at), prorated(3, UNIT, start, end, at)) == (2943, 2942)
