"""Dates, languages and names as the reader's language writes them."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone
from django.utils.translation import override

from salotto.desk import times
from salotto.desk.templatetags.desk import long_date, one_of, reader_locale, short_date


@pytest.mark.parametrize(
    ("language", "long", "short", "english"),
    [("en", "3 September 2026", "3 Sept", "English"), ("it", "3 settembre 2026", "3 set", "Inglese")],
)
def test_dates_and_languages_are_in_the_readers_language(
    language: str, long: str, short: str, english: str
) -> None:
    with override(language):
        assert times.long_date(date(2026, 9, 3)) == long
        assert times.short_date(date(2026, 9, 3)) == short
        assert times.language_name("en") == times.language_name("en-GB") == english


@pytest.mark.parametrize("code", ["", "xx-unknown", "\u202e"])
def test_a_language_that_nobody_knows_does_no_harm(code: str) -> None:
    assert isinstance(times.language_name(code), str)


def test_a_date_is_the_day_of_the_active_time_zone() -> None:
    late = datetime(2026, 9, 3, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Rome"):
        assert (long_date(late), short_date(late)) == ("4 September 2026", "4 Sept")


def test_names_are_offered_as_a_choice() -> None:
    assert one_of(["Giulia"]) == "Giulia"
    assert one_of(["Giulia", "Marco"]) == "Giulia or Marco"
    with override("it"):
        assert one_of(["Giulia", "Marco", "Sara"]) == "Giulia, Marco o Sara"


def test_scripts_are_told_whose_habits_to_follow() -> None:
    assert reader_locale() == "en-GB"
    with override("it"):
        assert reader_locale() == "it"
