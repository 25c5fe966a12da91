"""`salotto purchases …`: payments without an outcome."""

import argparse
from typing import Any
from uuid import UUID

from salotto.cli.console import Data, Group, money, page


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Add the sub-commands to `salotto purchases`; none of them buys, and none grants by hand."""
    group = Group.of(command, data)
    each = group.command("list", "what needs a person, or has been open for long", list_purchases)
    each.add_argument("--after", default="", metavar="CURSOR", help="go on below")
    for name, words, act in (
        ("ask", "ask the gateway how a payment stands, and follow its answer", ask),
        ("cancel", "cancel a payment at the gateway; what has succeeded is settled", cancel),
        ("close", "close a payment whose money the gateway has given back", close),
    ):
        each = group.act(name, words, act)
        each.add_argument("payment", type=UUID, help="its number, as `list` shows it")


def list_purchases(given: argparse.Namespace, actor: Any) -> Any:
    """`list`: fifty at a time, the oldest first."""
    from salotto.operator.queries.lists import open_payments

    found = open_payments(cursor=given.after)
    return page([_row(row) for row in found.rows], found.next)


def _row(row: Any) -> dict[str, Any]:
    return {
        "payment": row.pk,
        "account": row.account.slug,
        "kind": row.kind,
        "amount": money(row.amount, row.currency),
        "begun": row.created_at.isoformat(),
        "needs_person": row.needs_person,
        "gateway": row.gateway,
        "gateway_id": row.intent,
        "why": row.error,
    }


def _do(name: str, payment_id: UUID, actor: Any) -> str:
    from salotto.billing.actions import attention
    from salotto.operator.queries.lists import account_of_payment

    after = getattr(attention, name)(account_of_payment(payment_id), payment_id, by=actor)
    return f"Payment {after.pk} is {after.state}{' and needs a person' if after.needs_person else ''}."


def ask(given: argparse.Namespace, actor: Any) -> str:
    """`ask`."""
    return _do("ask_gateway", given.payment, actor)


def cancel(given: argparse.Namespace, actor: Any) -> str:
    """`cancel`."""
    return _do("cancel_stuck", given.payment, actor)


def close(given: argparse.Namespace, actor: Any) -> str:
    """`close`."""
    return _do("close_returned", given.payment, actor)
