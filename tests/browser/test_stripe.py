"""Paying by Stripe in a browser: its element and its bank in our dialogs, under our policy.

Stripe's library is a stand-in at its real address; the browser enforces the real policy.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from salotto.billing.models import Subscription
from salotto.core.tenancy import account_scope
from tests.billing import shop
from tests.billing.fake_stripe import FakeStripe
from tests.browser.conftest import People, Troubles, _wait_for, free_port
from tests.browser.test_quality import serious
from tests.cast import Cast

LIBRARY = (Path(__file__).parent / "stripe.js").read_text()
ASKS = "4000002760003184"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeStripe]:
    with FakeStripe() as running:
        yield running


@pytest.fixture(scope="module")
def stripe_server(fake: FakeStripe, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose accounts pay by the fake Stripe; its address."""
    port, home = free_port(), tmp_path_factory.mktemp("stripe")
    environ = {
        **os.environ,
        "SALOTTO_DATA": str(home),
        "SALOTTO_URL": f"http://127.0.0.1:{port}",
        "SALOTTO_GATEWAY": "stripe",
        "SALOTTO_STRIPE_SECRET_KEY": fake.secret_key,
        "SALOTTO_STRIPE_PUBLISHABLE_KEY": fake.publishable_key,
        "SALOTTO_STRIPE_WEBHOOK_SECRET": fake.webhook_secret,
        "SALOTTO_STRIPE_API": fake.url,
        "DJANGO_SETTINGS_MODULE": "salotto.config.settings",
    }
    log = home / "server.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "salotto", "serve", "--port", str(port), "--no-worker"]
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def payer(
    browser: Browser, stripe_server: str, fake: FakeStripe, troubles: Troubles, cast: Cast
) -> Iterator[Page]:
    """The primary admin on the billing page."""
    shop.price()
    people = People(browser, stripe_server, "", troubles)
    page = people.member(cast.primary_admin, "settings/profile/")
    page.context.route(
        "https://js.stripe.com/**",
        lambda route: route.fulfill(body=LIBRARY, content_type="text/javascript"),
    )
    page.expose_function("enterCard", lambda setup: fake.enter_card(setup, ASKS))
    page.expose_function("answerBank", lambda intent, passed: fake.authenticate(intent, passed=passed))
    page.goto(f"{stripe_server}/a/{cast.slug}/settings/billing/")
    yield page
    for context in people.contexts:
        context.close()


def add_card(page: Page) -> None:
    """By Stripe's element; the bank asks at once."""
    page.get_by_role("button", name="Add a card").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Card form of pk_test_fake")).to_be_visible()
    dialog.get_by_role("button", name="Add the card").click()
    page.get_by_role("button", name="Complete the set-up").click()
    expect(page.get_by_text("The card ending in 3184 is added.")).to_be_visible()


def pay(page: Page, cast: Cast, server: str) -> None:
    page.goto(f"{server}/a/{cast.slug}/settings/seats/")
    page.get_by_role("link", name="Buy seats").click()
    page.get_by_label("Currency").select_option(shop.CURRENCY)
    page.locator("[data-pay]").filter(has_text="57").click()


def test_a_card_is_added_by_stripes_element(payer: Page, cast: Cast) -> None:
    page = payer
    add_card(page)
    expect(page.locator(".cards > li")).to_contain_text("3184")
    assert shop.subscription(cast.primary_admin).customer.startswith("cus_")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_stripes_element_has_the_colours_of_the_page(payer: Page, scheme: Literal["light", "dark"]) -> None:
    page = payer
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="Add a card").click()
    element = page.get_by_role("dialog").get_by_text("Card form of pk_test_fake")
    expect(element).to_be_visible()
    expect(element).to_have_css(
        "background-color", "rgb(255, 255, 255)" if scheme == "light" else "rgb(33, 29, 26)"
    )
    expect(element).to_have_attribute(
        "data-primary", "rgb(180, 73, 42)" if scheme == "light" else "rgb(224, 122, 85)"
    )
    assert serious(page) == []


def test_a_no_of_the_bank_is_said_and_the_dialog_stays(payer: Page) -> None:
    page = payer
    page.get_by_role("button", name="Add a card").click()
    page.get_by_role("dialog").get_by_role("button", name="Add the card").click()
    page.get_by_role("button", name="Fail the set-up").click()
    expect(page.get_by_role("alert")).to_have_text("The bank said no.")
    assert page.evaluate("document.querySelector('#add-card').matches(':modal')")
    expect(page.get_by_role("dialog").get_by_role("button", name="Add the card")).to_be_enabled()


def offer_first(cast: Cast, currency: str) -> None:
    """Let the dialog begin with another currency, so that the choice of ours counts."""
    shop.price(currency, 1500)
    with account_scope(cast.account.pk):
        Subscription.objects.update(currency=currency)


def add_first_card(page: Page, cast: Cast, server: str) -> None:
    """From the purchase, which goes on with this card on a page of its own."""
    page.goto(f"{server}/a/{cast.slug}/settings/seats/")
    page.get_by_role("link", name="Buy seats").click()
    page.get_by_label("Currency").select_option(shop.CURRENCY)
    page.get_by_role("button", name="Add the card and go on").click()
    page.get_by_role("button", name="Complete the set-up").click()
    page.wait_for_url("**/settings/seats/card/")


def test_a_first_card_is_added_on_the_way_to_the_purchase(
    payer: Page, cast: Cast, stripe_server: str, fake: FakeStripe
) -> None:
    page, before = payer, fake.captured("CHF")
    offer_first(cast, "AUD")
    add_first_card(page, cast, stripe_server)
    page.locator("[data-pay]").filter(has_text="57").click()
    page.get_by_role("button", name="Complete the payment").click()
    expect(page.get_by_text("3 seats bought.")).to_be_visible()
    assert fake.captured("CHF") == before + 3 * shop.UNIT


def test_the_bank_asks_by_itself_when_the_page_paid_without_its_script(
    payer: Page, cast: Cast, stripe_server: str, fake: FakeStripe
) -> None:
    page, before = payer, fake.captured("CHF")
    add_first_card(page, cast, stripe_server)
    pay_button = page.locator("[data-pay]").filter(has_text="57")
    pay_button.evaluate("button => button.form.submit()")  # as a click before the script has come
    page.get_by_role("button", name="Complete the payment").click()
    expect(page.get_by_text("3 seats bought.")).to_be_visible()
    assert fake.captured("CHF") == before + 3 * shop.UNIT


@pytest.mark.parametrize("answer", ["Complete", "Fail"])
def test_the_bank_asks_in_front_of_the_dialog(
    payer: Page, cast: Cast, stripe_server: str, fake: FakeStripe, troubles: Troubles, answer: str
) -> None:
    troubles.expected = lambda text: answer == "Fail" and "422" in text
    page, before = payer, fake.captured("CHF")
    add_card(page)
    pay(page, cast, stripe_server)
    page.get_by_role("button", name=f"{answer} the payment").click()
    dialog = page.get_by_role("dialog")
    if answer == "Complete":
        expect(dialog).to_contain_text("57")
        expect(dialog.locator("[data-asks]")).to_have_count(0)
        assert shop.subscription(cast.primary_admin).quantity == 3
        assert fake.captured("CHF") == before + 3 * shop.UNIT
    else:
        expect(dialog.get_by_text("could not confirm that it is you")).to_be_visible()
        assert shop.subscription(cast.primary_admin).quantity == 0
        assert fake.captured("CHF") == before
    assert page.evaluate("document.querySelector('#deal').matches(':modal')")
