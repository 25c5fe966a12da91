"""Buying: quote, claim, charge, settle."""

import pytest

from salotto.billing import actions
from salotto.billing.errors import Declined
from salotto.billing.models import PaymentState, Posting, State
from salotto.core.tenancy import account_scope
from salotto.seats.queries import plan
from tests.billing.shop import UNIT, add_card, buy, invoices, quote, subscription
from tests.cast import Cast


def test_s8_the_current_card_is_charged_at_once(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    payment = buy(by, 5)
    assert payment.state == PaymentState.PAID
    sub = subscription(by)
    assert (sub.state, sub.quantity, sub.quantity_next, sub.high_water) == (State.ACTIVE, 5, 5, 5)
    (invoice,) = invoices(by)
    assert (invoice.total, invoice.state, invoice.payment_id) == (5 * UNIT, "paid", payment.pk)
    with account_scope(by.account.pk):
        assert plan().seats == 5
        assert sum(Posting.objects.filter(ledger="cash").values_list("amount", flat=True)) == 5 * UNIT


def test_s12_more_seats_cost_the_rest_of_the_period(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    assert buy(by, 2).total == 2 * UNIT
    assert subscription(by).quantity == 7


def test_a_decline_changes_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by, "4000000000000002")
    with pytest.raises(Declined) as refused:
        buy(by, 5)
    assert refused.value.reason == "declined"
    assert subscription(by).state == State.TRIAL
    assert invoices(by) == []


def test_the_same_quote_twice_is_one_purchase(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 5)
    first = actions.buy(made.token, 5, by=by)
    again = actions.buy(made.token, "5", by=by)
    assert first.pk == again.pk == made.id
    assert len(invoices(by)) == 1
