"""`salotto requests …`: what accounts have asked of support."""

import argparse
from typing import Any

from salotto.cli.console import Data, Group, page


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Add the sub-commands to `salotto requests`.

    An answer has a name under it: these acts need `--as`.
    """
    group = Group.of(command, data)
    each = group.command("list", "open requests, newest first", list_requests)
    each.add_argument("--state", default="", choices=("requested", "scheduled"), help="only these")
    each.add_argument("--after", default="", metavar="CURSOR", help="go on below")
    for name, words, act in (
        ("schedule", "accept a request: it takes effect with the next renewal", schedule),
        ("decline", "refuse a request, with the reason", decline),
        ("answer", "write to the primary admin, and leave it open", answer),
    ):
        each = group.act(name, words, act)
        each.add_argument("request", type=int, help="its number")
        if name != "schedule":
            each.add_argument("text", help="which the primary admin reads")


def list_requests(given: argparse.Namespace, actor: Any) -> Any:
    """`list`: fifty at a time."""
    from salotto.operator.queries.lists import requests

    found = requests(state=given.state, cursor=given.after)
    return page([_row(row) for row in found.rows], found.next)


def _row(row: Any) -> dict[str, Any]:
    return {
        "request": row.pk,
        "account": row.account.slug,
        "kind": row.kind,
        "quantity": row.quantity,
        "state": row.state,
        "asked_by": row.asked_by.email,
        "asked_at": row.asked_at.isoformat(),
        "note": row.note,
    }


def _named(actor: Any) -> Any:
    from salotto.core.errors import Forbidden

    if actor is None:
        raise Forbidden(
            "Say with --as EMAIL who answers: the primary admin reads the name. Nothing was changed."
        )
    return actor


def schedule(given: argparse.Namespace, actor: Any) -> str:
    """`schedule`."""
    from salotto.seats.actions import requests

    made = requests.schedule(given.request, _named(actor))
    return f"Request {made.pk} is scheduled; it takes effect {made.effective_at}."


def decline(given: argparse.Namespace, actor: Any) -> str:
    """`decline`."""
    from salotto.seats.actions import requests

    return f"Request {requests.decline(given.request, given.text, _named(actor)).pk} is declined."


def answer(given: argparse.Namespace, actor: Any) -> str:
    """`answer`."""
    from salotto.seats.actions import requests

    return f"Request {requests.answer_request(given.request, given.text, _named(actor)).pk} is answered."
