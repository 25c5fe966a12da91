"""`salotto accounts …`: the accounts of this installation, and what is set for one."""

import argparse
from typing import Any
from uuid import uuid4

from salotto.cli.console import Data, Group, money, page

STATES = ("trial", "lapsed", "active", "past_due", "unpaid", "ended", "unpaid_any")


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Add the sub-commands to `salotto accounts`."""
    group = Group.of(command, data)
    each = group.command("list", "accounts, newest first", list_accounts)
    each.add_argument("search", nargs="?", default="", help="part of a name, short name or address")
    each.add_argument("--state", default="", choices=STATES, metavar="STATE", help=", ".join(STATES))
    each.add_argument("--after", default="", metavar="CURSOR", help="go on below")
    _account(group.command("show", "one account: plan, seats, invoices, payments", show))
    each = _account(group.act("gateway", "how an account pays", gateway))
    each.add_argument(
        "gateway", choices=("default", "invoice"), help="the installation's gateway, or on invoice"
    )
    each = _account(
        group.act("anchor", "the existing billing cycle of an account that has not bought", anchor)
    )
    each.add_argument("day", help="on which a period begins, like 2026-01-31; `none` takes it out")
    each = _account(group.act("credit", "grant a credit, which the next invoice uses", credit))
    each.add_argument("amount", help="like 19.00")
    each.add_argument("currency", help="like EUR")
    each.add_argument("--reason", required=True, help="which the customer reads")
    each.add_argument("--key", default="", metavar="UUID", help="the same key again is the same credit")


def _account(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("account", help="its short name or number")
    return command


def list_accounts(given: argparse.Namespace, actor: Any) -> Any:
    """`list`: fifty at a time."""
    from salotto.operator.queries.accounts import accounts

    found = accounts(search=given.search, state=given.state, cursor=given.after)
    return page([_row(row) for row in found.rows], found.next)


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": row.slug,
        "name": row.name,
        "state": row.state,
        "seats": row.seats,
        "in_use": row.in_use,
        "gateway": row.gateway or "default",
        "last_invoice": row.invoice_name or None,
        "invoice_state": row.invoice_state or None,
        "renews_at": row.ends_at.isoformat() if row.ends_at else None,
    }


def show(given: argparse.Namespace, actor: Any) -> dict[str, Any]:
    """`show`: with the newest of each history."""
    from salotto.operator.queries.accounts import account_named, account_view

    view = account_view(account_named(given.account).pk)
    sub = view.standing.subscription
    return {
        "id": view.account.pk,
        "account": view.account.slug,
        "name": view.account.name,
        "primary_admin": view.account.primary_admin.email,
        "state": sub.state,
        "read_only": view.account.read_only,
        "seats": view.plan.seats,
        "in_use": view.plan.in_use,
        "paid_for": sub.quantity,
        "at_renewal": sub.quantity_next,
        "cycle": sub.cycle,
        "gateway": sub.gateway or "default",
        "trial_ends_at": sub.trial_ends_at,
        "period_end": sub.period_end,
        "next_amount": money(view.upcoming.amount, view.upcoming.currency) if view.upcoming else None,
        "balance": ", ".join(money(m.amount, m.currency) for m in view.balances) or None,
        "invoices": [_invoice(one) for one in view.invoices],
        "payments": [_payment(one) for one in view.payments],
        "ledger": [_change(one) for one in view.changes],
    }


def _invoice(row: Any) -> dict[str, Any]:
    total = money(row.total.amount, row.total.currency)
    return {"number": row.name, "kind": row.kind, "state": row.state, "total": total}


def _payment(row: Any) -> dict[str, Any]:
    amount = money(row.amount, row.currency)
    return {"id": row.pk, "state": row.state, "amount": amount, "gateway_id": row.intent}


def _change(row: Any) -> dict[str, Any]:
    seats = {"seats": row.seats_after, "at_renewal": row.seats_at_renewal}
    return {"at": row.at.isoformat(), "kind": row.kind, **seats}


def gateway(given: argparse.Namespace, actor: Any) -> str:
    """`gateway`."""
    from salotto.billing.actions.terms import switch_gateway
    from salotto.operator.queries.accounts import account_named

    found = account_named(given.account)
    switch_gateway(found.pk, "invoice" if given.gateway == "invoice" else "", by=actor)
    how = "on invoice" if given.gateway == "invoice" else "by this server's gateway"
    return f"{found.slug} pays {how}."


def anchor(given: argparse.Namespace, actor: Any) -> str:
    """`anchor`."""
    from salotto.billing.actions.terms import set_anchor
    from salotto.operator.queries.accounts import account_named

    found = account_named(given.account)
    sub = set_anchor(found.pk, "" if given.day == "none" else given.day, by=actor)
    if sub.anchor is None:
        return f"The first purchase of {found.slug} begins its billing cycle."
    return f"The first purchase of {found.slug} joins the cycle of {sub.anchor.isoformat()}."


def credit(given: argparse.Namespace, actor: Any) -> str:
    """`credit`."""
    from salotto.operator.queries.accounts import account_named
    from salotto.operator.settlements import grant

    found = account_named(given.account)
    grant(found.pk, given.amount, given.currency, given.reason, key=given.key or str(uuid4()), by=actor)
    return f"The credit of {found.slug} is granted."
