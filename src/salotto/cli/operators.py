"""`salotto operator …`: who operates this installation."""

import argparse
import sys
from collections.abc import Callable

from salotto.cli import house
from salotto.config.options import Options


def register(command: argparse.ArgumentParser, data: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the sub-commands to `salotto operator`; `data` adds the options of the data directory."""
    add = command.add_subparsers(required=True, metavar="what", dest="what").add_parser
    for name, words, run in (
        ("add", "make a person an operator", add_operator),
        ("remove", "make an operator an ordinary person again", remove_operator),
    ):
        each = add(name, help=words)
        each.add_argument("email", help="the address of a person who has a sign-in")
        each.set_defaults(run=run)
        data(each)
    shown = add("list", help="the operators, one address a line")
    shown.set_defaults(run=list_operators)
    data(shown)


def add_operator(given: argparse.Namespace, options: Options) -> int:
    """`add`: 1 if nobody has this address."""
    _open(options)
    from salotto.accounts import actions

    return _change(actions.add_operator, given.email, "{} is an operator.")


def remove_operator(given: argparse.Namespace, options: Options) -> int:
    """`remove`: 1 if nobody has this address; the last one may go, with a warning."""
    _open(options)
    from salotto.accounts import actions, queries

    code = _change(actions.remove_operator, given.email, "{} is no operator.")
    if not code and not queries.operators(limit=1):
        print(
            "Warning: this installation has no operator now. Name one: salotto operator add EMAIL.",
            file=sys.stderr,
        )
    return code


def list_operators(given: argparse.Namespace, options: Options) -> int:
    """`list`: the addresses."""
    _open(options)
    from salotto.accounts import queries

    for user in queries.operators():
        print(user.email)
    return 0


def _open(options: Options) -> None:
    house.visit(options)
    house.load_django()


def _change(act: Callable[[str], object], email: str, sentence: str) -> int:
    from salotto.core.errors import Refused

    try:
        user = act(email)
    except Refused as refused:
        print(refused.message, file=sys.stderr)
        return 1
    print(sentence.format(getattr(user, "email", email)))
    return 0
