"""`salotto audit`: who did what."""

import argparse
from typing import Any

from salotto.cli.console import Data, finish, page

INSTALLATION = "0"


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Make `salotto audit` of the command."""
    command.add_argument("--account", default="", help="its short name or number; 0 is the installation")
    command.add_argument("--verb", default="", help="like seats.bought")
    command.add_argument("--actor", default="", metavar="EMAIL", help="who did it")
    command.add_argument("--after", default="", metavar="CURSOR", help="go on below")
    finish(command, entries, data)
    command.set_defaults(what="audit")


def entries(given: argparse.Namespace, _actor: Any) -> Any:
    """Fifty entries at a time, newest first."""
    from salotto.operator.queries.lists import audit_entries

    found = audit_entries(
        account_id=_account(given.account),
        verb=given.verb,
        actor_id=_user(given.actor),
        cursor=given.after,
    )
    return page([_row(row) for row in found.rows], found.next)


def _account(name: str) -> int | None:
    from salotto.operator.queries.accounts import account_named

    if not name:
        return None
    return 0 if name == INSTALLATION else account_named(name).pk


def _user(email: str) -> int | None:
    from salotto.core.errors import Missing
    from salotto.operator.queries.lists import user_named

    if not email:
        return None
    user = user_named(email)
    if user is None:
        raise Missing(f"Nobody here has the address {email}.")
    return user.pk


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at.isoformat(timespec="seconds"),
        "account": row.account_slug or row.account_id,
        "actor": row.actor or None,
        "verb": row.verb,
        "subject": row.subject,
        "detail": row.detail_text,
    }
