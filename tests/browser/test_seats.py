"""Buying seats in a browser: by keyboard, declined, asked by the bank, run out, on a phone."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from salotto.billing.models import Payment, Subscription
from salotto.core.tenancy import account_scope
from tests.billing.shop import CURRENCY, GOOD, add_card, price
from tests.browser.conftest import People
from tests.browser.test_quality import serious
from tests.cast import Cast
from tests.seats.requests import paying, plan_of, request_now

DECLINED, ASKED, LOST = "4000000000000002", "4000002500003155", "4000000000007726"


def ready(cast: Cast, card: str = GOOD) -> Cast:
    """The cast with a card, in a trial, whose money is the tests' currency."""
    price()
    add_card(cast.primary_admin, card)
    with account_scope(cast.account.pk):
        Subscription.objects.update(currency=CURRENCY)
    return cast


def opened(people: People, cast: Cast, **options: object) -> Page:
    """Manage seats with the purchase dialog open."""
    page = people.member(cast.primary_admin, "settings/seats/", **options)
    page.locator("a[data-deal-open]").first.click()
    expect(page.locator("[data-pay]")).to_be_visible()
    return page


def payments(cast: Cast) -> list[str]:
    with account_scope(cast.account.pk):
        return list(Payment.objects.values_list("state", flat=True))


def figures(page: Page) -> list[str]:
    return page.locator("#figures .figure b").all_inner_texts()[:3]


def test_seats_are_bought_by_keyboard_alone(people: People, cast: Cast) -> None:
    page = people.member(ready(cast).primary_admin, "settings/seats/")
    page.get_by_role("link", name="Buy seats").focus()
    page.keyboard.press("Enter")
    number = page.get_by_role("textbox", name="How many seats")
    expect(number).to_be_focused()
    page.keyboard.type("5")  # the number is selected
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"Pay CHF.95\.00"))
    expect(page.locator("[data-slider]")).to_have_value("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    expect(page.locator("#figures .figure b").first).to_have_text("5")
    assert figures(page) == ["5", "3", "2"]
    expect(page.locator("#seat-chips")).not_to_contain_text("Trial")
    expect(page.get_by_role("link", name="Give the seats away")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#deal")).to_be_hidden()
    expect(page.get_by_role("link", name="Email support")).to_be_visible()
    assert plan_of(cast).seats == 5


def test_slider_and_field_follow_each_other_and_the_field_has_no_end(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast))
    slider, number = page.locator("[data-slider]"), page.locator("[data-add]")
    slider.focus()
    page.keyboard.press("End")
    expect(number).to_have_value("50")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"950\.00"))
    number.fill("1200")
    expect(slider).to_have_value("50")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"22,800\.00"))


def test_an_older_price_never_overwrites_a_newer_one(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/seats/quote/?*add=7&*", hold)
    with page.expect_request("**/seats/quote/?*add=7&*"):
        page.locator("[data-add]").fill("7")
    expect(page.locator("[data-pay]")).to_be_disabled()
    page.locator("[data-add]").fill("8")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"152\.00"))
    for route in held:
        route.abort()
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"152\.00"))
    assert payments(cast) == []


def test_a_decline_shows_the_reason_and_changes_nothing(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "422" in text
    page = opened(people, ready(cast, DECLINED))
    page.locator("[data-pay]").click()
    expect(page.locator("[data-alert]")).to_contain_text(
        "The bank has declined the card. Nothing was charged."
    )
    assert figures(page)[0] == "20"
    assert plan_of(cast).seats == 20
    expect(page.locator("[data-pay]")).to_be_enabled()


def test_the_bank_is_answered_in_the_dialog(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast, ASKED))
    page.locator("[data-pay]").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    expect(page.locator("#figures .figure b").first).to_have_text("3")
    expect(page.locator("#seat-acts")).to_contain_text("Email support")
    assert plan_of(cast).seats == 3


def test_the_banks_no_comes_back_to_the_offer(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "422" in text
    page = opened(people, ready(cast, ASKED))
    page.locator("[data-add]").fill("7")
    page.get_by_text("Yearly, twelve months at once").click()
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"1,596\.00"))
    page.locator("[data-pay]").click()
    page.get_by_role("button", name="Fail").click()
    expect(page.locator("[data-alert]")).to_contain_text("could not confirm that it is you")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"1,596\.00"))
    expect(page.locator("[data-add]")).to_have_value("7")
    expect(page.locator("[data-pay]")).to_be_enabled()
    assert payments(cast) == ["failed"]


def test_closing_while_the_bank_asks_gives_the_payment_up(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast, ASKED))
    page.locator("[data-pay]").click()
    expect(page.get_by_role("button", name="Complete")).to_be_visible()
    with page.expect_response("**/give-up/"), page.expect_navigation():
        page.keyboard.press("Escape")
    assert payments(cast) == ["cancelled"]
    assert plan_of(cast).seats == 20


def test_an_answer_that_got_lost_is_asked_for_until_it_comes(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast, LOST))
    page.locator("[data-pay]").click()
    expect(page.get_by_role("heading", name="We are asking the bank")).to_be_visible()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert payments(cast) == ["paid"]


def test_when_our_own_answer_is_lost_the_same_click_again_is_the_same_purchase(
    people: People, cast: Cast
) -> None:
    people.troubles.expected = lambda text: "ERR_FAILED" in text
    page = opened(people, ready(cast))

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/seats/buy/", lose, times=1)
    page.locator("[data-pay]").click()
    expect(page.locator("[data-alert]")).to_contain_text("not known yet whether this was paid")
    page.locator("[data-pay]").click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert payments(cast) == ["paid"]


def test_a_purchase_left_in_another_window_is_found_again(people: People, cast: Cast) -> None:
    first = opened(people, ready(cast, ASKED))
    first.locator("[data-pay]").click()
    expect(first.get_by_role("button", name="Complete")).to_be_visible()
    page = people.member(cast.primary_admin, "settings/seats/")
    page.get_by_role("link", name="Buy seats").click()
    expect(page.get_by_role("heading", name="We are asking the bank")).to_be_visible()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert payments(cast) == ["paid"]


def test_a_double_click_is_one_purchase(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast))
    page.locator("[data-pay]").dblclick()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert payments(cast) == ["paid"]


def test_the_price_runs_out_visibly_and_renews_on_a_click(people: People, cast: Cast) -> None:
    page = people.member(ready(cast).primary_admin, "settings/seats/")
    page.clock.install()
    page.get_by_role("link", name="Buy seats").click()
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^1[45]:\d\d$"))
    page.clock.fast_forward("15:01")
    again = page.get_by_role("button", name="Get the price again")
    expect(again).to_be_visible()
    expect(page.locator("[data-pay]")).to_be_hidden()
    expect(page.get_by_text("The price is no longer held.")).to_be_visible()
    again.click()
    expect(page.locator("[data-pay]")).to_be_visible()
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^1[45]:\d\d$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_fits_a_phone_and_is_accessible(people: People, cast: Cast, scheme: str) -> None:
    page = opened(people, ready(cast), viewport={"width": 390, "height": 780}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#deal").bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert serious(page) == []
    page.locator("[data-pay]").click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert serious(page) == []


def test_money_is_written_the_italian_way(people: People, cast: Cast) -> None:
    type(cast.primary_admin.user).objects.filter(pk=cast.primary_admin.user.pk).update(language="it")
    cast.primary_admin.user.language = "it"
    page = opened(people, ready(cast))
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"57,00.CHF"))
    page.locator("[data-pay]").click()
    expect(page.locator(".dialog-body.done")).to_be_visible()
    expect(page.locator("#figures .figure b").first).to_have_text("3")
    assert figures(page) == ["3", "3", "0"]


def test_support_is_written_to_and_the_request_taken_back(people: People, cast: Cast) -> None:
    page = people.member(paying(cast).primary_admin, "settings/seats/")
    page.get_by_role("link", name="Email support").click()
    expect(page.get_by_role("textbox", name="Seats to remove")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("4")
    page.get_by_role("button", name="Send to support").click()
    expect(page.get_by_text("The removal of 4 seats is asked for")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("The request is taken back")).to_be_visible()
    assert request_now(cast).state == "withdrawn"


def test_without_script_seats_are_bought_on_pages(people: People, cast: Cast) -> None:
    page = people.member(ready(cast).primary_admin, "settings/seats/", java_script_enabled=False)
    page.get_by_role("link", name="Buy seats").click()
    page.get_by_role("textbox", name="How many seats").fill("6")
    page.get_by_role("button", name="Show the price").click()
    page.get_by_role("button", name=re.compile("Pay CHF")).click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()
    assert plan_of(cast).seats == 6
