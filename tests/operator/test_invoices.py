"""Marking as paid, credit notes and credits, as the pages do them."""

import re
from datetime import timedelta
from typing import Any

import pytest

from salotto.accounts.models import User
from salotto.billing.actions.refunds import give_back
from salotto.billing.actions.terms import switch_gateway
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import GatewayRefused
from salotto.billing.models import Invoice, InvoiceState, Payment, State, Subscription
from salotto.core import clock
from salotto.core.errors import Forbidden, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.operator.queries import lists
from salotto.operator.queries.accounts import account_view
from salotto.operator.queries.catalogue import terms_today
from salotto.operator.settlements import correct, grant, settle
from tests.billing import shop
from tests.cast import Cast


def on_invoice(cast: Cast, operator: User) -> Invoice:
    """An open invoice of an account that pays on invoice."""
    switch_gateway(cast.account.pk, "invoice", by=operator)
    shop.buy(cast.primary_admin, 3)
    return shop.invoices(cast.primary_admin)[-1]


def by_card(cast: Cast) -> Invoice:
    """A paid invoice."""
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 3)
    return shop.invoices(cast.primary_admin)[-1]


def path(invoice: Invoice, end: str = "") -> str:
    return f"/operator/invoices/{invoice.account_id}/{invoice.pk}/{end}"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def now(invoice: Invoice) -> Invoice:
    with account_scope(invoice.account_id):
        found: Invoice = Invoice.objects.get(pk=invoice.pk)
    return found


def today() -> str:
    return clock.now().date().isoformat()


def test_an_invoice_is_marked_as_paid_once(cast: Cast, operator: User, pages: Any) -> None:
    invoice = on_invoice(cast, operator)
    assert "Mark CHF\xa057.00 as paid" in pages.get(path(invoice)).text
    assert pages.post(path(invoice, "paid/"), {"day": today()}).status_code == 302
    assert now(invoice).state == InvoiceState.PAID
    again = pages.post(path(invoice, "paid/"), {"day": today()})
    assert again.status_code == 409
    assert "The money is here" not in pages.get(path(invoice)).text
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="invoice.paid")
    assert entry.actor_id == operator.pk


@pytest.mark.parametrize(("zone", "days"), [("Pacific/Kiritimati", 1), ("Pacific/Niue", -1)])
def test_the_day_of_the_money_is_the_catalogues(
    cast: Cast, operator: User, pages: Any, zone: str, days: int
) -> None:
    instant = clock.now().replace(hour=10, minute=30)
    with shop.catalogue(time_zone=zone), clock.at(instant):
        day = (instant + timedelta(days=days)).date()
        assert terms_today() == day
        assert (
            f'name="day" required value="{day.isoformat()}"'
            in pages.get(path(on_invoice(cast, operator))).text
        )


def test_rule_21_an_account_that_was_past_due_goes_on_when_it_is_paid(
    cast: Cast, operator: User, pages: Any
) -> None:
    invoice = on_invoice(cast, operator)
    with account_scope(cast.account.pk):
        Subscription.objects.update(state=State.PAST_DUE, failed_at=clock.now())
    pages.post(path(invoice, "paid/"), {"day": today()})
    assert shop.subscription(cast.primary_admin).state == State.ACTIVE


@pytest.mark.parametrize("day", ["2001-01-01", "2099-01-01", "yesterday"])
def test_a_day_that_cannot_be_is_refused_beside_the_form(
    cast: Cast, operator: User, pages: Any, day: str
) -> None:
    invoice = on_invoice(cast, operator)
    answer = pages.post(path(invoice, "paid/"), {"day": day})
    assert answer.status_code == 422 and "Nothing was changed" in answer.text
    assert now(invoice).state == InvoiceState.OPEN


def test_only_an_open_invoice_offers_to_be_marked(cast: Cast, operator: User, pages: Any) -> None:
    invoice = on_invoice(cast, operator)
    switch_gateway(cast.account.pk, "", by=operator)
    assert "The money is here" in pages.get(path(invoice)).text
    paid = by_card(cast)
    switch_gateway(cast.account.pk, "invoice", by=operator)
    assert "The money is here" not in pages.get(path(paid)).text


def test_what_a_card_has_paid_is_not_marked(cast: Cast, pages: Any) -> None:
    assert pages.post(path(by_card(cast), "paid/"), {"day": today()}).status_code == 409


def test_part_of_an_invoice_goes_to_the_balance_once(cast: Cast, pages: Any) -> None:
    invoice = by_card(cast)
    given = {
        "amount": "10,00",
        "to": "balance",
        "reason": "Sorry",
        "left": hidden(pages.get(path(invoice)).text, "left"),
    }
    first = pages.post(path(invoice, "credit-note/"), given, follow=True)
    assert "Credit note C" in first.text
    again = pages.post(path(invoice, "credit-note/"), given)
    assert again.status_code == 409 and "meanwhile" in again.text
    (note,) = [row for row in shop.invoices(cast.primary_admin) if row.corrects_id == invoice.pk]
    assert note.total == -1000
    text = pages.get(path(note)).text
    assert f"corrects {invoice.name}" in text
    assert account_view(cast.account.pk).balances[0].amount == 1000


def test_an_open_invoice_is_taken_back_whole(cast: Cast, operator: User, pages: Any) -> None:
    invoice = on_invoice(cast, operator)
    assert hidden(pages.get(path(invoice)).text, "to") == "void"
    given = {"to": "void", "reason": "A mistake", "left": str(invoice.total)}
    assert pages.post(path(invoice, "credit-note/"), given).status_code == 302
    assert now(invoice).state == InvoiceState.VOID
    assert pages.post(path(invoice, "credit-note/"), given).status_code == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"amount": "1000"}, 422),
        ({"amount": "0"}, 422),
        ({"amount": "-1"}, 422),
        ({"amount": "1.000"}, 422),
        ({"amount": "x"}, 422),
        ({"reason": " "}, 422),
        ({"to": "cash"}, 422),
        ({"to": "void"}, 409),
    ],
)
def test_a_credit_note_that_cannot_be_changes_nothing(
    cast: Cast, pages: Any, changed: dict[str, str], status: int
) -> None:
    invoice = by_card(cast)
    given = {"amount": "1", "to": "balance", "reason": "Sorry", **changed}
    assert pages.post(path(invoice, "credit-note/"), given).status_code == status
    assert len(shop.invoices(cast.primary_admin)) == 1


def test_invoices_of_another_account_are_missing(cast: Cast, operator: User, pages: Any) -> None:
    invoice = by_card(cast)
    other = cast.outsider.account.pk
    with pytest.raises(Missing):
        settle(other, invoice.pk, "", by=operator)
    with pytest.raises(Missing):
        correct(other, invoice.pk, "", "balance", "Sorry", by=operator)
    for end in ("paid/", "credit-note/"):
        assert pages.post(f"/operator/invoices/{other}/{invoice.pk}/{end}").status_code == 404


def test_a_credit_is_granted_once_per_form(cast: Cast, operator: User, pages: Any) -> None:
    page = f"/operator/accounts/{cast.account.pk}/"
    given = {"amount": "5", "currency": "chf", "reason": "Sorry", "key": hidden(pages.get(page).text, "key")}
    for _ in range(2):
        assert pages.post(f"{page}credit/", given).status_code == 302
    assert [(m.amount, m.currency) for m in account_view(cast.account.pk).balances] == [(500, "CHF")]
    assert "Sorry" in pages.get(page).text
    assert AuditEntry.objects.get(account_id=cast.account.pk, verb="credit.granted").actor_id == operator.pk


@pytest.mark.parametrize(
    "changed",
    [{"amount": "0"}, {"amount": "-5"}, {"currency": "XAU"}, {"reason": ""}, {"key": "x"}, {"key": ""}],
)
def test_a_credit_that_cannot_be_changes_nothing(cast: Cast, pages: Any, changed: dict[str, str]) -> None:
    page = f"/operator/accounts/{cast.account.pk}/"
    given = {"amount": "5", "currency": "CHF", "reason": "Sorry", "key": hidden(pages.get(page).text, "key")}
    assert pages.post(f"{page}credit/", {**given, **changed}).status_code == 422
    assert account_view(cast.account.pk).balances == []


def test_only_operators_settle_and_credit(cast: Cast, operator: User) -> None:
    invoice = on_invoice(cast, operator)
    key = "6b1c2f0e-0000-4000-8000-000000000000"
    for member in cast.members().values():
        with pytest.raises(Forbidden):
            settle(cast.account.pk, invoice.pk, "", by=member.user)
        with pytest.raises(Forbidden):
            correct(cast.account.pk, invoice.pk, "", "void", "Mine", by=member.user)
        with pytest.raises(Forbidden):
            grant(cast.account.pk, "5", "CHF", "Mine", key, by=member.user)


def test_a_refund_that_is_refused_needs_a_person_and_is_settled_on_its_page(cast: Cast, pages: Any) -> None:
    invoice = by_card(cast)
    with account_scope(cast.account.pk):
        intent = Payment.objects.get(pk=invoice.payment_id).intent
    gateway("sandbox").refund(intent, invoice.due, "by hand")
    pages.post(path(invoice, "credit-note/"), {"amount": "", "to": "card", "reason": "sorry"})
    note = shop.invoices(cast.primary_admin)[-1]
    with pytest.raises(GatewayRefused):
        give_back(cast.account.pk, note.pk)
    shown = [one.pk for one in lists.open_refunds(1000)]
    assert note.pk in shown
    assert "Refunds that have not gone back" in pages.get("/operator/").text
    assert "Settle the refund" in pages.get(path(note)).text
    refusal = pages.post(path(note, "refund/"), {"to": "balance", "reason": " "})
    assert refusal.status_code == 422 and "Nothing was changed" in refusal.text
    assert pages.post(path(note, "refund/"), {"to": "balance", "reason": "closed"}).status_code == 302
    assert now(note).state == InvoiceState.PAID
    assert note.pk not in [one.pk for one in lists.open_refunds(1000)]
    assert "Settle the refund" not in pages.get(path(note)).text
    assert pages.post(path(note, "refund/"), {"to": "balance", "reason": "again"}).status_code == 409
