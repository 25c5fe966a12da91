"""Coming back after read-only: what is charged, how it is explained, and who is asked."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from salotto.billing import actions
from salotto.billing.actions.credits import credit_note
from salotto.billing.actions.invoices import mark_paid
from salotto.billing.actions.methods import remove_method
from salotto.billing.actions.terms import switch_gateway
from salotto.billing.errors import CardNeeded
from salotto.billing.models import Invoice, PaymentKind, PaymentMethod, State
from salotto.billing.money import divide
from salotto.billing.proration import seconds
from salotto.cli.billing import _line
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange
from tests.billing.later import (
    books_hold,
    change,
    days_later,
    now_of,
    on_plan,
    payments,
    read_only,
    run_jobs,
    to_next,
)
from tests.billing.shop import UNIT, add_card, buy, catalogue, invoices, subscription, use_gateway
from tests.cast import Cast

BAD, GOOD = "4000000000000002", "5555555555554444"


def explained(invoice: Invoice) -> bool:
    """Whether `salotto billing explain --invoice` gives the amount of each line."""
    return all(_line(n, line, invoice.currency)[1] for n, line in enumerate(invoice.lines, 1))


def part(days: timedelta, whole: timedelta) -> Fraction:
    return Fraction(int(days.total_seconds()), int(whole.total_seconds()))


def transfer_late(cast: Cast, after: timedelta) -> tuple[datetime, datetime, Invoice]:
    """Three seats by transfer, paid so long after read-only began: the end of the paid period,
    the beginning of read-only, and the invoice of coming back."""
    by = cast.primary_admin
    use_gateway(by, "invoice")
    buy(by, 3)
    (first,) = invoices(by)
    end = subscription(by).period_end
    assert end is not None
    begins = first.payable_until + timedelta(days=21)
    for days in (2, 7, 14, 21):
        with clock.at(first.payable_until + timedelta(days=days)):
            assert actions.step(by.account.pk) == "overdue"
    assert read_only(by)
    with clock.at(begins + after):
        mark_paid(first.pk, None, clock.now().date())
        books_hold(by)
    return end, begins, invoices(by)[-1]


@pytest.mark.parametrize("days", [1, 4, 24, 25, 27, 60, 400])
def test_rule_21_no_day_of_work_is_free_and_none_of_read_only_is_paid(cast: Cast, days: int) -> None:
    with catalogue(payment_days=14):
        end, begins, back = transfer_late(cast, timedelta(days=days))
    assert end < begins  # agents worked on after the paid period
    sub = subscription(cast.primary_admin)
    assert sub.state == State.ACTIVE and sub.period_start is not None and sub.period_end is not None
    at = datetime.fromisoformat(back.lines[0]["at"])
    assert at == max(begins + timedelta(days=days), sub.period_start)
    used = datetime.fromisoformat(back.lines[1]["to"]) - end
    amounts = [
        divide(3 * UNIT * seconds(at, sub.period_end), seconds(sub.period_start, sub.period_end)),
        3 * UNIT,
        -divide(3 * UNIT * seconds(begins, end + used), seconds(end, end + used)),
    ]
    assert [line["amount"] for line in back.lines] == amounts
    exact = (
        3 * UNIT * (part(sub.period_end - at, sub.period_end - sub.period_start) + part(begins - end, used))
    )
    assert abs(back.subtotal - exact) <= Fraction(3, 2)
    assert explained(back)


def test_rule_21_a_period_that_was_paid_for_leaves_nothing_to_charge_afterwards(cast: Cast) -> None:
    with catalogue(payment_days=1):
        _end, _begins, back = transfer_late(cast, timedelta(days=30))
    assert len(back.lines) == 1


def test_a_credit_note_of_coming_back_is_explained_too(cast: Cast) -> None:
    with catalogue(payment_days=14):
        _end, _begins, back = transfer_late(cast, timedelta(days=4))
    note = credit_note(back.pk, None, "void", "a test", None)
    assert (len(note.lines), explained(note)) == (3, True)


def test_explain_agrees_with_the_rest_of_a_period_that_coming_back_charges(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    add_card(by, BAD)
    to_next(by)
    days_later(by, 21)
    assert subscription(by).state == State.UNPAID
    days_later(by, 20)
    add_card(by, GOOD)
    actions.pay_invoice(invoices(by)[-1].pk, by=by)
    run_jobs(by, "collect_payment")
    back = invoices(by)[-1]
    assert 0 < back.lines[0]["amount"] < 5 * UNIT
    row, agrees = _line(1, back.lines[0], back.currency)
    assert agrees, row


def by_transfer_then_cards(cast: Cast) -> Invoice:
    """An open invoice that was issued for a transfer, of an account that pays by card again."""
    by = cast.primary_admin
    add_card(by)
    use_gateway(by, "invoice")
    buy(by, 3)
    change(by, gateway="sandbox")
    return invoices(by)[0]


def test_an_invoice_for_a_transfer_is_never_charged_to_the_card_unasked(cast: Cast) -> None:
    by = cast.primary_admin
    issued = by_transfer_then_cards(cast)
    for days in (2, 7, 14, 21):
        with clock.at(issued.payable_until + timedelta(days=days)):
            assert actions.step(by.account.pk) == "overdue"
    assert [p.kind for p in payments(by)] == [PaymentKind.PURCHASE]
    assert (invoices(by)[0].state, subscription(by).state) == ("open", State.UNPAID)
    books_hold(by)


def test_it_is_paid_by_transfer_or_by_the_customers_own_hand(cast: Cast) -> None:
    by = cast.primary_admin
    issued = by_transfer_then_cards(cast)
    actions.pay_invoice(issued.pk, by=by)
    assert invoices(by)[0].state == "paid"
    buy(by, 1)  # by card
    books_hold(by)


def test_beside_an_open_transfer_a_failed_renewal_is_still_retried(cast: Cast) -> None:
    by = cast.primary_admin
    with catalogue(payment_days=90):
        by_transfer_then_cards(cast)
    add_card(by, BAD)
    end = subscription(by).period_end
    assert end is not None
    with clock.at(end):
        assert actions.step(by.account.pk) == "renewed"
    assert subscription(by).state == State.PAST_DUE
    add_card(by, GOOD)
    with clock.at(end + timedelta(days=2)):
        assert actions.step(by.account.pk) == "retried"
        books_hold(by)
    assert [i.state for i in invoices(by)] == ["open", "paid"]
    assert subscription(by).state == State.ACTIVE


def test_who_pays_on_invoice_can_remove_the_old_card(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    with account_scope(by.account.pk):
        card = PaymentMethod.objects.get()
    with pytest.raises(CardNeeded):
        remove_method(card.pk, by)
    switch_gateway(by.account.pk, "invoice", by=None)
    assert remove_method(card.pk, by).removed_at is not None


def test_the_seat_ledger_names_the_invoice_of_a_purchase_and_of_a_renewal(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    to_next(by)
    assert now_of(by) >= clock.now()
    with account_scope(by.account.pk):
        reasons = list(SeatChange.objects.order_by("id").values_list("reason", flat=True))[-2:]
    assert reasons == [f"invoice {invoice.name}" for invoice in invoices(by)]
