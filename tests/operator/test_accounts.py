"""The list of accounts, an account's page, and what is set for one account."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from salotto.accounts.models import User
from salotto.billing.actions.clock import advance_clock
from salotto.billing.actions.credits import grant_credit
from salotto.billing.actions.terms import HasBought, set_anchor, switch_gateway
from salotto.billing.days import BadDay
from salotto.billing.errors import PurchaseUnderWay, QuoteOver
from salotto.billing.models import Payment, State, Subscription
from salotto.billing.operators import OperatorsOnly
from salotto.core import clock
from salotto.core.errors import Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.operator.queries.accounts import account_view, accounts
from salotto.operator.templatetags.operator_words import movement, why
from tests.billing import shop
from tests.cast import Cast, found_account


def entries(cast: Cast, verb: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(account_id=cast.account.pk, verb=verb).order_by("id"))


def test_the_list_shows_plan_seats_and_the_last_invoice(cast: Cast, pages: Any) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 5)
    (row,) = accounts(search=cast.slug).rows
    (invoice,) = shop.invoices(cast.primary_admin)
    assert (row.state, row.seats, row.in_use, row.gateway) == (State.ACTIVE, 5, 3, "sandbox")
    assert (row.invoice_name, row.invoice_state) == (invoice.name, "paid")
    assert row.ends_at == shop.subscription(cast.primary_admin).period_end
    text = pages.get("/operator/accounts/", {"q": cast.slug}).text
    assert invoice.name in text and cast.primary_admin.user.email in text and "3 of 5" in text


def test_the_next_renewal_is_the_end_of_the_period_by_the_accounts_own_clock(cast: Cast) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 5)
    advance_clock(cast.account.pk, days=40, by=cast.primary_admin)
    (row,) = accounts(search=cast.slug).rows
    assert row.ends_at == shop.subscription(cast.primary_admin).period_end


def test_accounts_are_found_by_name_short_name_or_primary_admin(cast: Cast) -> None:
    for search in (cast.account.name, cast.slug[3:], cast.primary_admin.user.email.upper()):
        assert cast.account.pk in [row.id for row in accounts(search=search).rows]
    assert accounts(search=f"{cast.slug}%").rows == []
    assert accounts(search="\x00 \\").rows == []


def test_the_list_goes_on_below_a_key() -> None:
    founded = [found_account("Serie").account.pk for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = accounts(search="Serie ", cursor=cursor, limit=2)
        seen += [row.id for row in page.rows]
        if not (cursor := page.next):
            break
    assert [id_ for id_ in seen if id_ in founded] == founded[::-1]
    assert len(seen) == len(set(seen))
    assert accounts(cursor="not a cursor").rows[0].id >= founded[-1]


def test_the_list_can_be_narrowed_to_who_has_not_paid(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        Subscription.objects.update(state=State.PAST_DUE)
    assert [row.id for row in accounts(search=cast.slug, state="unpaid_any").rows] == [cast.account.pk]
    assert [row.id for row in accounts(search=cast.slug, state="past_due").rows] == [cast.account.pk]
    assert accounts(search=cast.slug, state="active").rows == []
    assert accounts(search=cast.slug, state="'; DROP TABLE").rows != []


def test_with_htmx_only_the_list_comes(cast: Cast, pages: Any) -> None:
    answer = pages.get("/operator/accounts/", {"q": cast.slug}, headers={"HX-Request": "true"})
    assert "<html" not in answer.text and cast.account.name in answer.text


def test_an_accounts_page_holds_all_its_histories(cast: Cast, pages: Any) -> None:
    shop.add_card(cast.primary_admin)
    payment = shop.buy(cast.primary_admin, 5)
    view = account_view(cast.account.pk)
    assert view.upcoming is not None and view.upcoming.quantity == 5
    assert [change.kind for change in view.changes] == ["bought", "trial_started"]
    text = pages.get(f"/operator/accounts/{cast.account.pk}/").text
    for shown in (cast.slug, payment.intent, shop.invoices(cast.primary_admin)[0].name, "seats.bought"):
        assert shown in text
    assert "Existing billing cycle" not in text


def test_ledgers_are_told_in_words_in_the_readers_language(cast: Cast, pages: Any, operator: User) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 5)
    grant_credit(cast.account.pk, 500, "EUR", "For the trouble", operator)
    (invoice,) = shop.invoices(cast.primary_admin)
    text = pages.get(f"/operator/accounts/{cast.account.pk}/").text
    for shown in ("Every new account has one", f"Invoice {invoice.name}", "Credit <", "For the trouble"):
        assert shown in text
    assert "<span>trial" not in text and f"invoice {invoice.name}" not in text
    text = pages.get(f"/operator/invoices/{cast.account.pk}/{invoice.pk}/").text
    assert '<span class="strong">Payment</span>' in text and ">payment<" not in text
    with translation.override("it"):
        said = [why(reason) for reason in ("trial", "request 7", f"invoice {invoice.name}", "As agreed")]
        assert said == ["Ogni nuovo account ne ha una", "Richiesta 7", f"Fattura {invoice.name}", "As agreed"]
        assert (movement("payment"), movement("another")) == ("Pagamento", "another")


def test_nothing_of_another_account_is_on_the_page(cast: Cast, pages: Any) -> None:
    shop.add_card(cast.outsider)
    shop.buy(cast.outsider, 2)
    text = pages.get(f"/operator/accounts/{cast.account.pk}/").text
    assert shop.invoices(cast.outsider)[0].name not in text and cast.outsider.account.slug not in text


def test_the_gateway_is_switched_and_back(cast: Cast, operator: User, pages: Any) -> None:
    path = f"/operator/accounts/{cast.account.pk}/gateway/"
    for _ in range(2):  # a double submit is one act
        assert pages.post(path, {"gateway": "invoice"}).status_code == 302
    assert shop.subscription(cast.primary_admin).gateway == "invoice"
    assert pages.post(path, {"gateway": ""}).status_code == 302
    assert [(e.actor_id, e.detail) for e in entries(cast, "billing.gateway_changed")] == [
        (operator.pk, {"before": "", "after": "invoice"}),
        (operator.pk, {"before": "invoice", "after": ""}),
    ]


def test_an_account_on_invoice_gets_its_seats_without_a_card(cast: Cast, operator: User) -> None:
    switch_gateway(cast.account.pk, "invoice", by=operator)
    shop.buy(cast.primary_admin, 3)
    (invoice,) = shop.invoices(cast.primary_admin)
    assert (invoice.state, invoice.gateway) == ("open", "invoice")


def test_a_quote_of_before_the_switch_is_void(cast: Cast, operator: User) -> None:
    from salotto.billing import actions

    shop.add_card(cast.primary_admin)
    quote = shop.quote(cast.primary_admin, 3)
    switch_gateway(cast.account.pk, "invoice", by=operator)
    with pytest.raises(QuoteOver):
        actions.buy(quote.token, 3, by=cast.primary_admin)


@pytest.mark.parametrize("gateway", ["stripe", "sandbox", "cash", "INVOICE"])
def test_another_gateway_cannot_be_chosen(cast: Cast, operator: User, gateway: str) -> None:
    with pytest.raises(Invalid):
        switch_gateway(cast.account.pk, gateway, by=operator)


def test_nothing_is_switched_while_a_payment_is_under_way(cast: Cast, operator: User, pages: Any) -> None:
    charging(cast)
    with pytest.raises(PurchaseUnderWay):
        switch_gateway(cast.account.pk, "invoice", by=operator)
    with pytest.raises(PurchaseUnderWay):
        set_anchor(cast.account.pk, "2026-01-31", by=operator)
    answer = pages.post(f"/operator/accounts/{cast.account.pk}/gateway/", {"gateway": "invoice"})
    assert answer.status_code == 409 and "under way" in answer.text


def charging(cast: Cast) -> Payment:
    """A payment of the account that is open."""
    with account_scope(cast.account.pk):
        return Payment.objects.create(
            account=cast.account, kind="purchase", version=1, at=clock.now(), total=0, amount=0,
            currency="EUR", gateway="sandbox", created_at=clock.now(),
        )  # fmt: skip


def test_s9_the_first_purchase_joins_the_existing_billing_cycle(cast: Cast, operator: User) -> None:
    now = datetime(2026, 6, 11, 10, tzinfo=UTC)
    shop.add_card(cast.primary_admin)
    set_anchor(cast.account.pk, "2024-01-31", by=operator)
    with clock.at(now):
        with account_scope(cast.account.pk):
            Subscription.objects.update(trial_ends_at=now + timedelta(days=3))
        quote = shop.quote(cast.primary_admin, 3)
    assert quote.period_start == datetime(2026, 5, 31, tzinfo=UTC)
    assert quote.period_end == datetime(2026, 6, 30, tzinfo=UTC)
    assert quote.total < 3 * shop.UNIT
    (entry,) = entries(cast, "billing.anchor_set")
    assert entry.detail == {"before": "", "after": "2024-01-31 00:00:00+00:00"}


def test_the_cycle_can_be_taken_out_again_and_is_not_set_twice(
    cast: Cast, operator: User, pages: Any
) -> None:
    path = f"/operator/accounts/{cast.account.pk}/anchor/"
    for _ in range(2):
        assert pages.post(path, {"day": "2026-01-31"}).status_code == 302
    assert 'value="2026-01-31"' in pages.get(f"/operator/accounts/{cast.account.pk}/").text
    assert pages.post(path, {"day": ""}).status_code == 302
    assert shop.subscription(cast.primary_admin).anchor is None
    assert len(entries(cast, "billing.anchor_set")) == 2


def test_the_cycle_of_an_account_that_has_bought_stays(cast: Cast, operator: User) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 3)
    with pytest.raises(HasBought):
        set_anchor(cast.account.pk, "2026-01-31", by=operator)


def test_bad_days_and_unknown_accounts_are_refused(cast: Cast, operator: User, pages: Any) -> None:
    with pytest.raises(BadDay):
        set_anchor(cast.account.pk, "31 January", by=operator)
    with pytest.raises(Missing):
        set_anchor(2**40, "2026-01-31", by=operator)
    answer = pages.post(f"/operator/accounts/{cast.account.pk}/anchor/", {"day": "31 January"})
    assert answer.status_code == 422 and "2027-01-31" in answer.text
    assert pages.post(f"/operator/accounts/{2**40}/anchor/", {"day": "x"}).status_code == 404


def test_only_operators_set_the_terms_of_an_account(cast: Cast) -> None:
    for member in cast.members().values():
        with pytest.raises(OperatorsOnly):
            switch_gateway(cast.account.pk, "invoice", by=member.user)
        with pytest.raises(OperatorsOnly):
            set_anchor(cast.account.pk, "2026-01-31", by=member.user)
