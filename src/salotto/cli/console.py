"""What the operator's commands share: who acts, how results are shown, and exit codes.

0: done. 1: refused, with one sentence on stderr. 2: what was given makes no sense.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salotto.cli import house
from salotto.config.options import Options

REFUSED, WRONG = 1, 2
Data = Callable[[argparse.ArgumentParser], None]
Act = Callable[[argparse.Namespace, Any], Any]
"""What a command does, as the user of `--as` or as nobody (None): a sentence, one thing as a
mapping, or rows of them."""


@dataclass(frozen=True)
class Group:
    """The sub-commands of one command, e.g. `salotto invoices …`."""

    add: Callable[..., argparse.ArgumentParser]
    data: Data

    @classmethod
    def of(cls, command: argparse.ArgumentParser, data: Data) -> "Group":
        """Begin the sub-commands of `command`; `data` adds the options of the data directory."""
        return cls(command.add_subparsers(required=True, metavar="what", dest="what").add_parser, data)

    def command(self, name: str, words: str, act: Act) -> argparse.ArgumentParser:
        """A sub-command that looks: with `--json`, and without an actor."""
        return finish(
            self.add(name, help=words, description=f"{words[0].upper()}{words[1:]}."), act, self.data
        )

    def act(self, name: str, words: str, act: Act) -> argparse.ArgumentParser:
        """A sub-command that changes something: with `--as` too."""
        made = self.command(name, words, act)
        made.add_argument(
            "--as", dest="actor", metavar="EMAIL", help="the operator who does it (for the audit log)"
        )
        return made


def finish(command: argparse.ArgumentParser, act: Act, data: Data) -> argparse.ArgumentParser:
    """The options of every command, and what it runs."""
    command.add_argument("--json", action="store_true", help="for programs")
    data(command)
    command.set_defaults(run=lambda given, options: run(act, given, options), actor=None)
    return command


def run(act: Act, given: argparse.Namespace, options: Options) -> int:
    """Open the installation that runs here, do it, show the result; the exit code."""
    house.visit(options)
    house.load_django()
    from salotto.core.errors import BadRequest, Invalid, Refused

    try:
        show(act(given, _actor(given.actor)), as_json=given.json)
    except Refused as refused:
        print(refused.message, file=sys.stderr)
        return WRONG if isinstance(refused, (Invalid, BadRequest)) else REFUSED
    return 0


def _actor(email: str | None) -> Any:
    """The operator with this address, or None for the command line itself."""
    if email is None:
        return None
    from salotto.billing.operators import must_operate
    from salotto.core.errors import Missing
    from salotto.operator.queries.lists import user_named

    user = user_named(email)
    if user is None:
        raise Missing(f"Nobody here has the address {email}. Nothing was changed.")
    must_operate(user)
    return user


def show(result: Any, *, as_json: bool) -> None:
    """A sentence, one thing, or rows; as JSON they are an object or a list. Nothing: no word."""
    if result is None:
        return
    if as_json:
        given = {"done": result} if isinstance(result, str) else result
        print(json.dumps(given, indent=1, default=str, ensure_ascii=False))
    elif isinstance(result, str):
        print(result)
    elif isinstance(result, Mapping):
        _show_one(result)
    else:
        _show_rows(result)


def _show_one(thing: Mapping[str, Any], indent: str = "") -> None:
    width = max((len(name) for name in thing), default=0)
    for name, value in thing.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            print(f"{indent}{name}:")
            _show_rows(value, indent + "  ")
        elif isinstance(value, Mapping):
            print(f"{indent}{name}:")
            _show_one(value, indent + "  ")
        else:
            print(f"{indent}{name.ljust(width)}  {_cell(value)}")


def _show_rows(rows: Sequence[Mapping[str, Any]], indent: str = "") -> None:
    if not rows:
        print(f"{indent}Nothing here.")
        return
    names = list(rows[0])
    table = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[n]) for line in table) for n in range(len(names))]
    for line in table:
        print(
            indent + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _cell(value: Any) -> str:
    """A value on one line; nothing is a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None or value == [] else str(value)
    return " ".join(text.split()) or "–"


def page(rows: list[Mapping[str, Any]], following: str) -> Any:
    """Rows of a list that goes on: its cursor is said on stderr."""
    if following:
        print(f"There are more: --after {following}", file=sys.stderr)
    return rows


def money(amount: int, currency: str) -> str:
    """An amount in minor units as `19.00 EUR`."""
    from salotto.billing.money import Money

    return f"{Money(amount, currency).decimal} {currency}"
