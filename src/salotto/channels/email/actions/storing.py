"""Storing a mail as it came: the first thing that happens to it, before anybody looks into it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction
from procrastinate.exceptions import AlreadyEnqueued

from salotto.channels.email.models import RawState

# Django would put all mails into the text of one statement, as hexadecimal digits: twice their
# size, several times over, and twice the time.
_INSERT = """
    INSERT INTO email_rawmail
           (account_id, mailbox_id, source, folder, uidvalidity, uid, sender, recipients,
            content, size, digest, state, error, attempts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s::varchar[], %s, %s, %s, %s, '', 0)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that has arrived, with its envelope and its place in a folder where it has them."""

    source: str
    content: bytes
    sender: str = ""
    recipients: tuple[str, ...] = ()
    folder: str = ""
    uidvalidity: int | None = None
    uid: int | None = None


def store(account_id: int, mailbox_id: int | None, arrivals: Sequence[Arrival]) -> int:
    """Store mails in the caller's transaction and account scope, and have them taken in soon.

    One whose place in its folder is known already is left out. Without a mailbox it waits among
    the unrouted for an admin. Returns how many were new.
    """
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as db:
        db.executemany(_INSERT, [_row(account_id, mailbox_id, arrival) for arrival in arrivals])
        new = db.rowcount
    if new and mailbox_id is not None:
        take_in_soon(account_id, mailbox_id)
    return new


def _row(account_id: int, mailbox_id: int | None, arrival: Arrival) -> tuple[Any, ...]:
    return (
        account_id,
        mailbox_id,
        arrival.source,
        arrival.folder,
        arrival.uidvalidity,
        arrival.uid,
        arrival.sender[:320],
        [address[:320] for address in arrival.recipients],
        arrival.content,
        len(arrival.content),
        hashlib.sha256(arrival.content).hexdigest(),
        RawState.UNROUTED.value if mailbox_id is None else RawState.WAITING.value,
    )


def take_in_soon(account_id: int, mailbox_id: int, seconds: int = 0) -> None:
    """Queue the job that takes a mailbox's waiting mails in, to run in so many seconds; one in
    line is enough."""
    from salotto.channels.email.tasks import take_in  # which calls actions itself

    after: Any = {"schedule_in": {"seconds": seconds}} if seconds else {}
    job = take_in.configure(queueing_lock=f"email.take_in.{mailbox_id}", **after)
    try:
        with transaction.atomic():  # a refused job must not undo the mail
            job.defer(account_id=account_id, mailbox_id=mailbox_id)
    except AlreadyEnqueued:
        pass
