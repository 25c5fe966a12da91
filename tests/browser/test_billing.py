"""The billing page in a browser: what people do there, and how it looks to everyone."""

import pytest
from playwright.sync_api import Page, expect

from salotto.billing import history
from salotto.billing.models import Invoice, Subscription
from salotto.billing.standing import standing
from salotto.core.tenancy import account_scope
from tests.billing.invoicing import activate, credit, issue
from tests.browser.conftest import People
from tests.browser.test_quality import serious, sticking_out
from tests.cast import Cast

PAGES = ("", "invoices/", "invoices/{id}/", "details/", "balance/", "seats/")


@pytest.fixture
def invoice(cast: Cast) -> Invoice:
    """An account that has bought, with an open invoice, a credit and a history."""
    activate(cast.account, period_end=standing(cast.account.pk).now.replace(year=2100))
    credit(cast.account, 1500)
    for _ in range(history.PAGE + 2):
        issue(cast.account, state="paid")
    return issue(cast.account, balance_used=1000, carried=36)


def billing(people: People, cast: Cast, path: str = "", **options: object) -> Page:
    return people.member(cast.primary_admin, f"settings/billing/{path}", **options)


def add_card(page: Page, label: str) -> None:
    page.get_by_role("button", name="Add a card").click()
    chosen = page.locator("#test-card option", has_text=label).first.get_attribute("value")
    page.get_by_label("Test card").select_option(chosen)
    page.get_by_role("button", name="Add the card").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_billing_pages_are_accessible(people: People, cast: Cast, invoice: Invoice, scheme: str) -> None:
    page = billing(people, cast, color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        page.goto(f"{people.server}/a/{cast.slug}/settings/billing/{path.format(id=invoice.pk)}")
        assert serious(page) == [], path
    page.goto(f"{people.server}/a/{cast.slug}/settings/billing/")
    page.get_by_role("button", name="Add a card").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("language", ["en", "it"])
def test_nothing_sticks_out_of_a_narrow_window(
    people: People, cast: Cast, invoice: Invoice, language: str
) -> None:
    cast.primary_admin.user.language = language
    cast.primary_admin.user.save()
    page = billing(people, cast)
    for path in PAGES:
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(f"{people.server}/a/{cast.slug}/settings/billing/{path.format(id=invoice.pk)}")
        assert sticking_out(page) == [], path


def test_cards_are_added_made_current_and_removed(people: People, cast: Cast) -> None:
    with account_scope(cast.account.pk):
        Subscription.objects.update(gateway="sandbox")  # still in the trial
    page = billing(people, cast)
    expect(page.get_by_text("No card yet.")).to_be_visible()
    add_card(page, "Succeeds")
    expect(page.get_by_text("The card ending in 4242 is added.")).to_be_visible()
    add_card(page, "another brand")
    cards = page.locator(".cards > li")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("4242")
    expect(cards.first).to_contain_text("Current")
    page.get_by_label("What to do with the card ending in 4444").click()
    page.get_by_role("button", name="Make current").click()
    expect(cards.first).to_contain_text("4444")
    expect(cards.first).to_contain_text("Current")
    page.get_by_label("What to do with the card ending in 4242").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The card is removed.")).to_be_visible()
    expect(cards).to_have_count(1)


def test_an_open_invoice_is_paid_from_the_banner(people: People, cast: Cast, invoice: Invoice) -> None:
    page = billing(people, cast)
    page.get_by_role("button", name="Pay €36.00 now").click()
    expect(page.get_by_text("Nothing was charged").first).to_be_visible()  # there is no card
    add_card(page, "Succeeds")
    page.get_by_role("button", name="Pay €36.00 now").click()
    expect(page.get_by_text("€36.00 is paid. Thank you.")).to_be_visible()
    expect(page.locator(".open-invoice")).to_have_count(0)
    assert history.invoice(cast.account.pk, invoice.pk).state == "paid"


def test_the_banks_question_is_answered_on_the_way(people: People, cast: Cast, invoice: Invoice) -> None:
    page = billing(people, cast)
    add_card(page, "Always asks")
    page.get_by_role("button", name="Pay €36.00 now").click()
    expect(page.get_by_role("heading", name="The payment is under way")).to_be_visible()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("€36.00 is paid. Thank you.")).to_be_visible()


def test_a_payment_can_be_left_and_charges_nothing(people: People, cast: Cast, invoice: Invoice) -> None:
    page = billing(people, cast)
    add_card(page, "Always asks")
    page.get_by_role("button", name="Pay €36.00 now").click()
    page.get_by_role("button", name="Leave without paying").click()
    expect(page.get_by_text("Nothing was charged. The invoice is still open.")).to_be_visible()
    expect(page.locator(".open-invoice")).to_have_count(1)


def test_billing_details_are_filled_in(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "422" in text
    page = billing(people, cast, "details/")
    expect(page.get_by_label("Legal name")).to_have_value(cast.account.name)
    page.get_by_label("Country").select_option(label="Italy")
    page.get_by_label("VAT number").fill("IT00743110150")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("One looks like IT00743110157.")).to_be_visible()
    expect(page.get_by_label("VAT number")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("VAT number").fill("00743110157")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The next invoice")).to_be_visible()
    expect(page.get_by_text("VAT number IT00743110157")).to_be_visible()


def test_a_long_list_goes_on_by_a_click(people: People, cast: Cast, invoice: Invoice) -> None:
    page = billing(people, cast, "invoices/")
    rows = page.locator("tbody tr:not(.more)")
    expect(rows).to_have_count(history.PAGE)
    page.get_by_role("link", name="Show more").click()
    expect(rows).to_have_count(history.PAGE + 3)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)


def test_the_cycle_is_changed_and_changed_back(people: People, cast: Cast, invoice: Invoice) -> None:
    page = billing(people, cast)
    page.get_by_role("button", name="Change to yearly at the next renewal").click()
    expect(page.get_by_text("then Yearly")).to_be_visible()
    expect(page.get_by_text("13 seats × €228.00")).to_be_visible()
    page.get_by_role("button", name="Change to monthly at the next renewal").click()
    expect(page.get_by_text("13 seats × €19.00")).to_be_visible()
