"""Storing a mail as it came: the first thing that happens to it, before anybody looks into it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from salotto.channels.email.models import RawMail, RawState


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
    rows = [_row(account_id, mailbox_id, arrival) for arrival in arrivals]
    before = RawMail.objects.bulk_create(rows, ignore_conflicts=True)
    if before and mailbox_id is not None:
        take_in_soon(account_id, mailbox_id)
    return len(before)


def _row(account_id: int, mailbox_id: int | None, arrival: Arrival) -> RawMail:
    return RawMail(
        account_id=account_id,
        mailbox_id=mailbox_id,
        source=arrival.source,
        content=arrival.content,
        size=len(arrival.content),
        digest=hashlib.sha256(arrival.content).hexdigest(),
        sender=arrival.sender[:320],
        recipients=[address[:320] for address in arrival.recipients],
        folder=arrival.folder,
        uidvalidity=arrival.uidvalidity,
        uid=arrival.uid,
        state=RawState.UNROUTED if mailbox_id is None else RawState.WAITING,
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
