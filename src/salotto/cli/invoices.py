"""`salotto invoices …`: invoices and credit notes."""

import argparse
import sys
from pathlib import Path
from typing import Any

from salotto.cli.console import Data, Group, money, page


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Add the sub-commands to `salotto invoices`."""
    group = Group.of(command, data)
    each = group.command("list", "invoices or credit notes, newest first", list_invoices)
    each.add_argument("--account", default="", help="of this account alone")
    each.add_argument("--state", default="", choices=("open", "paid", "void"), help="only these")
    each.add_argument("--credit-notes", action="store_true", help="credit notes instead of invoices")
    each.add_argument("--after", default="", metavar="CURSOR", help="go on below")
    _number(group.command("show", "one invoice, with its lines", show))
    each = _number(group.act("paid", "mark an invoice of the gateway `invoice` as paid", paid))
    each.add_argument("--on", default="", metavar="DAY", help="when the money came (default: today)")
    each = _number(group.act("credit-note", "take an invoice back, whole or in part", credit_note))
    each.add_argument("--amount", default="", help="with tax (default: all that is left)")
    each.add_argument("--to", required=True, choices=("card", "balance", "void"), help="where the money goes")
    each.add_argument("--reason", required=True, help="which the customer reads")
    each = _number(group.act("refund", "settle a refund that the gateway refuses", refund))
    each.add_argument("--to", required=True, choices=("balance", "given"), help="given: given back otherwise")
    each.add_argument("--reason", required=True, help="for the audit log")
    each = _number(group.command("pdf", "write an invoice as PDF", pdf))
    each.add_argument("file", nargs="?", help="(default: its number.pdf; - for standard output)")


def _number(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("number", help="like 2026-000123")
    return command


def _find(number: str) -> Any:
    from salotto.core.errors import Missing
    from salotto.operator.queries.lists import invoice_named

    found = invoice_named(number)
    if found is None:
        raise Missing(f"There is no invoice {number}. A number looks like 2026-000123.")
    return found


def list_invoices(given: argparse.Namespace, actor: Any) -> Any:
    """`list`: fifty at a time."""
    from salotto.operator.queries.accounts import account_named
    from salotto.operator.queries.lists import invoices

    found = invoices(
        kind="credit_note" if given.credit_notes else "invoice",
        state=given.state,
        account=account_named(given.account) if given.account else None,
        cursor=given.after,
    )
    return page([_row(row) for row in found.rows], found.next)


def _row(row: Any) -> dict[str, Any]:
    return {
        "number": row.name,
        "account": row.account.slug,
        "kind": row.kind,
        "state": row.state,
        "total": money(row.total, row.currency),
        "due": money(row.due, row.currency),
        "issued_at": row.issued_at.isoformat(),
        "payable_until": row.payable_until.isoformat(),
        "gateway": row.gateway,
    }


def show(given: argparse.Namespace, actor: Any) -> dict[str, Any]:
    """`show`."""
    from salotto.operator.queries.invoices import invoice_page

    row = _find(given.number)
    view = invoice_page(row.account_id, row.pk)
    return {
        **_row(row),
        "paid_at": row.paid_at,
        "corrects": view.document.corrects or None,
        "credit_notes": ", ".join(note.name for note in view.notes) or None,
        "lines": [
            {"what": line.title, "how": line.detail, "amount": line.amount} for line in view.document.lines
        ],
        "sums": {total.label: total.amount for total in view.document.sums},
    }


def paid(given: argparse.Namespace, actor: Any) -> str:
    """`paid`."""
    from salotto.operator.settlements import settle

    row = _find(given.number)
    settle(row.account_id, row.pk, given.on, by=actor)
    return f"Invoice {row.name} is paid."


def credit_note(given: argparse.Namespace, actor: Any) -> str:
    """`credit-note`."""
    from salotto.operator.settlements import correct

    row = _find(given.number)
    note = correct(row.account_id, row.pk, given.amount, given.to, given.reason, by=actor)
    return f"Credit note {note.name} takes back {money(-note.total, note.currency)} of {row.name}."


def refund(given: argparse.Namespace, actor: Any) -> str:
    """`refund`."""
    from salotto.operator.settlements import settle_refund

    row = _find(given.number)
    return settle_refund(row.account_id, row.pk, given.to, given.reason, by=actor)


def pdf(given: argparse.Namespace, actor: Any) -> str | None:
    """`pdf`."""
    from salotto.billing.pdf import pdf_of
    from salotto.core.errors import Invalid
    from salotto.operator.queries.invoices import invoice_page

    row = _find(given.number)
    made = pdf_of(invoice_page(row.account_id, row.pk).document)
    if given.file == "-":
        sys.stdout.buffer.write(made)
        return None
    file = Path(given.file or f"{row.name}.pdf")
    try:
        file.write_bytes(made)
    except OSError as error:
        raise Invalid(f"The file {file} cannot be written: {error.strerror}.") from None
    return f"{file} is written."
