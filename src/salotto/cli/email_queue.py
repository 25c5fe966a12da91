"""`salotto email waiting | retry | route`: mails that were not taken in, of all accounts."""

import argparse
from typing import Any

from salotto.cli.console import Group, page


def register(group: Group) -> None:
    """Add these to the sub-commands of `salotto email`."""
    waiting = group.command(
        "waiting", "mails that failed, are for no inbox, or wait, newest first", list_mails
    )
    waiting.add_argument("--account", default="", metavar="SLUG", help="only of this account")
    waiting.add_argument("--before", type=int, metavar="MAIL", help="go on below this one")
    retry = group.act("retry", "take in a mail that failed or waits, now", retry_mail)
    route = group.act("route", "give a mail that was for no inbox to one", route_mail)
    for each in (retry, route):
        each.add_argument("mail", type=int, help="its number")
    route.add_argument(
        "mailbox", type=int, nargs="?", help="number of the mailbox; left out, the recipients tell"
    )


def list_mails(given: argparse.Namespace, actor: Any) -> Any:
    """`waiting`: fifty at a time."""
    from salotto.channels.email.queries.dead import MOST, stuck_mails

    found = stuck_mails(given.account, given.before)
    return page([_row(row) for row in found], str(found[-1].id) if len(found) == MOST else "")


def _row(row: Any) -> dict[str, Any]:
    return {
        "mail": row.id,
        "account": row.account,
        "state": row.state,
        "mailbox": row.mailbox,
        "attempts": row.attempts,
        "from": row.sender,
        "subject": row.subject,
        "bytes": row.size,
        "received_at": row.received_at.isoformat(),
        "reason": f"{row.reason} {row.words}".strip(),
    }


def retry_mail(given: argparse.Namespace, actor: Any) -> str:
    """`retry`."""
    from salotto.channels.email.actions.retrying import retry
    from salotto.channels.email.queries.dead import account_of

    retry(account_of(given.mail), given.mail, actor and actor.pk)
    return f"Mail {given.mail} is taken in as soon as a worker is free."


def route_mail(given: argparse.Namespace, actor: Any) -> str:
    """`route`."""
    from salotto.channels.email.actions.retrying import route_by_itself, route_raw
    from salotto.channels.email.queries.dead import account_of
    from salotto.core.errors import Invalid

    account, user = account_of(given.mail), actor and actor.pk
    if given.mailbox is not None:
        route_raw(account, given.mail, given.mailbox, user)
        return f"Mail {given.mail} goes to mailbox {given.mailbox}."
    mailbox = route_by_itself(account, given.mail, user)
    if mailbox is None:
        raise Invalid("None of its recipients is an address of this account. Name the mailbox.")
    return f"Mail {given.mail} goes to mailbox {mailbox}."
