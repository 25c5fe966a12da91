"""What the role that serves may do, asked of the database itself."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from salotto.core.database import connect, grant, ledgers


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    with connect(os.environ["SALOTTO_DATABASE_URL"]) as db:
        yield db


@pytest.fixture
def role(owner: psycopg.Connection) -> Iterator[str]:
    """A role of its own, with the server's rights, and a ledger that was made later."""
    name = f"salotto_test_app_{os.getpid()}"
    owner.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    try:
        grant(owner, name)
        owner.execute("CREATE TABLE invoice_ledger (id bigint)")
        owner.execute(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_ledger"
            " FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only()"
        )
        grant(owner, name)
        yield name
    finally:
        owner.execute("DROP TABLE IF EXISTS invoice_ledger")
        owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def rights(owner: psycopg.Connection, role: str, table: str) -> set[str]:
    asked = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    query = "SELECT has_table_privilege(%s, %s, %s)"
    return {right for right in asked if owner.execute(query, [role, table, right]).fetchone() == (True,)}


def test_every_ledger_is_insert_only_also_one_that_was_made_later(
    owner: psycopg.Connection, role: str
) -> None:
    assert {"core_audit", "seats_seatchange", "invoice_ledger"} <= set(ledgers(owner))
    for ledger in ledgers(owner):
        assert rights(owner, role, ledger) == {"SELECT", "INSERT"}
    assert rights(owner, role, "inbox_message") == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_server_counts_agents_but_cannot_change_the_seats(owner: psycopg.Connection, role: str) -> None:
    assert rights(owner, role, "seats_seatplan") == {"SELECT", "INSERT"}
    owner.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    owner.execute("UPDATE seats_seatplan SET agents = agents WHERE false")
    owner.execute("UPDATE accounts_membership SET access = 'none' WHERE false")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("UPDATE seats_seatplan SET seats = 9999 WHERE false")
    owner.execute("RESET ROLE")
