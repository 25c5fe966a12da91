"""`salotto billing …`: what an operator asks about money on the command line."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from salotto.billing import explain
from salotto.billing.explain import Charge, Unexplained
from salotto.billing.money import Money
from salotto.cli import house
from salotto.config.options import Options

WRONG = 2
"""The exit code of a question that makes no sense."""

NAMES = ("invariant", "account", "row", "figures")
"""What `verify --json` says of each violation."""


def register(command: argparse.ArgumentParser, data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the sub-commands to `salotto billing`; `data` adds the options of the data directory."""
    add = command.add_subparsers(required=True, metavar="what", dest="what").add_parser
    words = add("explain", help="say how amounts are worked out, of a file or of an invoice")
    words.add_argument("file", nargs="?", help="a JSON list of lines, or - for standard input")
    words.add_argument("--invoice", metavar="NUMBER", help="an invoice of the database, as 2026-000123")
    words.add_argument("--line", type=int, metavar="N", help="of the invoice: this line alone, from 1")
    words.add_argument("--json", action="store_true", help="for programs: the list of id and amount")
    words.set_defaults(run=explain_amounts)
    data(words)
    books = add("verify", help="check every invariant of the money on the live data")
    books.add_argument("--account", type=int, metavar="ID", help="one account alone")
    books.add_argument("--json", action="store_true", help="for programs: the list of violations")
    books.set_defaults(run=verify_books)
    data(books)


def verify_books(given: argparse.Namespace, options: Options) -> int:
    """`verify`: a line for each violation, with account, row and figures; 1 if there is one."""
    house.visit(options)
    house.load_django()
    from salotto.billing.verify import invariants, verify

    found = verify(given.account)
    if given.json:
        named = [dict(zip(NAMES, (v.invariant, v.account_id, v.row, v.figures), strict=True)) for v in found]
        print(json.dumps(named, indent=1))
    else:
        for violation in found:
            print(violation)
        if not found:
            print(f"{len(invariants())} invariants hold.")
    return 1 if found else 0


def explain_amounts(given: argparse.Namespace, options: Options) -> int:
    """`explain`: each charge in words; 2 and one sentence on stderr for what is no charge."""
    try:
        if (given.file is None) == (given.invoice is None):
            raise Unexplained("Name a file of lines (or - for standard input), or --invoice NUMBER.")
        if given.invoice is not None:
            return _explain_invoice(given, options)
        if given.line is not None:
            raise Unexplained("--line is for --invoice.")
        charges = explain.read_charges(_content(given.file))
    except Unexplained as problem:
        print(problem, file=sys.stderr)
        return WRONG
    _show([(c.id, c.amount, c.in_words()) for c in charges], as_json=given.json)
    return 0


def _content(file: str) -> bytes:
    """What is in the file, or as much as shows that it is too much."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(explain.LARGEST_FILE + 1)
        with Path(file).open("rb") as opened:
            return opened.read(explain.LARGEST_FILE + 1)
    except OSError as error:
        raise Unexplained(f"The file {file} cannot be read: {error.strerror or error}.") from None


def _show(rows: list[tuple[str | int, int, str]], *, as_json: bool) -> None:
    text = json.dumps([{"id": name, "amount": amount} for name, amount, _ in rows], indent=1)
    if not as_json:
        text = "\n".join(f"{name}: {words}" for name, _, words in rows)
    try:
        if text:
            print(text, flush=True)
    except BrokenPipeError:  # whoever reads has seen enough; Python must not try once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain_invoice(given: argparse.Namespace, options: Options) -> int:
    house.visit(options)
    house.load_django()
    invoice = _invoice(given.invoice)
    chosen = range(1, len(invoice.lines) + 1) if given.line is None else [given.line]
    if given.line is not None and not 1 <= given.line <= len(invoice.lines):
        raise Unexplained(f"Invoice {invoice.name} has the lines 1 to {len(invoice.lines)}.")
    found = [_line(n, invoice.lines[n - 1], invoice.currency) for n in chosen]
    _show([row for row, _ in found], as_json=given.json)
    return 0 if all(agrees for _, agrees in found) else 1


def _invoice(name: str) -> Any:
    from salotto.billing.models import Invoice
    from salotto.core.tenancy import all_accounts

    series, _, number = name.strip().rpartition("-")
    if series and number.isascii() and number.isdigit() and len(number) < 19:
        with all_accounts():
            found = Invoice.objects.filter(series=series, number=int(number)).first()
        if found is not None:
            return found
    raise Unexplained(f"There is no invoice {name}. Its number looks like 2026-000123.")


def _line(number: int, line: dict[str, Any], currency: str) -> tuple[tuple[int, int, str], bool]:
    """Id (its place), the amount on the invoice, words; and whether the two agree."""
    charge: Charge | None = explain.charge_of(line, str(number), currency)
    billed = int(line["amount"])
    if charge is None:
        return (number, billed, f"{line['text'] or 'Correction'} = {Money(billed, currency).shown()}"), True
    words = charge.in_words()
    if charge.amount != billed:
        words += f". The invoice says {Money(billed, currency).shown()}"
    return (number, billed, words), charge.amount == billed
