"""Credit notes and credits: to the unit, never more than the invoice, safe under a crash."""

import pytest

from salotto.billing.actions.credits import (
    BadCredit,
    CannotCredit,
    TooMuch,
    credit_note,
    grant_credit,
)
from salotto.billing.actions.refunds import give_back, give_back_open
from salotto.billing.gateways import gateway
from salotto.billing.models import Invoice, State, TaxRate
from salotto.billing.operators import OperatorsOnly
from salotto.core.errors import Missing
from tests.billing.later import books_hold, ledger, on_plan, payments, read_only, run_jobs, to_next
from tests.billing.shop import CURRENCY, UNIT, add_card, buy, catalogue, invoices, subscription
from tests.cast import Cast


def captured(cast: Cast) -> tuple[int, int]:
    """What the sandbox has taken and given back for the first payment."""
    intent = gateway("sandbox").retrieve(payments(cast.primary_admin)[0].intent)
    return intent.captured, intent.refunded


def bought(cast: Cast) -> Invoice:
    """The paid invoice of a first purchase of five seats."""
    on_plan(cast.primary_admin)
    return invoices(cast.primary_admin)[0]


def test_a_whole_invoice_goes_back_to_the_card(cast: Cast) -> None:
    by = cast.primary_admin
    row = bought(cast)
    note = credit_note(row.pk, None, "card", "a mistake", None)
    assert (note.kind, note.total, note.due, note.state) == ("credit_note", -row.total, -row.due, "open")
    assert note.series.startswith("C")
    assert [line["amount"] for line in note.lines] == [-line["amount"] for line in row.lines]
    books_hold(by)  # before the money has moved
    run_jobs(by, "give_back")
    run_jobs(by, "give_back")
    assert captured(cast) == (row.due, row.due)
    assert ledger(by, "cash") == 0
    assert invoices(by)[-1].state == "paid"
    books_hold(by)


def test_several_notes_take_back_the_invoice_to_the_unit_and_no_more(cast: Cast) -> None:
    by = cast.primary_admin
    with catalogue(seller_country="AT", seller_name="Wien GmbH"):
        TaxRate.objects.get_or_create(country="AT", name="USt", basis_points=2000, valid_from="2000-01-01")
        row = bought(cast)
        assert row.tax == row.subtotal // 5
        for part in (1, 333, 1000):
            note = credit_note(row.pk, part, "card", "part", None)
            assert note.total == -part
        last = credit_note(row.pk, None, "card", "the rest", None)
    notes = invoices(by)[1:]
    assert sum(n.total for n in notes) == -row.total
    assert sum(n.tax for n in notes) == -row.tax
    assert sum(n.taxes[0]["base"] for n in notes) == -row.subtotal
    assert last.total == -(row.total - 1334)
    for amount in (1, None):
        with pytest.raises(TooMuch):
            credit_note(row.pk, amount, "card", "too much", None)
    run_jobs(by, "give_back")
    assert captured(cast) == (row.due, row.due)
    books_hold(by)


def test_a_lost_answer_gives_back_once(cast: Cast) -> None:
    by = cast.primary_admin
    row = bought(cast)
    note = credit_note(row.pk, 500, "card", "part", None)
    paid = payments(by)[0]
    gateway("sandbox").refund(paid.intent, 500, f"refund:{note.pk}")  # done, and we died before we knew
    assert give_back_open(limit=10_000) >= 1
    assert not give_back(by.account.pk, note.pk)
    assert captured(cast) == (row.due, 500)
    books_hold(by)


def test_a_credit_to_the_balance_pays_the_next_invoice(cast: Cast) -> None:
    by = cast.primary_admin
    row = bought(cast)
    credit_note(row.pk, 2000, "balance", "goodwill", None)
    assert ledger(by, "balance") == -2000
    to_next(by)
    assert (invoices(by)[-1].balance_used, invoices(by)[-1].due) == (2000, 5 * UNIT - 2000)
    books_hold(by)


def test_what_the_balance_had_paid_goes_back_to_the_balance(cast: Cast) -> None:
    by = cast.primary_admin
    grant_credit(by.account.pk, 1500, CURRENCY, "welcome", None)
    row = bought(cast)
    assert row.balance_used == 1500
    with pytest.raises(TooMuch):
        credit_note(row.pk, row.total, "card", "more than the card was charged", None)
    credit_note(row.pk, None, "card", "all of it", None)
    run_jobs(by, "give_back")
    assert ledger(by, "balance") == -1500
    assert ledger(by, "cash") == 0
    books_hold(by)


def test_an_open_invoice_taken_back_is_void_and_its_dunning_ends(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    add_card(by, "4000000000000002")
    to_next(by)
    open_ = invoices(by)[-1]
    for amount, to in ((100, "void"), (None, "card"), (100, "balance")):
        with pytest.raises(CannotCredit):
            credit_note(open_.pk, amount, to, "no", None)
    credit_note(open_.pk, None, "void", "we were down", None)
    assert [i.state for i in invoices(by)[1:]] == ["void", "paid"]
    assert (subscription(by).state, read_only(by)) == (State.ACTIVE, False)
    assert ledger(by, "receivable") == 0
    books_hold(by)


def test_a_granted_credit_voids_quotes_and_is_granted_once_per_key(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    version = subscription(by).version
    for _ in range(2):
        grant_credit(by.account.pk, 700, CURRENCY, "sorry", None, key="k1")
    assert subscription(by).version == version + 1
    paid = buy(by, 3)
    assert (paid.balance_used, paid.amount) == (700, 3 * UNIT - 700)
    books_hold(by)


@pytest.mark.parametrize(
    ("amount", "currency", "reason"), [(0, "CHF", "x"), (-1, "CHF", "x"), (1, "QQQ", "x"), (1, "CHF", " ")]
)
def test_a_credit_needs_an_amount_a_currency_and_a_reason(
    cast: Cast, amount: int, currency: str, reason: str
) -> None:
    with pytest.raises(BadCredit):
        grant_credit(cast.account.pk, amount, currency, reason, None)


def test_only_operators_credit(cast: Cast) -> None:
    row = bought(cast)
    user = cast.primary_admin.user
    with pytest.raises(OperatorsOnly):
        credit_note(row.pk, None, "card", "mine", user)
    with pytest.raises(OperatorsOnly):
        grant_credit(cast.account.pk, 1, CURRENCY, "mine", user)
    with pytest.raises(Missing):
        credit_note(2**60, None, "card", "no such invoice", None)


def test_a_credit_note_is_never_credited(cast: Cast) -> None:
    row = bought(cast)
    note = credit_note(row.pk, 10, "balance", "part", None)
    with pytest.raises((CannotCredit, TooMuch)):
        credit_note(note.pk, 5, "balance", "again", None)
