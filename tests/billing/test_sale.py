"""Rule S14: the two dates from which nothing, or nothing more, is sold."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from salotto.accounts.models import Access
from salotto.billing import actions
from salotto.billing.errors import QuoteOver, SaleOver, SelfServiceOver
from salotto.billing.models import State
from salotto.core import clock
from tests.billing.later import books_hold, on_plan, read_only
from tests.billing.shop import add_card, catalogue, invoices, quote, subscription
from tests.cast import Cast, found_account

DATES = [
    ("Europe/Rome", date(2023, 1, 3)),  # the date of the original product
    ("UTC", date(2023, 1, 3)),
    ("Asia/Kolkata", date(2027, 5, 1)),  # half an hour off
    ("Africa/Cairo", date(2027, 4, 30)),  # 00:00 is skipped there that day
]
HALF = "Asia/Kolkata"


def midnight(zone: str, day: date) -> datetime:
    """The first instant of the day by the clocks of the zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("zone", "day"), DATES)
def test_s14_first_purchases_until_23_59_59_and_not_from_00_00_00(cast: Cast, zone: str, day: date) -> None:
    by, over = cast.primary_admin, midnight(zone, day)
    with catalogue(time_zone=zone, sale_ends_on=day):
        with clock.at(over - timedelta(seconds=1)):
            assert quote(by, 3).expires_at == over
        with clock.at(over), pytest.raises(SaleOver):
            quote(by, 3)


@pytest.mark.parametrize(("zone", "day"), DATES)
def test_s14_trials_until_23_59_59_and_not_from_00_00_00(zone: str, day: date) -> None:
    over = midnight(zone, day)
    with catalogue(time_zone=zone, sale_ends_on=day):
        with clock.at(over - timedelta(seconds=1)):
            assert subscription(found_account()).state == State.TRIAL
        with clock.at(over):
            late = found_account()
    assert (subscription(late).state, late.access) == (State.LAPSED, Access.VIEWER)


def test_s14_midnight_of_the_original_date_in_rome_is_23_utc() -> None:
    assert midnight("Europe/Rome", date(2023, 1, 3)) == datetime(2023, 1, 2, 23, tzinfo=UTC)
    assert midnight(HALF, date(2023, 1, 3)) == datetime(2023, 1, 2, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day"), DATES)
def test_s14_no_quote_outlives_the_date(cast: Cast, zone: str, day: date) -> None:
    by, over = cast.primary_admin, midnight(zone, day)
    add_card(by)
    with catalogue(time_zone=zone, sale_ends_on=day):
        with clock.at(over - timedelta(minutes=5)):
            made = quote(by, 3)
        assert made.expires_at == over
        with clock.at(over), pytest.raises((QuoteOver, SaleOver)):
            actions.buy(made.token, 3, by=by)
        assert invoices(by) == []
        with clock.at(over - timedelta(seconds=1)):
            assert actions.buy(made.token, 3, by=by).state == "paid"


def test_s14_an_account_that_has_it_buys_more_and_renews(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by).period_end
    assert end is not None
    with catalogue(sale_ends_on=date(2023, 1, 3)):
        made = quote(by, 2)
        assert actions.buy(made.token, 2, by=by).state == "paid"
        with clock.at(end):
            assert actions.step(by.account.pk) == "renewed"
    assert (subscription(by).state, read_only(by)) == (State.ACTIVE, False)
    books_hold(by)


@pytest.mark.parametrize(("zone", "day"), [(zone, date(2097, 6, 1)) for zone in ("Europe/Rome", HALF)])
def test_s14_extra_seats_end_at_the_second_date_to_the_second(cast: Cast, zone: str, day: date) -> None:
    by, over = cast.primary_admin, midnight(zone, day)
    with clock.at(over - timedelta(days=1)):
        on_plan(by)
        with catalogue(time_zone=zone, sale_ends_on=date(2023, 1, 3), extra_sale_ends_on=day):
            with clock.at(over - timedelta(seconds=1)):
                assert quote(by, 1).expires_at == over
            with clock.at(over), pytest.raises(SelfServiceOver):
                quote(by, 1)
