"""The server's own role buys, renews and refunds; it rewrites nothing that was written."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.db.utils import DatabaseError, ProgrammingError
from psycopg import sql

from salotto.billing.models import PaymentState
from salotto.core.database import connect, grant
from salotto.seats.errors import TooManyAgents
from tests.billing.later import lapsed, read_only
from tests.billing.shop import add_card, buy, invoices, subscription
from tests.cast import Cast


@pytest.fixture
def as_server() -> Iterator[None]:
    """Django's connection with the rights that an installation gives its server."""
    name = sql.Identifier(f"salotto_test_server_{os.getpid()}")
    with connect(os.environ["SALOTTO_DATABASE_URL"]) as owner:
        owner.execute(sql.SQL("CREATE ROLE {}").format(name))
        try:
            grant(owner, name._obj[0])
            _set(sql.SQL("SET ROLE {}").format(name))
            yield
        finally:
            _set(sql.SQL("RESET ROLE"))
            owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
            owner.execute(sql.SQL("DROP ROLE {}").format(name))


def _set(statement: sql.Composable) -> None:
    with connection.cursor() as db:
        db.execute(statement.as_string(connection.connection))


@pytest.mark.usefixtures("as_server")
def test_the_server_sells_seats_though_it_may_not_write_them(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    assert buy(by, 5).state == PaymentState.PAID
    assert subscription(by).quantity == 5


@pytest.mark.usefixtures("as_server")
def test_the_server_counts_agents_in_a_claim_and_ends_read_only(cast: Cast) -> None:
    by = cast.primary_admin
    lapsed(by)
    with pytest.raises(TooManyAgents):
        buy(by, 2)
    assert buy(by, 3).state == PaymentState.PAID
    assert not read_only(by)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seats_seatplan SET seats = 99 WHERE account_id = %s",
        "UPDATE billing_invoice SET total = 0 WHERE account_id = %s",
        "DELETE FROM billing_invoice WHERE account_id = %s",
        "UPDATE billing_posting SET amount = 0 WHERE account_id = %s",
        "DELETE FROM billing_transaction WHERE account_id = %s",
        "UPDATE billing_price SET unit_amount = 0 WHERE id = %s",
    ],
)
@pytest.mark.usefixtures("as_server")
def test_the_server_rewrites_no_ledger(statement: str, cast: Cast) -> None:
    with pytest.raises(ProgrammingError) as refused, connection.cursor() as db:
        db.execute(statement, [cast.account.pk])
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_invoice SET total = total + 1, due = due + 1, subtotal = subtotal + 1"
        " WHERE account_id = %s",
        "UPDATE billing_invoice SET buyer = '{}' WHERE account_id = %s",
        "DELETE FROM billing_invoice WHERE account_id = %s",
        "UPDATE billing_posting SET amount = 0 WHERE account_id = %s",
        "INSERT INTO billing_posting (account_id, transaction_id, ledger, amount, currency)"
        " SELECT account_id, id, 'cash', 1, 'CHF' FROM billing_transaction WHERE account_id = %s LIMIT 1",
    ],
)
def test_not_even_the_owner_rewrites_an_invoice_or_unbalances_the_books(statement: str, cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    before = invoices(by)[0].total
    with pytest.raises(DatabaseError), connection.cursor() as db:
        db.execute(statement, [cast.account.pk])
    assert invoices(by)[0].total == before


def test_an_invoice_may_become_paid(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    with connection.cursor() as db:
        db.execute("UPDATE billing_invoice SET state = 'void' WHERE account_id = %s", [cast.account.pk])
    assert invoices(by)[0].state == "void"
