"""The operator pages in a browser: accessible, nothing sticks out, and the main acts by hand."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from salotto.accounts import actions
from salotto.billing.actions.terms import switch_gateway
from salotto.seats.actions.requests import request_removal
from tests.billing import shop
from tests.browser.conftest import People
from tests.browser.test_quality import serious
from tests.cast import Cast, client_of, new_user

PAGES = ["", "catalogue/", "accounts/", "requests/", "purchases/", "invoices/", "audit/"]


def operator_page(people: People, path: str = "", **options: object) -> Page:
    """A page of the operator's, signed in as Vera."""
    vera = actions.add_operator(new_user("Vera Operatrice").email)
    context = people.context(**options)  # type: ignore[arg-type]
    cookie = client_of(vera).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": people.server}])
    page = context.new_page()
    page.goto(f"{people.server}/operator/{path}")
    return page


def some_business(cast: Cast) -> list[str]:
    """An account on invoice with a request; the addresses of its pages."""
    switch_gateway(cast.account.pk, "invoice", by=None)
    shop.buy(cast.primary_admin, 10)
    request = request_removal(2, "Winter is quiet.", by=cast.primary_admin)
    (invoice,) = shop.invoices(cast.primary_admin)
    return [
        f"accounts/{cast.account.pk}/",
        f"requests/{request.pk}/",
        f"invoices/{cast.account.pk}/{invoice.pk}/",
        f"accounts/{cast.account.pk}/ledger/",
        f"accounts/{cast.account.pk}/payments/",
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1024), ("light", 390)])
def test_the_pages_are_accessible_and_fit(people: People, cast: Cast, scheme: str, width: int) -> None:
    more = some_business(cast)
    page = operator_page(people, color_scheme=scheme, viewport={"width": width, "height": 900})
    for path in [*PAGES, *more, f"accounts/{cast.outsider.account.pk}/"]:
        page.goto(f"{people.server}/operator/{path}")
        assert serious(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [320, 390, 820])
def test_on_a_phone_the_sections_are_in_a_menu_and_nothing_scrolls_sideways(
    people: People, width: int
) -> None:
    page = operator_page(people, viewport={"width": width, "height": 800})
    page.get_by_text("Menu", exact=True).click()
    links = page.locator(".op-narrow a")
    expect(links).to_have_count(len(PAGES))
    for box in [link.bounding_box() for link in links.all()]:
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert round(box["height"]) >= 44
    nav = page.locator(".op-menu")
    assert nav.evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    assert serious(page) == []
    page.locator(".op-narrow").get_by_role("link", name="Invoices").click()
    expect(page.get_by_role("heading", name="Invoices", level=1)).to_be_visible()
    expect(page.locator(".op-narrow .menu-body")).to_be_hidden()


def test_a_refusal_stands_beside_its_form(people: People) -> None:
    people.troubles.expected = lambda text: "422" in text
    page = operator_page(people, "catalogue/")
    page.get_by_label("Price per seat and month").fill("1.900")
    page.get_by_role("button", name="Add the price").click()
    expect(page.get_by_role("alert")).to_contain_text("decimals or thousands")
    expect(page.get_by_label("Price per seat and month")).to_have_value("1.900")
    assert serious(page) == []


def test_an_account_is_found_while_typing_and_its_invoice_marked_as_paid(people: People, cast: Cast) -> None:
    some_business(cast)
    page = operator_page(people, "accounts/")
    page.get_by_label("Name, short name or address").fill(cast.slug)
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.get_by_role("link", name=cast.account.name).click()
    page.locator("td a").first.click()
    page.get_by_role("button", name="Mark").click()
    expect(page.get_by_role("status")).to_contain_text("marked as paid")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paid")


def test_a_request_is_scheduled_by_keyboard(people: People, cast: Cast) -> None:
    request = some_business(cast)[1]
    page = operator_page(people, request)
    page.get_by_role("button", name="Schedule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scheduled")
