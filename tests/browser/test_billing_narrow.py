"""What must fit however long it is, and stand where it stood: buttons, amounts, columns, focus."""

import re

import pytest
from playwright.sync_api import Page, expect

from salotto.accounts.models import Account, User
from salotto.billing.models import Payment, Subscription
from salotto.core.tenancy import account_scope
from tests.billing import later, shop
from tests.billing.invoicing import credit
from tests.browser.conftest import People
from tests.browser.test_operator import operator_page
from tests.browser.test_seats import opened, ready
from tests.cast import Cast

PHONE = {"width": 360, "height": 780}
ASKED = "4000002500003155"


def in_italian(cast: Cast) -> None:
    cast.primary_admin.user.language = "it"
    cast.primary_admin.user.save()


def sticks_out(page: Page) -> int:
    """By how many pixels the dialog's content is wider than the dialog."""
    return int(
        page.evaluate(
            "(() => { const d = document.querySelector('#deal'); return d.scrollWidth - d.clientWidth })()"
        )
    )


def test_rule_23_the_button_of_what_costs_nothing_fits_a_phone(people: People, cast: Cast) -> None:
    shop.price("NOK", 0)
    with account_scope(cast.account.pk):
        Subscription.objects.update(currency="NOK")
    in_italian(cast)
    page = people.member(cast.primary_admin, "settings/seats/", viewport=PHONE)
    page.locator("a[data-deal-open]").first.click()
    expect(page.locator("[data-pay]")).to_contain_text("gratis su questo server")
    assert sticks_out(page) <= 0


def test_a_large_amount_stands_below_the_card_and_breaks_neither(people: People, cast: Cast) -> None:
    in_italian(ready(cast))
    page = opened(people, cast, viewport=PHONE)
    page.get_by_text("Annuale, dodici mesi insieme").click()
    page.locator("[data-add]").fill("1200")
    expect(page.locator("[data-pay]")).to_have_text(re.compile(r"273\.600,00"))
    assert sticks_out(page) <= 0
    words = page.locator(".sum .total dt")
    assert words.evaluate("e => e.scrollWidth <= e.clientWidth")
    height = words.evaluate(
        "e => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)"
    )
    assert round(height) <= 2  # "Oggi, su" and the card, never half a card


def test_the_columns_of_the_access_levels_stand_below_each_other(people: People, cast: Cast) -> None:
    page = people.member(cast.admin, "settings/seats/")
    lefts = page.locator(".seg").evaluate_all(
        "all => all.map(seg => [...seg.children].map(b => b.getBoundingClientRect().left))"
    )
    assert len(lefts) == 5
    assert all(row == lefts[0] for row in lefts)


def test_after_a_purchase_the_keyboard_is_where_the_dialog_was_opened(people: People, cast: Cast) -> None:
    page = opened(people, ready(cast))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Give the seats away")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Buy seats")).to_be_focused()
    page.wait_for_load_state("networkidle")  # else what is still on its way takes the place of the reload
    page.reload()
    expect(page.get_by_role("link", name="Buy seats")).not_to_be_focused()


def test_what_is_being_paid_stands_on_the_page_where_the_bank_asks(people: People, cast: Cast) -> None:
    by = cast.primary_admin
    later.on_plan(by, 5)
    shop.add_card(by, "4000000000000002")
    later.to_next(by)
    shop.add_card(by, ASKED)
    page = people.member(by, "settings/billing/", viewport=PHONE)
    page.get_by_role("button", name="Pay CHF").click()
    expect(page.get_by_role("button", name="Complete")).to_be_visible()
    name = shop.invoices(by)[-1].name
    expect(page.get_by_role("link", name=f"Invoice {name}")).to_be_visible()
    expect(page.locator(".page-head")).to_contain_text("CHF\xa095.00")
    expect(page.locator("button.primary:visible")).to_have_count(1)  # the bank's own


def test_a_field_that_is_wrong_has_the_colour_of_what_is_wrong(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "422" in text
    page = people.member(cast.primary_admin, "settings/billing/details/", reduced_motion="reduce")
    good = page.get_by_label("VAT number").evaluate("e => getComputedStyle(e).borderColor")
    page.get_by_label("Country").select_option(label="Italy")
    page.get_by_label("VAT number").fill("IT00743110150")
    page.get_by_role("button", name="Save").click()
    wrong = page.locator("input[aria-invalid=true]")
    expect(wrong).to_have_count(1)
    assert wrong.evaluate("e => getComputedStyle(e).borderColor") != good


@pytest.mark.parametrize("width", [360, 390])
def test_a_long_word_of_a_gateway_does_not_widen_the_operators_phone(
    people: People, cast: Cast, width: int
) -> None:
    payment = shop.buy(ready(cast, ASKED).primary_admin, 3)
    with account_scope(cast.account.pk):
        Payment.objects.filter(pk=payment.pk).update(needs_person=True, error="intent pi_" + "0123456789" * 8)
    page = operator_page(people, "purchases/", viewport={"width": width, "height": 800})
    expect(page.get_by_text("pi_0123456789").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with account_scope(cast.account.pk):
        Payment.objects.filter(pk=payment.pk).update(needs_person=False)


def test_without_script_the_bank_asks_on_a_page_that_says_how_to_go_on(people: People, cast: Cast) -> None:
    address = f"/a/{cast.slug}/settings/seats/buy/"
    page = people.member(
        ready(cast, ASKED).primary_admin, "settings/seats/buy/", java_script_enabled=False, viewport=PHONE
    )
    page.get_by_role("button", name=re.compile("Pay CHF")).click()
    asked = page.get_by_role("link", name="Answer the bank").get_attribute("href")
    page.goto(f"{people.server}{asked}")
    expect(page.locator(".card .bank")).to_be_visible()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("Close this window; the payment goes on in the other one.")).to_be_visible()
    page.goto(f"{people.server}{address}")
    page.get_by_role("button", name="Look again").or_(
        page.get_by_role("button", name="I have answered")
    ).click()
    expect(page.get_by_role("heading", name="The seats are yours")).to_be_visible()


def test_thousands_stand_apart_everywhere(people: People, cast: Cast) -> None:
    in_italian(ready(cast))
    page = opened(people, cast)
    page.locator("[data-add]").fill("1200")
    expect(page.locator(".monthly")).to_have_text(re.compile(r"22\.800,00\sCHF al mese per 1\.200 posti"))
    page.get_by_role("button", name=re.compile("Paga 22")).click()
    expect(page.locator(".dialog-body.done")).to_contain_text("1.200 posti. Ora l’account ne ha 1.200.")
    expect(page.locator("#figures .figure b").first).to_have_text("1.200")
    page.goto(f"{people.server}/a/{cast.slug}/settings/billing/")
    expect(page.locator(".plan-figures dd").first).to_have_text("1.200")
    expect(page.locator(".changes .end.num").first).to_have_text(re.compile(r"1\.200$"))


def test_words_without_a_break_stay_within_the_window(people: People, cast: Cast) -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten"
    Account.objects.filter(pk=cast.account.pk).update(name=word)
    User.objects.filter(pk=cast.agent.user.pk).update(name=word)
    by = cast.again(ready(cast).primary_admin)
    shop.buy(by, 12_000)
    credit(cast.account, 700, shop.CURRENCY, memo=word)
    (invoice,) = shop.invoices(by)
    page = people.member(by, "settings/seats/", viewport=PHONE)
    vera = operator_page(people, viewport=PHONE)
    desk, run = f"{people.server}/a/{cast.slug}/settings", f"{people.server}/operator"
    sheet = f"{cast.account.pk}/{invoice.pk}/"
    for seen, address in (
        (page, f"{desk}/seats/"),
        (page, f"{desk}/billing/"),
        (page, f"{desk}/billing/balance/"),
        (page, f"{desk}/billing/invoices/{invoice.pk}/"),
        (vera, f"{run}/accounts/{cast.account.pk}/"),
        (vera, f"{run}/invoices/{sheet}"),
    ):
        seen.goto(address)
        assert seen.evaluate("document.documentElement.scrollWidth") <= 360, address
