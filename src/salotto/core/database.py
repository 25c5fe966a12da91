"""The two roles of the database, and what the server's may do.

`owner` owns the tables and migrates; `app` serves. The app role cannot change the schema,
and cannot rewrite a ledger even if the code wanted to.
"""

from typing import Any

import psycopg
from psycopg import sql

from salotto.core.start import CannotStart

OLDEST = 15
NARROW = {"seats_seatplan": "agents", "billing_invoice": "state, paid_at"}
"""Tables of which the server changes these columns alone: how many seats there are is the
ledger's to say, and an issued invoice keeps its words and figures."""
MIGRATION_LOCK = 0x5A107705  # any number that nobody else takes

Connection = psycopg.Connection[Any]


def connect(url: str, what: str = "the database") -> Connection:
    """An autocommit connection; raises CannotStart with the server's reason."""
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise CannotStart(
            f"No connection to {what}: {reason}."
            " Check that PostgreSQL runs and that SALOTTO_DATABASE_URL is right."
        ) from None
    except psycopg.ProgrammingError as error:
        raise CannotStart(f"SALOTTO_DATABASE_URL is not a PostgreSQL address: {str(error).strip()}") from None


def must_be_supported(connection: Connection) -> None:
    """Raises CannotStart for a server older than PostgreSQL 15."""
    version = connection.info.server_version // 10000
    if version < OLDEST:
        raise CannotStart(
            f"The database server is PostgreSQL {version}; Salotto needs {OLDEST} or later."
            " Upgrade it, or unset SALOTTO_DATABASE_URL to use the embedded one."
        )


def make_roles(connection: Connection, owner: str, app: str, database: str) -> None:
    """Create both roles and the database if missing; `connection` is a superuser's."""
    for role in (owner, app):
        if not _exists(connection, "pg_roles", "rolname", role):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    if not _exists(connection, "pg_database", "datname", database):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(database), sql.Identifier(owner)
            )
        )


def _exists(connection: Connection, table: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(query, [name]).fetchone() is not None


def may_serve(app: Connection) -> bool:
    """True if the app role can read what the owner made (the grants are there)."""
    row = app.execute(
        "SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    ).fetchone()
    return bool(row and row[0])


def owns_tables(app: Connection) -> bool:
    """True if the server's role owns tables, so that ledgers are held by triggers alone."""
    row = app.execute(
        "SELECT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE'))"
    ).fetchone()
    return bool(row and row[0])


def grant(owner: Connection, app_role: str) -> None:
    """Give the app role its rights on all tables, present and future; ledgers insert-only."""
    role = sql.Identifier(app_role)
    statements = [
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
    statements += [f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {{role}}" for name in ledgers(owner)]
    for table, columns in NARROW.items():
        statements.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}")
        statements.append(f"GRANT UPDATE ({columns}) ON {table} TO {{role}}")
    with owner.transaction():
        for statement in statements:
            owner.execute(sql.SQL(statement).format(role=role))


def ledgers(owner: Connection) -> list[str]:
    """The append-only tables, as SQL names: those that carry the trigger."""
    rows = owner.execute(
        "SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.proname = 'salotto_append_only' ORDER BY 1"
    )
    return [name for (name,) in rows]
