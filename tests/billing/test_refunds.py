"""Refunds that a gateway refuses: told once, shown, and settled by a person."""

from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from salotto.billing import actions, tasks
from salotto.billing.actions import refunds
from salotto.billing.actions.credits import credit_note
from salotto.billing.actions.reconciling import compare
from salotto.billing.actions.refunds import (
    BadSettlement,
    NothingToSettle,
    RefundUnderWay,
    give_back,
    give_back_open,
    settle_refund,
)
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import GatewayRefused, OutcomeUnknown
from salotto.billing.models import Invoice
from salotto.billing.notices import send_refund_refused
from salotto.billing.operators import OperatorsOnly
from salotto.billing.queries import quote_seats
from salotto.core.models import AuditEntry
from tests.billing.later import books_hold, ledger, on_plan, payments
from tests.billing.shop import UNIT, add_card, buy, catalogue, invoices, price, subscription
from tests.cast import Cast
from tests.threads import at_once


def refused(cast: Cast) -> Invoice:
    """A credit note whose money went back at the gateway's own pages before."""
    by = cast.primary_admin
    on_plan(by, 3)
    gateway("sandbox").refund(payments(by)[0].intent, 3 * UNIT, "by hand")
    note = credit_note(invoices(by)[0].pk, None, "card", "a mistake", None)
    with pytest.raises(GatewayRefused):
        give_back(by.account.pk, note.pk)
    return note


def told(note: Invoice) -> list[dict[str, Any]]:
    jobs = ProcrastinateJob.objects.filter(task_name=tasks.send_refund_refused.name, args__note_id=note.pk)
    return list(jobs.values_list("args", flat=True))


def test_the_operators_are_told_once_of_a_refund_that_is_refused(cast: Cast) -> None:
    note = refused(cast)
    give_back_open(limit=10_000)
    (job,) = told(note)
    with catalogue(support_email="books@example.com"):
        send_refund_refused(**job)
    sent = mail.outbox[-1]
    assert note.name in sent.body and "CHF\xa057.00" in sent.body and "more than was captured" in sent.body


def test_a_refused_refund_goes_to_the_balance(cast: Cast) -> None:
    by = cast.primary_admin
    note = refused(cast)
    version = subscription(by).version
    assert settle_refund(note.pk, "balance", "the card is closed", None) == "balance"
    assert invoices(by)[-1].state == "paid"
    assert (ledger(by, "balance"), ledger(by, "receivable")) == (-3 * UNIT, 0)
    assert subscription(by).version == version + 1
    books_hold(by)
    assert not give_back(by.account.pk, note.pk)
    with pytest.raises(NothingToSettle):
        settle_refund(note.pk, "balance", "again", None)
    assert buy(by, 1).balance_used == UNIT


def test_what_was_given_back_at_the_gateway_agrees_with_it_then(cast: Cast) -> None:
    by = cast.primary_admin
    note = refused(cast)
    paid = payments(by)[0]
    assert settle_refund(note.pk, "given", "on the dashboard", None) == "given"
    books_hold(by)
    assert ledger(by, "cash") == 0
    assert [line for line in compare(paid.created_at.date()) if str(paid.pk) in line] == []


def test_what_was_given_back_by_transfer_is_no_refund_of_the_gateway(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    note = credit_note(invoices(by)[0].pk, None, "card", "a mistake", None)
    settle_refund(note.pk, "given", "by transfer", None)
    paid = payments(by)[0]
    assert gateway("sandbox").retrieve(paid.intent).refunded == 0
    assert ledger(by, "cash") == 0
    books_hold(by)
    assert [line for line in compare(paid.created_at.date()) if str(paid.pk) in line] == []


def test_the_gateway_is_asked_once_more_before_the_balance_is_credited(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    note = credit_note(invoices(by)[0].pk, None, "card", "a mistake", None)
    assert settle_refund(note.pk, "balance", "it never answers", None) == "card"
    assert (ledger(by, "balance"), ledger(by, "cash")) == (0, 0)
    books_hold(by)


def test_nothing_is_settled_while_the_gateway_has_not_answered(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    note = credit_note(invoices(by)[0].pk, None, "card", "a mistake", None)

    def lost(*_: object) -> None:
        raise OutcomeUnknown("no answer")

    for method in ("refund", "retrieve"):
        monkeypatch.setattr(type(gateway("sandbox")), method, lost)
    for to in ("balance", "given"):
        with pytest.raises(RefundUnderWay):
            settle_refund(note.pk, to, "impatience", None)
    assert invoices(by)[-1].state == "open"
    assert told(note) == []


def test_settling_and_giving_back_at_once_moves_the_money_once(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 3)
    note = credit_note(invoices(by)[0].pk, None, "card", "a mistake", None)
    at_once(
        lambda: give_back(by.account.pk, note.pk),
        lambda: settle_refund(note.pk, "given", "by transfer", None),
        lambda: settle_refund(note.pk, "balance", "closed card", None),
        lambda: refunds.give_back_open(10_000),
    )
    give_back_open(10_000)
    there = gateway("sandbox").retrieve(payments(by)[0].intent).refunded
    assert (ledger(by, "cash"), ledger(by, "balance")) == (0, 0)
    spoken = AuditEntry.objects.filter(account_id=by.account.pk, verb="refund.given").count()
    assert there == (0 if spoken else 3 * UNIT)
    books_hold(by)


def test_only_operators_settle_and_say_how_and_why(cast: Cast) -> None:
    note = refused(cast)
    with pytest.raises(OperatorsOnly):
        settle_refund(note.pk, "balance", "mine", cast.primary_admin.user)
    for to, reason in (("card", "x"), ("balance", " ")):
        with pytest.raises(BadSettlement):
            settle_refund(note.pk, to, reason, None)


def test_rule_22_the_card_gets_what_the_gateway_can_give_back_exactly(cast: Cast) -> None:
    """The gateway counts dinars in tens of fils: what is finer goes to the balance."""
    by = cast.primary_admin
    price("KWD", 5_000)
    add_card(by)
    made = quote_seats(3, by=by, currency="KWD")
    actions.buy(made.token, 3, by=by)
    row = invoices(by)[0]
    tiny = credit_note(row.pk, 1, "card", "one fils", None)
    assert (tiny.total, tiny.due, tiny.state) == (-1, 0, "paid")
    part = credit_note(row.pk, 1_234, "card", "more", None)
    assert (part.total, part.due) == (-1_234, -1_230)
    rest = credit_note(row.pk, None, "card", "the rest", None)
    assert (rest.total, rest.due) == (-13_765, -13_760)
    assert give_back(by.account.pk, part.pk) and give_back(by.account.pk, rest.pk)
    assert (ledger(by, "balance"), ledger(by, "cash")) == (-10, 10)
    books_hold(by)
