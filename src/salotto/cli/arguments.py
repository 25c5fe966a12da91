"""The command line."""

import argparse
import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from salotto import __version__
from salotto.cli import (
    accounts,
    audit,
    billing,
    catalogue,
    commands,
    email,
    invoices,
    operators,
    purchases,
    requests,
)
from salotto.config import options as settings
from salotto.config.options import Options


def parser() -> argparse.ArgumentParser:
    """All commands and their options; every option has a `SALOTTO_*` variable of its name."""
    top = argparse.ArgumentParser(
        prog="salotto",
        description="A self-hosted unified inbox. Settings: SALOTTO_* variables (docs/settings.md).",
    )
    top.add_argument("--version", action="version", version=f"Salotto {__version__}")
    add = top.add_subparsers(required=True, metavar="command", dest="name").add_parser
    _server(add("serve", help="run the server, the job worker and, unless you name one, the database"))
    demo = add("demo", help="the same with a shop and a team to try, on a data directory of its own")
    _server(demo)
    worker = add("worker", help="run jobs only, beside servers started with --no-worker")
    worker.set_defaults(run=commands.worker)
    migrate = add("migrate", help="bring the database up to date (serve does it by itself)")
    migrate.set_defaults(run=commands.migrate)
    check = add("check", help="say whether the installation is sound; exit code 1 if not")
    check.add_argument("--json", action="store_true", help="for programs")
    check.set_defaults(run=commands.check)
    for each in (worker, migrate, check):
        _data(each)
    billing.register(add("billing", help="look into what is charged"), _data)
    email.register(add("email", help="see what Salotto makes of a mail"), _data)
    operators.register(add("operator", help="say who operates this installation"), _data)
    _for_operators(add)
    add("prepare").set_defaults(run=commands.prepare)
    web = add("web")  # these two are not for people, and have no help
    web.add_argument("--socket", type=int, required=True)
    web.add_argument("--no-worker", action="store_true")
    web.set_defaults(run=commands.web)
    return top


def _for_operators(add: Callable[..., argparse.ArgumentParser]) -> None:
    """What the operator pages do, for scripts."""
    catalogue.register(add("catalogue", help="prices, dates of sale, seller, tax"), _data)
    accounts.register(add("accounts", help="find accounts, and set how one pays"), _data)
    requests.register(add("requests", help="what accounts have asked of support"), _data)
    purchases.register(add("purchases", help="payments without an outcome"), _data)
    invoices.register(add("invoices", help="invoices and credit notes"), _data)
    audit.register(add("audit", help="who did what"), _data)


def _data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, metavar="DIR", help="where everything is kept")
    command.add_argument("--demo", action="store_true", default=None, help="of the demo")


def _server(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, metavar="DIR", help="where everything is kept")
    command.add_argument("--host", help="the address to listen on (default 127.0.0.1)")
    command.add_argument("--port", type=int, help="the port to listen on (default 8000; 0: any)")
    command.add_argument("--workers", type=int, metavar="N", help="server processes (default 1)")
    command.add_argument("--no-worker", action="store_true", help="leave jobs to `salotto worker`")
    command.set_defaults(run=commands.serve)


def parse(arguments: Sequence[str]) -> tuple[Any, Options]:
    """The chosen command (`.run`, and its own options) and the settings in force.

    Raises ValueError with sentences for settings that cannot be.
    """
    given = parser().parse_args(arguments)
    found = settings.read()
    names = ("data", "host", "port", "workers", "demo")
    changes = {n: getattr(given, n) for n in names if getattr(given, n, None) is not None}
    if "data" in changes:
        changes["data"] = changes["data"].expanduser().absolute()
    if given.name == "demo":
        changes["demo"] = True
    if changes.get("demo") and "data" not in changes and "SALOTTO_DATA" not in os.environ:
        changes["data"] = found.data / "demo"
    result = dataclasses.replace(found, **changes)
    wrong = settings.problems(result)
    if wrong:
        raise ValueError("\n".join(wrong))
    return given, result
