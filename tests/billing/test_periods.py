"""Where periods begin and end: the anchor's day and time, by the account's own clocks."""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salotto.billing.period import MONTHS, boundary, period, period_at
from tests.property.profiles import chosen

ZONES = [
    "UTC",
    "Europe/Rome",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Pacific/Kiritimati",
]
zones = st.sampled_from(ZONES)
cycles = st.sampled_from(sorted(MONTHS))


def instants(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Instants between two years, in whole seconds."""
    seconds = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first, last))
    return st.integers(*seconds).map(lambda second: datetime.fromtimestamp(second, UTC))


anchors = instants(1975, 2090)


def local(zone: str, text: str, fold: int = 0) -> datetime:
    """An instant by the clocks of a zone, as `2025-03-30 02:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def days(anchor: str, count: int, zone: str = "UTC", step: int = 1) -> list[str]:
    """The local days of the boundaries after an anchor."""
    first = local(zone, anchor)
    found = [boundary(first, n * step, zone).astimezone(ZoneInfo(zone)) for n in range(1, count + 1)]
    return [f"{each:%m-%d}" for each in found]


def shown(zone: str, instant: datetime) -> str:
    return instant.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes")


@pytest.mark.parametrize("day", [28, 29, 30, 31])
@pytest.mark.parametrize("year", [2023, 2024, 1900, 2000])
def test_a_month_that_is_too_short_ends_on_its_last_day_and_the_next_has_the_anchors_day_again(
    day: int, year: int
) -> None:
    anchor = datetime(year - 1, 12, day, 9, 30, tzinfo=UTC)
    for month in range(1, 13):
        last = calendar.monthrange(year, month)[1]
        assert boundary(anchor, month, "UTC") == datetime(year, month, min(day, last), 9, 30, tzinfo=UTC)


def test_the_31st_of_january_leads_to_28_february_and_31_march() -> None:
    assert days("2025-01-31 00:00", 6) == ["02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]
    assert days("2024-01-31 00:00", 2) == ["02-29", "03-31"]


def test_a_year_from_29_february_ends_on_the_28th_and_in_a_leap_year_on_the_29th_again() -> None:
    assert days("2024-02-29 00:00", 4, step=12) == ["02-28", "02-28", "02-28", "02-29"]
    assert days("2096-02-29 00:00", 2, step=48) == ["02-28", "02-29"]  # 2100 is no leap year


def test_a_month_backwards_is_a_month_before() -> None:
    anchor = datetime(2025, 3, 31, tzinfo=UTC)
    assert boundary(anchor, -1, "UTC") == datetime(2025, 2, 28, tzinfo=UTC)
    assert boundary(anchor, -13, "UTC") == datetime(2024, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "anchor", "boundaries"),
    [
        # midnight stays midnight on both sides of the change of the clocks
        ("Europe/Rome", "2025-02-28 00:00", ["2025-03-28 00:00+01:00", "2025-04-28 00:00+02:00"]),
        ("America/New_York", "2025-02-01 00:00", ["2025-03-01 00:00-05:00", "2025-04-01 00:00-04:00"]),
        # in the hour that is skipped, and that comes twice
        ("Europe/Rome", "2025-02-28 02:30", ["2025-03-28 02:30+01:00", "2025-04-28 02:30+02:00"]),
        ("Europe/Rome", "2025-01-30 02:30", ["2025-02-28 02:30+01:00", "2025-03-30 03:30+02:00"]),
        ("Europe/Rome", "2025-09-26 02:30", ["2025-10-26 02:30+02:00", "2025-11-26 02:30+01:00"]),
        ("America/New_York", "2025-02-09 02:30", ["2025-03-09 03:30-04:00", "2025-04-09 02:30-04:00"]),
        ("America/New_York", "2025-10-02 01:30", ["2025-11-02 01:30-04:00", "2025-12-02 01:30-05:00"]),
        # half hours, and half an hour of daylight saving
        ("Asia/Kolkata", "2025-01-31 00:00", ["2025-02-28 00:00+05:30", "2025-03-31 00:00+05:30"]),
        ("Australia/Adelaide", "2025-03-06 02:30", ["2025-04-06 02:30+10:30", "2025-05-06 02:30+09:30"]),
        ("Australia/Lord_Howe", "2025-09-05 02:15", ["2025-10-05 02:45+11:00", "2025-11-05 02:15+11:00"]),
        ("Australia/Lord_Howe", "2025-03-06 01:45", ["2025-04-06 01:45+11:00", "2025-05-06 01:45+10:30"]),
        # Samoa left out 30 December 2011
        ("Pacific/Apia", "2011-11-30 10:00", ["2011-12-31 10:00+14:00", "2012-01-30 10:00+14:00"]),
        ("Pacific/Apia", "2011-11-29 10:00", ["2011-12-29 10:00-10:00", "2012-01-29 10:00+14:00"]),
    ],
)
def test_a_boundary_has_the_anchors_time_by_the_accounts_clocks(
    zone: str, anchor: str, boundaries: list[str]
) -> None:
    first = local(zone, anchor)
    assert [shown(zone, boundary(first, n + 1, zone)) for n in range(len(boundaries))] == boundaries


@pytest.mark.parametrize("fold", [0, 1])
def test_an_anchor_in_an_hour_that_comes_twice_is_kept_exactly(fold: int) -> None:
    anchor = local("America/New_York", "2025-11-02 01:30", fold).astimezone(UTC)
    assert anchor.hour == 5 + fold
    assert boundary(anchor, 0, "America/New_York") == anchor
    assert period_at(anchor, anchor, "month", "America/New_York").start == anchor
    before = period_at(anchor, anchor - timedelta(seconds=1), "month", "America/New_York")
    assert (before.months, before.end) == (-1, anchor)


def test_an_anchor_written_in_a_time_that_does_not_exist_is_one_instant() -> None:
    anchor = local("Europe/Rome", "2025-03-30 02:30")
    assert boundary(anchor, 0, "Europe/Rome") == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    assert shown("Europe/Rome", boundary(anchor, 1, "Europe/Rome")) == "2025-04-30 03:30+02:00"


def test_the_day_is_that_of_the_accounts_zone_and_not_of_utc() -> None:
    anchor = datetime(2025, 1, 30, 20, tzinfo=UTC)  # the 31st in Kolkata
    assert shown("Asia/Kolkata", boundary(anchor, 1, "Asia/Kolkata")) == "2025-02-28 01:30+05:30"
    assert boundary(anchor, 1, "UTC") == datetime(2025, 2, 28, 20, tzinfo=UTC)


def test_an_instant_on_the_boundary_belongs_to_the_period_that_begins() -> None:
    anchor = datetime(2025, 6, 1, tzinfo=UTC)
    july = period_at(anchor, datetime(2025, 7, 1, tzinfo=UTC), "month", "UTC")
    june = period_at(anchor, datetime(2025, 6, 30, 23, 59, 59, tzinfo=UTC), "month", "UTC")
    assert (june.months, july.months, june.end) == (0, 1, july.start)


@pytest.mark.parametrize(("at", "months"), [("1800-01-01", -2700), ("2500-06-15", 5705)])
def test_far_past_and_future_have_their_periods(at: str, months: int) -> None:
    found = period_at(
        datetime(2025, 1, 1, tzinfo=UTC), datetime.fromisoformat(at).replace(tzinfo=UTC), "month", "UTC"
    )
    assert found.months == months


@pytest.mark.parametrize("months", [12 * 9000, -12 * 2025])
def test_there_is_no_boundary_outside_the_calendar(months: int) -> None:
    with pytest.raises(OverflowError):
        boundary(datetime(2025, 1, 1, tzinfo=UTC), months, "UTC")


def test_a_naive_instant_is_never_guessed() -> None:
    naive, aware = datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC)  # noqa: DTZ001 (the point)
    for anchor, at in ((naive, aware), (aware, naive)):
        with pytest.raises(ValueError, match="offset"):
            period_at(anchor, at, "month", "UTC")


@chosen(200, 1)
@given(anchors, st.integers(-600, 600), zones, cycles)
def test_periods_follow_each_other_without_gap_or_overlap(
    anchor: datetime, number: int, zone: str, cycle: str
) -> None:
    months = number * MONTHS[cycle]
    if not 1 < anchor.year + months // 12 < 9000:
        months = 0
    first, second = period(anchor, months, cycle, zone), period(anchor, months + MONTHS[cycle], cycle, zone)
    assert first.start < first.end == second.start < second.end


@chosen(200, 1)
@given(anchors, instants(1960, 2120), zones, cycles)
def test_every_instant_lies_in_exactly_one_period(
    anchor: datetime, at: datetime, zone: str, cycle: str
) -> None:
    found = period_at(anchor, at, cycle, zone)
    assert found.start <= at < found.end
    assert found == period(anchor, found.months, cycle, zone)
    assert found.months % MONTHS[cycle] == 0


@chosen(200, 1)
@given(anchors, zones, cycles)
def test_the_first_period_begins_with_the_anchor(anchor: datetime, zone: str, cycle: str) -> None:
    found = period_at(anchor, anchor, cycle, zone)
    assert (found.start, found.months) == (anchor, 0)


@chosen(200, 1)
@given(anchors, st.integers(-300, 300), zones)
def test_a_boundary_falls_on_the_anchors_day_or_the_last_of_its_month(
    anchor: datetime, months: int, zone: str
) -> None:
    wanted = anchor.astimezone(ZoneInfo(zone))
    year, month = divmod(wanted.year * 12 + wanted.month - 1 + months, 12)
    day = date(year, month + 1, min(wanted.day, calendar.monthrange(year, month + 1)[1]))
    found = boundary(anchor, months, zone).astimezone(ZoneInfo(zone)).date()
    # a skipped time, or Samoa's skipped day, moves it on, by a day at most
    assert day <= found <= day + timedelta(days=1)
