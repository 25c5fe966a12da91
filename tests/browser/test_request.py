"""A request to support in a browser: what support says comes by itself, and what is typed stays."""

import re
from uuid import uuid4

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from salotto.seats import actions
from salotto.seats.models import SeatRequest
from tests.browser.conftest import People
from tests.browser.test_quality import serious
from tests.cast import Cast
from tests.seats.requests import operator, paying


def asked(cast: Cast) -> SeatRequest:
    """Ten seats, of which two are to go."""
    return actions.request_removal(2, "Winter is quiet.", by=paying(cast).primary_admin)


@override_settings(EMAIL_BACKEND="salotto.core.mail.QueuedBackend")
def test_s13_an_answer_comes_by_itself_and_what_is_typed_stays(people: People, cast: Cast) -> None:
    request = asked(cast)
    page = people.member(cast.primary_admin, f"settings/seats/requests/{request.pk}/")
    page.get_by_label("Write to support").fill("Those in")
    actions.answer_request(request.pk, "Which two?", operator())
    expect(page.locator("#talk-words")).to_contain_text("Which two?")
    expect(page.get_by_label("Write to support")).to_have_value("Those in")
    page.get_by_label("Write to support").press_sequentially(" Rome")
    page.get_by_role("button", name="Send to support").click()
    expect(page.locator("#talk-words")).to_contain_text("Those in Rome")
    expect(page.get_by_label("Write to support")).to_have_value("")
    assert serious(page) == []


@override_settings(EMAIL_BACKEND="salotto.core.mail.QueuedBackend")
def test_s13_manage_seats_shows_an_answer_without_a_reload(people: People, cast: Cast) -> None:
    request = asked(cast)
    page = people.member(cast.primary_admin, "settings/seats/")
    actions.decline(request.pk, "The contract runs on.", operator())
    expect(page.locator("#figures")).to_contain_text("The contract runs on.")
    page.get_by_role("link", name=re.compile("write to support")).click()
    expect(page.locator("#talk-words")).to_contain_text("Declined")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
@override_settings(EMAIL_BACKEND="salotto.core.mail.QueuedBackend")
def test_the_page_of_a_request_is_accessible_and_fits(
    people: People, cast: Cast, scheme: str, width: int
) -> None:
    request = asked(cast)
    actions.answer_request(request.pk, "w" * 600, operator())
    actions.write_to_support(request.pk, "https://example.com/" + "x" * 300, uuid4(), by=cast.primary_admin)
    where = f"settings/seats/requests/{request.pk}/"
    for path in (where, "settings/seats/"):
        page = people.member(
            cast.primary_admin, path, color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        assert serious(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
