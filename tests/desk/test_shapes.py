"""How messages, times and people are put into words and HTML."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from salotto.desk import times
from salotto.desk.faces import TONES, contact_name, initials, tone
from salotto.desk.links import linked
from salotto.desk.shapes import bubbles, way_in
from salotto.desk.templatetags.desk import bare_address, web_address
from salotto.inbox.queries import Entry, Window
from tests.cast import found_cast

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("see https://a.example/x?a=1&b=2.", 'see <a href="https://a.example/x?a=1&amp;b=2"'),
        ("(https://a.example/x)", '(<a href="https://a.example/x"'),
        ("https://a.example/x_(y)", '<a href="https://a.example/x_(y)"'),
        ("HTTPS://A.example", '<a href="HTTPS://A.example"'),
    ],
)
def test_addresses_become_links_and_the_rest_is_escaped(text: str, html: str) -> None:
    assert linked(text).startswith(html)


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "www.a.example", "mailto:a@b.c"]
)
def test_only_http_and_https_are_links(text: str) -> None:
    assert "<a" not in linked(text)


def test_a_quote_cannot_leave_the_address() -> None:
    made = linked('https://a.example/"onmouseover="alert(1)')
    assert 'href="https://a.example/"' in made and "&quot;onmouseover" in made


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 d"),
        (7 * 86400, "16 Nov"),
    ],
)
def test_a_time_is_as_short_as_a_list_needs(seconds: int, words: str) -> None:
    assert times.ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(60, ""), (64, "1 h 4 min"), (120, "2 h"), (547, "9 h"), (2880, "2 d")]
)
def test_waiting_is_told_after_an_hour(minutes: int, words: str) -> None:
    assert times.waiting(NOW - timedelta(minutes=minutes), NOW) == words
    assert times.waiting(None, NOW) == ""


def test_days_are_called_as_people_call_them() -> None:
    today = date(2026, 11, 23)
    assert times.day(today, today) == "Today"
    assert times.day(date(2026, 11, 22), today) == "Yesterday"
    assert times.day(date(2026, 11, 1), today) == "1 November 2026"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Anna Rossi", "AR"), ("Marco De Luca", "MD"), ("anna.r@b.example", "AR"), ("Bo", "B"), (" ", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_contact_without_a_name_keeps_a_short_one() -> None:
    visitor = UUID("7f3a0000-0000-4000-8000-000000000000")
    assert contact_name("", "", visitor) == "Visitor 7F3A"
    assert contact_name("", "a@b.example", visitor) == "a@b.example"
    assert contact_name("Anna", "a@b.example", None) == "Anna"
    assert contact_name("", "", None) == "Unknown sender"


def test_an_inbox_is_named_unless_it_is_called_as_its_channel() -> None:
    assert way_in("email", "Support") == "Email · Support"
    assert way_in("email", "email") == "Email"
    assert way_in("web", "Web chat") == way_in("web", "Chat web") == "Web chat"


def test_neighbours_have_other_colours() -> None:
    assert all(0 <= tone(n) < TONES and tone(n) != tone(n + 1) for n in range(1000))


def test_only_web_addresses_are_followed() -> None:
    assert web_address("javascript:alert(1)") == ""
    assert web_address("https://a.example/x") == "https://a.example/x"
    assert bare_address("https://a.example/x?q=1") == "a.example/x"
    assert bare_address("https://[") == "https://["


def entry(number: int, kind: str, author: int | None, minutes: float) -> Entry:
    return Entry(number, uuid4(), kind, author, "Sara", "text", {}, NOW + timedelta(minutes=minutes))


def test_entries_of_one_author_within_a_minute_are_joined() -> None:
    sara = found_cast().agent
    told = [
        entry(1, "visitor", None, 0),
        entry(2, "visitor", None, 0.5),
        entry(3, "visitor", None, 3),
        entry(4, "reply", 7, 3.1),
        entry(5, "note", 7, 3.2),
    ]
    made = bubbles(Window(told, None, False, False), by=sara, contact="Anna", names={})
    assert [b.joined for b in made] == [False, True, False, False, False]
    assert [b.side for b in made] == ["them", "them", "them", "us", "note"]
    assert [bool(b.day) for b in made] == [True, False, False, False, False]


def test_a_window_continues_what_stands_before_it() -> None:
    sara = found_cast().agent
    before, after = entry(1, "visitor", None, 0), entry(2, "visitor", None, 0.2)
    (made,) = bubbles(Window([after], before, True, False), by=sara, contact="Anna", names={})
    assert made.joined and not made.day
