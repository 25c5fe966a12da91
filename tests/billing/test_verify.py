"""Each invariant of the books is broken on purpose, and named with account, row and figures.

What is broken is broken in a transaction that is rolled back: other tests see none of it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction

from salotto.billing import actions
from salotto.billing import verify as verification
from salotto.billing.actions.reconciling import check_books
from salotto.billing.models import PaymentState
from salotto.billing.verify import invariants, verify
from salotto.cli import house, main
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange
from tests.billing.shop import add_card, buy, catalogue, subscription, use_gateway
from tests.cast import Cast


@pytest.fixture
def account(cast: Cast) -> int:
    """An account that has bought twice, scheduled a removal and renewed twice: in order."""
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    buy(by, 2)
    removal = SeatChange.Kind.REMOVAL_SCHEDULED
    actions.schedule_quantity(by.account.pk, 6, actor_id=None, kind=removal, reason="a test")
    for _ in range(2):
        end = subscription(by).period_end
        assert end is not None
        with clock.at(end + timedelta(hours=1)):
            assert actions.renew(by.account.pk) == 1
    return int(by.account.pk)


@contextmanager
def broken(statement: str, account: int) -> Iterator[None]:
    """As nobody but the tables' owner could break it, and only until the block ends."""
    with transaction.atomic(), account_scope(account):
        with connection.cursor() as db:
            db.execute("SET LOCAL session_replication_role = replica")
            db.execute("ALTER TABLE seats_seatplan DROP CONSTRAINT seats_agents_within_seats")
            db.execute(statement.replace("$account", str(account)))
        yield
        transaction.set_rollback(True)


COPY = """
    WITH old AS (SELECT * FROM billing_transaction t
                  WHERE account_id = $account AND kind = 'payment' LIMIT 1),
    new AS (INSERT INTO billing_transaction (account_id, at, kind, invoice_id, payment_id, memo)
            SELECT account_id, at, {kind}, invoice_id, payment_id, '' FROM old RETURNING id)
    INSERT INTO billing_posting (account_id, transaction_id, ledger, amount, currency)
    SELECT p.account_id, new.id, p.ledger, {factor} * p.amount, p.currency
      FROM billing_posting p, old, new WHERE p.account_id = $account AND p.transaction_id = old.id"""
PAYMENT, INVOICE = "UPDATE billing_payment SET", "UPDATE billing_invoice SET"
PLAN = "UPDATE billing_subscription SET"
AGO = "created_at - interval '2 hours'"
MINE = "WHERE account_id = $account"
FIRST = f"{MINE} AND kind = 'purchase' AND is_first"

BROKEN = [
    ("purchase_is_invoiced", f"{PAYMENT} amount = amount + 1, total = total + 1 {FIRST}"),
    ("purchase_is_invoiced", f"DELETE FROM billing_invoice {MINE} AND payment_id IS NOT NULL"),
    ("purchase_is_invoiced", f"{PAYMENT} gateway = 'invoice' {FIRST}"),
    ("renewal_is_captured", f"{PAYMENT} amount = amount - 1, total = total - 1 {MINE} AND kind = 'renewal'"),
    ("renewal_is_captured", f"{INVOICE} state = 'open' {MINE} AND cycle_start IS NOT NULL"),
    ("captured_is_paid", f"{PAYMENT} state = 'cancelled' {MINE} AND kind = 'renewal'"),
    ("refunded_is_captured", COPY.format(kind="'refund'", factor=-2)),
    ("agents_within_seats", f"UPDATE seats_seatplan SET agents = agents - 1 {MINE}"),
    ("agents_within_seats", f"UPDATE seats_seatplan SET seats = 2 {MINE}"),
    ("seats_are_the_ledger", f"UPDATE seats_seatplan SET seats = seats + 1 {MINE}"),
    ("ledger_is_subscription", f"{PLAN} quantity = quantity - 1 {MINE}"),
    ("ledger_is_subscription", f"{PLAN} quantity_next = 4 {MINE}"),
    ("one_charge_per_payment", COPY.format(kind="kind", factor=1)),
    ("charge_has_payment", f"UPDATE billing_transaction SET payment_id = gen_random_uuid() {MINE}"),
    ("charge_has_payment", f"UPDATE billing_transaction SET at = at - interval '9 days' {MINE}"),
    ("grant_is_paid", f"{PAYMENT} state = 'failed' {FIRST}"),
    ("purchase_is_granted", f"DELETE FROM seats_seatchange {MINE} AND kind = 'bought'"),
    ("periods_join", f"{INVOICE} cycle_start = cycle_start + interval '1 day' {MINE}"),
    ("periods_join", f"{INVOICE} lines = jsonb_set(lines, '{{0,to}}', '\"2099-01-01T00:00:00Z\"') {MINE}"),
    ("period_is_invoiced", f"{PLAN} period_end = period_end + interval '1 day' {MINE}"),
    ("numbers_have_no_gaps", f"{INVOICE} number = number + 1000000 {MINE}"),
    ("postings_balance", f"UPDATE billing_posting SET amount = amount + 1 {MINE} AND ledger = 'revenue'"),
    ("invoice_adds_up", f"{INVOICE} lines = jsonb_set(lines, '{{0,amount}}', '1') {MINE}"),
    ("invoice_adds_up", f"UPDATE billing_transaction SET kind = 'credit' {MINE} AND kind = 'invoice'"),
    ("line_is_worked_out", f"{INVOICE} lines = jsonb_set(lines, '{{0,unit}}', '1') {MINE}"),
    ("line_is_worked_out", f"{INVOICE} lines = jsonb_set(lines, '{{0,quantity}}', '1') {MINE}"),
    ("line_is_worked_out", f"{INVOICE} lines = jsonb_set(lines, '{{0,at}}', lines -> 0 -> 'to') {MINE}"),
    ("line_is_worked_out", f"{INVOICE} lines = jsonb_set(lines, '{{0,to}}', lines -> 0 -> 'from') {MINE}"),
    ("line_is_worked_out", f"{INVOICE} lines = jsonb_set(lines, '{{0,unit}}', 'null') {MINE}"),
    ("high_water_is_paid", f"{PLAN} high_water = high_water + 1 {MINE}"),
    ("price_is_of_its_currency", f"{PLAN} currency = 'SEK' {MINE}"),
    ("next_step_has_its_time", f"{PLAN} due_at = NULL {MINE}"),
    ("next_step_has_its_time", f"{PLAN} due_at = NULL, state = 'trial' {MINE}"),
    ("next_step_has_its_time", f"{PLAN} due_at = NULL, state = 'past_due' {MINE}"),
    ("paid_up_may_write", "UPDATE accounts_account SET read_only = true WHERE id = $account"),
    ("receivable_is_open", f"{INVOICE} state = 'open' {MINE}"),
    ("change_is_audited", f"DELETE FROM core_audit {MINE} AND verb = 'seats.renewed'"),
    ("change_is_audited", f"UPDATE core_audit SET detail = detail - 'reason' {MINE}"),
    ("change_is_audited", f"UPDATE core_audit SET actor_id = NULL {MINE} AND verb = 'seats.bought'"),
    ("no_payment_stays_open", f"{PAYMENT} state = 'charging', created_at = {AGO} {FIRST}"),
    ("account_has_one_of_each", f"DELETE FROM billing_subscription {MINE}"),
]  # fmt: skip


def test_an_account_in_order_breaks_nothing(account: int) -> None:
    assert verify(account) == []


@pytest.mark.parametrize(("name", "statement"), BROKEN)
def test_what_is_broken_is_named(name: str, statement: str, account: int) -> None:
    with broken(statement, account):
        found = [violation for violation in verify(account) if violation.invariant == name]
    assert found and {violation.account_id for violation in found} == {account}
    assert all(violation.row and violation.figures for violation in found)
    assert verify(account) == []


def test_every_invariant_is_broken_here() -> None:
    assert {name for name, _ in BROKEN} == set(invariants())


def test_a_missing_number_is_named_with_its_series(account: int) -> None:
    def named() -> list[str]:
        return [v.row for v in verification.broken("numbers_have_no_gaps") if v.row == f"series {series}"]

    with connection.cursor() as db:
        db.execute("SELECT series FROM billing_invoice WHERE account_id = %s LIMIT 1", [account])
        series = db.fetchone()[0]
    assert named() == []
    with broken(f"DELETE FROM billing_invoice {MINE}", account):
        assert named() == [f"series {series}"]


def test_seats_on_invoice_are_in_order_too(cast: Cast) -> None:
    by = cast.primary_admin
    use_gateway(by, "invoice")
    assert buy(by, 4).state == PaymentState.PAID
    assert verify(by.account.pk) == []


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `salotto billing verify` on the database of the tests."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        return (main(["billing", "verify", *arguments]), *capsys.readouterr())

    return run


def test_the_command_says_that_all_is_well(account: int, ask: Any) -> None:
    code, out, err = ask("--account", str(account))
    assert (code, err) == (0, "") and out == f"{len(invariants())} invariants hold.\n"
    assert (ask("--account", str(account), "--json")[:2]) == (0, "[]\n")


def test_the_command_names_what_is_broken(account: int, ask: Any) -> None:
    with broken(f"UPDATE seats_seatplan SET seats = seats + 1 {MINE}", account):
        code, out, _ = ask("--account", str(account))
        assert code == 1
        assert out == f"seats_are_the_ledger: account {account}, seat plan: 7 seats, the ledger says 6\n"
        assert json.loads(ask("--account", str(account), "--json")[1]) == [
            {
                "invariant": "seats_are_the_ledger",
                "account": account,
                "row": "seat plan",
                "figures": "7 seats, the ledger says 6",
            }
        ]


def test_the_nightly_check_mails_the_operator_what_it_finds(account: int) -> None:
    wrong = f"UPDATE seats_seatplan SET seats = seats + 1 {MINE}"
    with catalogue(support_email="books@example.com"), broken(wrong, account):
        found = check_books(datetime(2099, 1, 1, tzinfo=UTC))
    sent = mail.outbox[-1]
    assert sent.to == ["books@example.com"]
    assert any(f"account {account}, seat plan: 7 seats" in line for line in found)
    assert f"account {account}, seat plan: 7 seats" in sent.body
