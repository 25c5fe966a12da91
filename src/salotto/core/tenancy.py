"""Every row belongs to an account, and the database knows it.

A model that holds an account's rows inherits `AccountModel`: its queries raise
outside an account scope (django-scopes), and its migration calls `key_by_account`
and `reference`, which make the primary key `(account_id, id)` and the foreign keys
composite. A row can then never point to another account's row, whatever the code
does, and the tables can be spread by account over a distributed PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import migrations, models
from django_scopes import ScopedManager, scope, scopes_disabled


class AccountModel(models.Model):
    """Abstract: a row of one account, invisible outside `account_scope`."""

    # The constraint is `belongs`, or follows from a composite key to a row that has it: a
    # foreign key of its own would lock the account's row for every message that is written.
    account = models.ForeignKey("accounts.Account", models.CASCADE, db_index=False, db_constraint=False)

    objects: Any = ScopedManager(account="account")

    class Meta:
        abstract = True


class LocalKey(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key inside one account; its constraint is the composite one of `reference`."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **options: Any) -> None:
        options.setdefault("related_name", "+")
        options.setdefault("db_index", False)
        options["db_constraint"] = False
        super().__init__(to, on_delete, **options)


@contextmanager
def account_scope(account_id: int) -> Iterator[None]:
    """Open the scope in which queries see exactly the rows of this account."""
    with scope(account=account_id):
        yield


all_accounts = scopes_disabled
"""Context manager for the few places that work across accounts: jobs, sign-in, operators."""


def key_by_account(table: str) -> migrations.RunSQL:
    """Migration operation: the primary key of `table` becomes (account_id, id)."""
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey",'
        f' ADD CONSTRAINT "{table}_pkey" PRIMARY KEY (account_id, id)',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey",'
        f' ADD CONSTRAINT "{table}_pkey" PRIMARY KEY (id)',
    )


def belongs(table: str) -> migrations.RunSQL:
    """Migration operation: `table.account_id` references the account."""
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_account_fk" FOREIGN KEY (account_id)'
        f" REFERENCES accounts_account (id) DEFERRABLE INITIALLY DEFERRED",
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_account_fk"',
    )


def reference(
    table: str,
    column: str,
    target: str,
    *,
    on_delete: str = "NO ACTION",
    deferred: bool = False,
) -> migrations.RunSQL:
    """Migration operation: `(account_id, column)` references `target(account_id, id)`."""
    name = f"{table}_{column}_fk"
    wait = " DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (account_id, {column})'
        f' REFERENCES "{target}" (account_id, id) ON DELETE {on_delete}{wait}',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )
