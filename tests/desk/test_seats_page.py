"""Manage seats over HTTP: who sees what, what each refusal answers, and the purchase without script."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from salotto.billing import actions as billing
from salotto.billing.models import Payment, State, Subscription, TaxRate
from salotto.billing.standing import standing
from salotto.billing.upcoming import next_renewal
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.desk.seats.shapes import next_step
from salotto.seats import actions
from tests.billing.shop import (
    CURRENCY,
    GOOD,
    add_card,
    buy,
    catalogue,
    invoices,
    price,
    quote,
    subscription,
    use_gateway,
)
from tests.cast import Cast
from tests.seats.requests import operator, paying, plan_of, request_now

HTMX = {"hx-request": "true"}
DECLINED, ASKED = "4000000000000002", "4000002500003155"


@pytest.fixture(autouse=True)
def real_mail_backend(settings: Any) -> None:
    """Mail goes its real way, into the queue."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"


def path(cast: Cast, rest: str = "") -> str:
    return f"/a/{cast.slug}/settings/seats/{rest}"


def giulia(cast: Cast) -> Client:
    return cast.client(cast.primary_admin)


def dialog(cast: Cast, add: object = 5, **more: str) -> tuple[int, str]:
    """Status and text of the dialog for a number of seats."""
    price()
    fields = {"add": str(add), "currency": CURRENCY, **more}
    answer = giulia(cast).get(path(cast, "buy/"), fields, headers=HTMX)
    return answer.status_code, answer.content.decode()


def token_in(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found
    return found[1]


def pay(cast: Cast, add: object = 5, **options: Any) -> Any:
    """Open the dialog and click on its button."""
    _, html = dialog(cast, add)
    return giulia(cast).post(path(cast, "buy/"), {"add": str(add), "token": token_in(html)}, **options)


def test_the_page_shows_the_trial_and_its_days(cast: Cast) -> None:
    text = giulia(cast).get(path(cast)).content.decode()
    assert "14 days left" in text
    assert "Buy seats" in text
    assert "Email support" not in text


def test_the_clock_names_what_comes_next() -> None:
    now = clock.now()
    trial = Subscription(state=State.TRIAL, trial_ends_at=now, reminded=2)
    assert next_step(trial) == "reminder"
    trial.reminded = 3
    assert next_step(trial) == "trial_end"
    assert next_step(Subscription(state=State.ACTIVE, period_end=now)) == "renewal"
    assert next_step(Subscription(state=State.PAST_DUE, failed_at=now, retries=3)) == "retry"
    assert next_step(Subscription(state=State.PAST_DUE, failed_at=now, retries=4)) == ""
    assert next_step(Subscription(state=State.LAPSED)) == ""


def test_s1_other_admins_see_no_price_and_can_ask(cast: Cast) -> None:
    paying(cast)
    client = cast.client(cast.admin)
    text = client.get(path(cast)).content.decode()
    assert "Buy seats" not in text
    assert "Ask the primary admin" in text
    assert client.post(path(cast, "ask/")).status_code == 302
    text = client.get(path(cast)).content.decode()
    assert "Asked on" in text
    assert client.post(path(cast, "ask/")).status_code == 409


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_s1_s2_only_the_primary_admin_gets_to_the_dialog(who: str, cast: Cast) -> None:
    client = cast.client(getattr(cast, who))
    for page in ("quote/", "buy/", "support/"):
        assert client.get(path(cast, page)).status_code == 403
    for page in ("buy/", "card/", "support/", "support/withdraw/"):
        assert client.post(path(cast, page), {"add": 1, "quantity": 1}).status_code == 403


def test_strangers_find_nothing(cast: Cast) -> None:
    assert cast.client(cast.outsider).get(path(cast, "buy/")).status_code == 404
    assert cast.client().get(path(cast, "buy/")).status_code == 302


def test_s11_the_button_carries_the_amount_that_is_charged(cast: Cast) -> None:
    add_card(cast.primary_admin)
    status, html = dialog(cast, 5)
    assert status == 200
    assert "5 seats × CHF" in html
    assert "Today, to Visa\u00a0••••\u00a04242" in html
    button = re.search(r"data-pay>([^<]+)<", html)
    assert button
    shown = re.sub(r"[^\d.]", "", button[1])
    assert shown == "95.00"
    answer = giulia(cast).post(path(cast, "buy/"), {"add": "5", "token": token_in(html)}, headers=HTMX)
    assert answer.status_code == 200
    assert "The seats are yours" in answer.content.decode()
    assert invoices(cast.primary_admin)[0].total == 9500
    assert plan_of(cast).seats == 5


def test_the_figures_come_by_themselves_after_a_purchase(cast: Cast) -> None:
    """What was true in the trial is replaced: chip, figures and buttons, each by its id."""
    add_card(cast.primary_admin)
    before = giulia(cast).get(path(cast, "figures/")).content.decode()
    assert "Trial · 20 seats" in before
    assert "Email support" not in before
    assert "figures" in pay(cast, headers=HTMX).content.decode()
    after = giulia(cast).get(path(cast, "figures/"), headers=HTMX).content.decode()
    assert "Trial" not in after
    assert "Next renewal" in after
    assert "Email support" in after
    assert set(re.findall(r'id="([\w-]+)"[^>]* data-oob', after)) == {"figures", "seat-chips", "seat-acts"}
    assert cast.client(cast.agent).get(path(cast, "figures/")).status_code == 403


def test_rule_19_the_figure_is_what_the_renewal_takes(cast: Cast) -> None:
    """What is charged, at the number of the agents, with the tax by its own name."""
    by = cast.primary_admin
    TaxRate.objects.get_or_create(country="AT", name="USt", basis_points=2000, valid_from="2000-01-01")
    with catalogue(seller_country="AT"):
        paying(cast)
        actions.schedule(actions.request_removal(9, "", by=by).pk, operator())
        text = giulia(cast).get(path(cast)).content.decode()
        coming = next_renewal(standing(cast.account.pk), 3)
    assert coming is not None
    assert (coming.quantity, coming.tax_name) == (3, "USt")
    assert "CHF\xa068.40" in text
    assert "3 seats × CHF\xa019.00 each month · USt included" in text


def test_without_script_the_same_form_is_a_page(cast: Cast) -> None:
    add_card(cast.primary_admin)
    price()
    page = giulia(cast).get(path(cast, "buy/"), {"add": "4", "currency": CURRENCY}).content.decode()
    assert "<html" in page
    answer = giulia(cast).post(path(cast, "buy/"), {"add": "4", "token": token_in(page)})
    assert answer.status_code == 200
    assert "<html" in answer.content.decode()
    assert plan_of(cast).seats == 4


def test_a_preview_writes_nothing(cast: Cast) -> None:
    add_card(cast.primary_admin)
    before = subscription(cast.primary_admin)
    for number in range(1, 5):
        dialog(cast, number)
    assert subscription(cast.primary_admin) == before
    with account_scope(cast.account.pk):
        assert not Payment.objects.exists()


@pytest.mark.parametrize("add", ["0", "-1", "1.5", "many", "", "2147483648"])
def test_a_bad_quantity_is_422_and_says_so(add: str, cast: Cast) -> None:
    add_card(cast.primary_admin)
    status, html = dialog(cast, add)
    assert status == 422
    assert "Enter a whole number of seats" in html
    answer = giulia(cast).get(path(cast, "quote/"), {"add": add}, headers=HTMX)
    assert answer.status_code == 422


def test_rule_20_too_few_seats_are_409_with_names(cast: Cast) -> None:
    add_card(cast.primary_admin)
    status, html = dialog(cast, 2)
    assert status == 409
    assert "Sara Bianchi" in html


def test_a_currency_without_a_price_is_422(cast: Cast) -> None:
    add_card(cast.primary_admin)
    answer = giulia(cast).get(path(cast, "quote/"), {"add": "5", "currency": "XTS"}, headers=HTMX)
    assert answer.status_code == 422
    assert "no price in this currency" in answer.content.decode()


def test_another_quantity_with_the_same_offer_is_409(cast: Cast) -> None:
    add_card(cast.primary_admin)
    _, html = dialog(cast, 5)
    fields = {"add": "6", "token": token_in(html)}
    for headers in (HTMX, {}):
        answer = giulia(cast).post(path(cast, "buy/"), fields, headers=headers)
        assert answer.status_code == 409
    assert plan_of(cast).seats == 20


def test_an_offer_that_is_over_is_409_and_renews(cast: Cast) -> None:
    add_card(cast.primary_admin)
    _, html = dialog(cast, 5)
    fields = {"add": "5", "token": token_in(html)}
    with clock.at(clock.now() + timedelta(minutes=16)):
        answer = giulia(cast).post(path(cast, "buy/"), fields, headers=HTMX)
        again = giulia(cast).post(path(cast, "buy/"), fields)
    assert answer.status_code == 409
    assert "data-renews" in answer.content.decode()
    assert again.status_code == 409
    assert token_in(again.content.decode()) != fields["token"]


def test_a_forged_offer_is_400_and_a_foreign_one_403(cast: Cast) -> None:
    add_card(cast.primary_admin)
    client = giulia(cast)
    assert client.post(path(cast, "buy/"), {"add": "5", "token": "x"}, headers=HTMX).status_code == 400

    foreign = quote(cast.outsider, 5)
    answer = client.post(path(cast, "buy/"), {"add": "5", "token": foreign.token}, headers=HTMX)
    assert answer.status_code == 403


def test_a_demoted_primary_admin_with_the_dialog_open_is_403(cast: Cast) -> None:
    add_card(cast.primary_admin)
    _, html = dialog(cast, 5)
    client = giulia(cast)
    type(cast.account).objects.filter(pk=cast.account.pk).update(primary_admin=cast.admin.user)
    answer = client.post(path(cast, "buy/"), {"add": "5", "token": token_in(html)}, headers=HTMX)
    assert answer.status_code == 403
    assert plan_of(cast).seats == 20


def test_a_decline_says_why_and_nothing_changes(cast: Cast) -> None:
    add_card(cast.primary_admin, DECLINED)
    for headers in (HTMX, {}):
        answer = pay(cast, headers=headers)
        assert answer.status_code == 422
        assert "The bank has declined the card. Nothing was charged." in answer.content.decode()
    assert plan_of(cast).seats == 20


def test_a_challenge_is_answered_and_paid(cast: Cast) -> None:
    add_card(cast.primary_admin, ASKED)
    answer = pay(cast, headers=HTMX)
    assert answer.status_code == 202
    html = answer.content.decode()
    bank = re.search(r'data-address="([^"]+)"', html)
    again = re.search(r'data-continue="([^"]+)"', html)
    assert bank and again
    client = giulia(cast)
    assert client.post(again[1], headers=HTMX).status_code == 202
    client.post(bank[1], {"answer": "complete"}, headers=HTMX)
    assert "The seats are yours" in client.post(again[1], headers=HTMX).content.decode()
    assert plan_of(cast).seats == 5


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_after_the_banks_no_the_same_purchase_is_offered(headers: dict[str, str], cast: Cast) -> None:
    """The number, the currency and the cycle that were chosen, not those a dialog begins with."""
    add_card(cast.primary_admin, ASKED)
    _, html = dialog(cast, 7, cycle="year")
    client = giulia(cast)
    html = client.post(
        path(cast, "buy/"), {"add": "7", "token": token_in(html)}, headers=HTMX
    ).content.decode()
    bank = re.search(r'data-address="([^"]+)"', html)
    again = re.search(r'data-continue="([^"]+)"', html)
    assert bank and again
    client.post(bank[1], {"answer": "fail"}, headers=HTMX)
    answer = client.post(again[1], headers=headers)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "could not confirm that it is you" in html
    if headers:
        offer = re.search(r'data-offer="([^"]+)"', html)
        assert offer
        html = client.get(unescape(offer[1]), headers=HTMX).content.decode()
    assert "data-pay>Pay CHF\xa01,596.00<" in html
    assert plan_of(cast).seats == 20


def test_leaving_a_challenge_charges_nothing(cast: Cast) -> None:
    add_card(cast.primary_admin, ASKED)
    html = pay(cast, headers=HTMX).content.decode()
    leave = re.search(r'data-give-up="([^"]+)"', html)
    assert leave
    html = giulia(cast).post(leave[1], headers=HTMX).content.decode()
    assert "Nothing was charged" in html
    assert "buy/?add=5&amp;currency=CHF&amp;cycle=month" in html
    assert plan_of(cast).seats == 20


def test_an_account_on_invoice_buys_without_a_card(cast: Cast) -> None:
    use_gateway(cast.primary_admin, "invoice")
    _, html = dialog(cast, 5)
    assert "Buy 5 seats on invoice" in html
    assert pay(cast, headers=HTMX).status_code == 200
    assert plan_of(cast).seats == 5


def test_rule_23_what_costs_nothing_needs_no_card(cast: Cast) -> None:
    use_gateway(cast.primary_admin, "sandbox")
    price("SEK", 0)
    _, html = dialog(cast, 5, currency="SEK")
    assert "Get 5 seats, free on this server" in html
    fields = {"add": "5", "token": token_in(html)}
    assert giulia(cast).post(path(cast, "buy/"), fields, headers=HTMX).status_code == 200
    assert "Free on this server" in giulia(cast).get(path(cast)).content.decode()


def test_a_card_is_added_in_the_dialog(cast: Cast) -> None:
    use_gateway(cast.primary_admin, "sandbox")
    _, html = dialog(cast, 5)
    assert "There is no card yet" in html
    price()
    fields = {"add": "5", "currency": CURRENCY, "reference": GOOD}
    answer = giulia(cast).post(path(cast, "card/"), fields, headers=HTMX)
    assert answer.status_code == 200
    assert "Today, to Visa\u00a0••••\u00a04242" in answer.content.decode()
    fields["reference"] = "4111111111111111"
    assert giulia(cast).post(path(cast, "card/"), fields, headers=HTMX).status_code == 422


def test_s13_a_trial_has_nothing_to_remove(cast: Cast) -> None:
    text = giulia(cast).get(path(cast, "support/")).content.decode()
    assert "there is nothing to remove" in text
    assert "Send to support" not in text


def test_s13_email_support_is_asked_and_taken_back(cast: Cast) -> None:
    paying(cast)
    client = giulia(cast)
    assert "Email support" in client.get(path(cast)).content.decode()
    assert client.post(path(cast, "support/"), {"quantity": "99"}).status_code == 422
    assert client.post(path(cast, "support/"), {"quantity": "2", "note": "two"}).status_code == 302
    text = client.get(path(cast)).content.decode()
    assert "The removal of 2 seats is asked for" in text
    assert client.post(path(cast, "support/"), {"quantity": "2"}).status_code == 409
    assert client.post(path(cast, "support/withdraw/")).status_code == 302
    assert request_now(cast).state == "withdrawn"
    assert client.post(path(cast, "support/withdraw/")).status_code == 409


def test_what_is_asked_is_dated_by_the_accounts_own_clock(cast: Cast) -> None:
    paying(cast)
    with account_scope(cast.account.pk):
        Subscription.objects.update(ahead=10 * 24 * 3600)
    then = (clock.now() + timedelta(days=10)).replace(microsecond=0)
    asked = actions.request_removal(2, "", by=cast.primary_admin).asked_at
    again = actions.ask_primary_admin(by=cast.admin)
    withdrawn = actions.withdraw_request(by=cast.primary_admin).closed_at
    assert withdrawn is not None
    for instant in (asked, again, withdrawn):
        assert timedelta() <= instant - then < timedelta(minutes=1)


def test_rule_18_a_scheduled_removal_is_shown_with_its_day(cast: Cast) -> None:

    paying(cast)
    actions.schedule(actions.request_removal(8, "", by=cast.primary_admin).pk, operator())
    text = giulia(cast).get(path(cast)).content.decode()
    assert "8 seats end on" in text
    assert "3 people are agents now" in text
    assert "Take it back" not in cast.client(cast.admin).get(path(cast)).content.decode()


def test_rule_19_after_a_renewal_the_page_counts_what_is_left_of_the_removal(cast: Cast) -> None:
    """Eight of ten were to end; the account has renewed at its three agents, so one still is."""
    paying(cast)
    actions.schedule(actions.request_removal(8, "", by=cast.primary_admin).pk, operator())
    with account_scope(cast.account.pk):
        end = Subscription.objects.get().period_end
    assert end is not None
    with clock.at(end + timedelta(minutes=1)):
        billing.renew(cast.account.pk)
        text = giulia(cast).get(path(cast)).content.decode()
    assert plan_of(cast).seats == 3
    assert "8 seats end" not in text
    assert "One seat ends on" in text
    assert "3 people are agents now: make some of them viewers before" in text


def test_without_a_plan_nobody_is_told_that_every_seat_is_in_use(cast: Cast) -> None:
    price()
    with account_scope(cast.account.pk):
        Subscription.objects.update(currency=CURRENCY)
        end = Subscription.objects.get().trial_ends_at
    assert end is not None
    with clock.at(end + timedelta(minutes=1)):
        while billing.step(cast.account.pk):
            pass
        text = giulia(cast).get(path(cast)).content.decode()
    assert "The trial is over." in text
    assert "Every seat is in use" not in text


def test_s14_after_the_sale_nothing_is_bought_first_and_the_page_says_why(cast: Cast) -> None:
    add_card(cast.primary_admin)
    with catalogue(sale_ends_on="2023-01-03"):
        assert dialog(cast)[0] == 409
        assert "Buy seats" not in giulia(cast).get(path(cast)).content.decode()


def test_s14_after_self_service_the_button_is_a_request(cast: Cast) -> None:
    paying(cast)
    with catalogue(extra_sale_ends_on="2023-01-03"):
        text = giulia(cast).get(path(cast)).content.decode()
        assert "Ask for seats" in text
        assert "More seats are sold by support only." in text
        assert "Buy seats" not in text
        others = cast.client(cast.admin).get(path(cast)).content.decode()
        assert "More seats are sold by support only. Giulia" in others
        assert "can buy seats" not in others
        assert dialog(cast)[0] == 409
        answer = giulia(cast).post(path(cast, "support/"), {"kind": "add", "quantity": "3"})
    assert answer.status_code == 302
    assert request_now(cast).kind == "add"


def test_rule_15_a_full_house_says_what_to_do(cast: Cast) -> None:
    add_card(cast.primary_admin)
    buy(cast.primary_admin, 3)
    assert "Or buy more seats." in giulia(cast).get(path(cast)).content.decode()
    assert "Or ask the primary admin" in cast.client(cast.admin).get(path(cast)).content.decode()


@pytest.mark.parametrize(
    ("currency", "unit", "pay"),
    [("JPY", 3200, "Pay ¥16,000"), ("KWD", 6500, "Pay KWD\xa032.500"), ("GBP", 1700, "Pay £85.00")],
)
def test_every_currency_has_its_own_decimals(currency: str, unit: int, pay: str, cast: Cast) -> None:
    add_card(cast.primary_admin)
    price(currency, unit)
    _, html = dialog(cast, 5, currency=currency)
    assert f"data-pay>{pay}<" in html


def test_s10_a_year_costs_twelve_months(cast: Cast) -> None:
    add_card(cast.primary_admin)
    _, html = dialog(cast, 5, cycle="year")
    assert "data-pay>Pay CHF\xa01,140.00<" in html
    assert "CHF\xa095.00</b> a month for 5 seats" in html
    assert "CHF\xa01,140.00 each year." in html


def test_rule_22_less_than_a_card_takes_is_carried_and_the_dialog_says_so(cast: Cast) -> None:
    add_card(cast.primary_admin)
    price("NOK", 20)
    _, html = dialog(cast, 5, currency="NOK")
    assert "Take 5 seats" in html
    assert "NOK\xa01.00 is less than a card can be charged with" in html
    answer = giulia(cast).post(path(cast, "buy/"), {"add": "5", "token": token_in(html)}, headers=HTMX)
    assert answer.status_code == 200
    assert "was charged" not in answer.content.decode()
    (invoice,) = invoices(cast.primary_admin)
    assert (invoice.total, invoice.carried, invoice.due) == (100, 100, 0)
    assert plan_of(cast).seats == 5


def test_rule_18_the_dialog_says_that_a_removal_is_taken_back_first(cast: Cast) -> None:
    paying(cast, 10)
    actions.schedule(actions.request_removal(2, "", by=cast.primary_admin).pk, operator())
    answer = giulia(cast).get(path(cast, "quote/"), {"add": "2"}, headers=HTMX).content.decode()
    assert "2 seats that were to be removed stay: they are paid for already." in answer
    assert "Take 2 seats" in answer
