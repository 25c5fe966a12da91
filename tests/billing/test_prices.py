"""Which step of a price an existing customer pays, whatever the order it was entered in."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from salotto.billing.models import Price
from salotto.billing.prices import price_for_new, price_for_renewal


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def version(pk: int, amount: int, new_from: str, existing_from: str = "") -> Price:
    """A price as the catalogue has it; `pk` is the order in which it was entered."""
    later = day(existing_from) if existing_from else None
    return Price(pk=pk, currency="SEK", unit_amount=amount, new_from=day(new_from), existing_from=later)


def due(prices: list[Price], current: Price, *days: str) -> list[int]:
    """What a customer at `current` pays at each of these renewals, one after the other."""
    paid = []
    for one in days:
        current = price_for_renewal(prices, current, day(one))
        paid.append(current.unit_amount)
    return paid


STEPS = ((2000, "2027-03-01"), (3000, "2027-06-01"), (4000, "2027-09-01"))
BOUNDARIES = ("2027-02-01", "2027-04-01", "2027-07-01", "2027-10-01", "2028-02-01")


@pytest.mark.parametrize("order", list(permutations(STEPS)))
def test_steps_come_on_their_day_in_whatever_order_they_were_entered(
    order: tuple[tuple[int, str], ...],
) -> None:
    bought = version(1, 1000, "2020-01-01")
    prices = [bought, *(version(pk, unit, "2020-01-01", at) for pk, (unit, at) in enumerate(order, start=2))]
    assert due(prices, bought, *BOUNDARIES) == [1000, 2000, 3000, 4000, 4000]
    for index, one in enumerate(BOUNDARIES):  # who renews once a year pays the same as who did monthly
        assert due(prices, bought, one) == [[1000, 2000, 3000, 4000, 4000][index]]


def test_nobody_is_thrown_back_to_a_step_that_was_superseded_when_they_bought() -> None:
    step = version(1, 1000, "2026-01-01", "2026-06-01")
    bought = version(2, 1500, "2027-01-01")
    coming = version(3, 1800, "2027-01-01", "2027-05-01")
    assert due([step, bought], bought, "2027-02-01", "2030-01-01") == [1500, 1500]
    assert due([step, bought, coming], bought, "2027-02-01", "2027-05-01") == [1500, 1800]
    assert due([step, bought], step, "2027-02-01") == [1000]  # who had it keeps it


def test_of_two_steps_at_one_instant_the_one_entered_last_counts() -> None:
    bought = version(1, 1000, "2020-01-01")
    wrong, right = (version(pk, unit, "2027-01-01", "2027-01-01") for pk, unit in ((2, 9900), (3, 990)))
    for prices in permutations([bought, wrong, right]):
        assert due(list(prices), bought, "2027-01-01", "2027-02-01") == [990, 990]
    assert due([bought, wrong, right], wrong, "2027-02-01") == [990]
    assert due([bought, wrong, right], right, "2027-02-01") == [990]


def test_who_bought_a_price_before_its_step_came_has_it_without_a_detour() -> None:
    old = version(1, 1000, "2026-01-01", "2026-02-01")
    bought = version(2, 1200, "2027-01-01", "2027-06-01")
    assert due([old, bought], bought, "2027-02-01", "2027-07-01") == [1200, 1200]
    assert due([old, bought], old, "2027-02-01", "2027-07-01") == [1000, 1200]


def test_a_step_in_another_currency_is_none() -> None:
    bought = version(1, 1000, "2020-01-01")
    other = Price(
        pk=2, currency="NOK", unit_amount=1, new_from=day("2021-01-01"), existing_from=day("2021-01-01")
    )
    assert due([bought, other], bought, "2027-01-01") == [1000]


def test_a_price_of_this_very_second_is_already_valid() -> None:
    """An account's clock counts whole seconds."""
    price = version(1, 2000, "2027-03-01T12:00:00.900000")
    assert price_for_new([price], "SEK", day("2027-03-01T12:00:00")) is price
    assert price_for_new([price], "SEK", day("2027-03-01T11:59:59")) is None
