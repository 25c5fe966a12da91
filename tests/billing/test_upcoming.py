"""The next renewal that the page shows is the invoice that then comes."""

from typing import Any

import pytest

from salotto.billing import history
from salotto.billing.actions import renew
from salotto.billing.actions.details import change_cycle
from salotto.billing.actions.methods import add_card
from salotto.billing.models import BillingDetails, Catalogue, TaxRate
from salotto.billing.standing import standing
from salotto.billing.upcoming import next_renewal
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.billing.invoicing import JUNE, activate, credit, days
from tests.cast import Cast

AGENTS = 3
"""Of the cast: rule 19 renews at them at least."""

CASES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a removal": {"quantity_next": 10},
    "fewer than agents": {"quantity_next": 1},
    "a credit": {"credit": 1000},
    "a credit above the total": {"credit": 99_999},
    "an amount carried": {"credit": -36},
    "yearly from then on": {"cycle": "year"},
    "free": {"unit": 0, "currency": "SEK"},
    "below the smallest charge": {"unit": 2, "quantity": 3, "currency": "DKK"},
}


@pytest.fixture
def taxed(cast: Cast) -> Any:
    """The seller is Italian and charges 22 %."""
    catalogue = Catalogue.objects.get()
    before = catalogue.seller_country
    rate, made = TaxRate.objects.get_or_create(
        country="IT", valid_from=days(-100).date(), defaults={"name": "VAT", "basis_points": 2200}
    )
    Catalogue.objects.update(seller_country="IT")
    with account_scope(cast.account.pk):
        BillingDetails.objects.create(account=cast.account, legal_name="Conti", country="IT")
    yield
    Catalogue.objects.update(seller_country=before)
    if made:
        rate.delete()


@pytest.mark.usefixtures("taxed")
@pytest.mark.parametrize("case", CASES)
def test_what_is_shown_is_what_is_invoiced(cast: Cast, case: str) -> None:
    given = dict(CASES[case])
    money, cycle = given.pop("credit", 0), given.pop("cycle", "")
    currency = given.get("currency", "EUR")
    activate(cast.account, **given)
    add_card("4242424242424242", cast.primary_admin)
    if money:
        credit(cast.account, money, currency)
    if cycle:
        change_cycle(cycle, cast.primary_admin)
    with clock.at(days(20)):
        coming = next_renewal(standing(cast.account.pk), AGENTS)
    assert coming is not None and coming.at == JUNE[1]
    with clock.at(JUNE[1]):
        assert renew(cast.account.pk) == 1
    row = history.invoices(cast.account).rows[0]
    invoice = history.invoice(cast.account.pk, row.id)
    line = invoice.lines[0]
    assert (line["quantity"], line["unit"], line["cycle"]) == (coming.quantity, coming.unit, coming.cycle)
    assert (invoice.subtotal, invoice.tax, invoice.total) == (coming.subtotal, coming.tax, coming.total)
    assert (invoice.balance_used, invoice.carried) == (coming.balance_used, coming.carried)
    assert (invoice.due, invoice.currency, invoice.state) == (coming.amount, currency, "paid")


@pytest.mark.parametrize("state", ["trial", "lapsed", "unpaid", "ended"])
def test_what_does_not_renew_shows_no_renewal(cast: Cast, state: str) -> None:
    activate(cast.account, state=state)
    with clock.at(days(20)):
        assert next_renewal(standing(cast.account.pk)) is None


def test_a_plan_of_which_nothing_remains_shows_no_renewal(cast: Cast) -> None:
    activate(cast.account, quantity_next=0)
    with clock.at(days(20)):
        assert next_renewal(standing(cast.account.pk)) is None


def test_what_a_gateway_would_refuse_is_shown_all_the_same(cast: Cast) -> None:
    activate(cast.account, quantity=2_000_000)
    with clock.at(days(20)):
        coming = next_renewal(standing(cast.account.pk))
    assert coming is not None and coming.amount == coming.total >= 2_000_000 * 1900
