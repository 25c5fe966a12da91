"""What a calendar entry says is said in the reader's language."""

import pytest
from django.utils import translation

from salotto.channels.email.occasions import occasion_said

TOLD = """Invitation: Every day, 3 times
When: 2026-12-01 09:30–11:00 (Europe/Rome, UTC+1)
Due: 2026-13-45
Repeats: {}
Where: Room 2026-12-01"""


def said(rhythm: str, language: str) -> list[str]:
    """The values of its lines."""
    with translation.override(language):
        return [value for _name, value in occasion_said(TOLD.format(rhythm))]


def test_only_the_days_of_when_and_due_are_written_out() -> None:
    title, when, due, _rhythm, where = said("every day", "en")
    assert when == "Tuesday, 1 December 2026 09:30–11:00 (Europe/Rome, UTC+1)"
    assert (title, due, where) == ("Every day, 3 times", "2026-13-45", "Room 2026-12-01")


@pytest.mark.parametrize(
    ("rhythm", "english"),
    [
        ("every week, 1 times", "every week, 1 time"),
        ("every 2 weeks, 3 times", "every 2 weeks, 3 times"),
        ("every month, until 2027-03-31", "every month, until Wednesday, 31 March 2027"),
        ("every blue moon, 3 times", "every blue moon, 3 times"),
        ("every year, or so", "every year, or so"),
    ],
)
def test_how_often_it_is_repeated(rhythm: str, english: str) -> None:
    assert said(rhythm, "en")[3] == english


def test_in_italian() -> None:
    told = said("every 2 weeks, until 2027-03-31", "it")
    assert told[1] == "martedì 1 dicembre 2026 09:30–11:00 (Europe/Rome, UTC+1)"
    assert told[3].endswith("mercoledì 31 marzo 2027") and "week" not in told[3]
