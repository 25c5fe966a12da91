"""`salotto email status`: every mailbox of this installation, and how it fares."""

import argparse
from datetime import datetime
from typing import Any

from salotto.cli.console import Group


def register(group: Group) -> None:
    """Add it to the sub-commands of `salotto email`."""
    made = group.command("status", "every mailbox: its state, what waits, what could not be read", mailboxes)
    made.add_argument("--trouble", action="store_true", help="only those that need somebody")


def mailboxes(given: argparse.Namespace, actor: Any) -> Any:
    """One row each, by account."""
    from salotto.channels.email.queries.mailboxes import all_standings

    found = all_standings()
    return [_row(one) for one in found if one.needs_help or one.failed or not given.trouble]


def _row(one: Any) -> dict[str, Any]:
    return {
        "account": one.mailbox.account.slug,
        "mailbox": one.mailbox.pk,
        "address": one.mailbox.address,
        "state": one.doing.value,
        "in": one.incoming.host if one.incoming else None,
        "out": one.outgoing.host if one.outgoing else None,
        "waiting": one.waiting,
        "failed": one.failed,
        "going_out": one.queued,
        "last_came": _time(one.last_came),
        "trouble": _trouble(one),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _trouble(one: Any) -> str | None:
    servers = [("in", one.incoming), ("out", one.outgoing)]
    said = [
        f"{way}: {server.trouble} (since {_time(server.trouble_since)})"
        for way, server in servers
        if server is not None and server.trouble
    ]
    return "; ".join(said) or None
