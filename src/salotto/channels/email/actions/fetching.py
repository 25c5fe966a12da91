"""What reading a mailbox by IMAP writes: who tends it, the mails, and how far they go.

Mails are stored in the same transaction that moves the position behind them, and only if the
position still is where they were read from and the lease is the reader's own. A reader that was
held up, or a second one, harms nothing.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Length, Now

from salotto.channels.email import troubles
from salotto.channels.email.actions.storing import Arrival, store, take_in_soon
from salotto.channels.email.models import Position, RawMail, RawState, Server
from salotto.channels.email.queries.incoming import (
    AGAIN,
    Box,
    free_positions,
    is_taken,
    number_of,
    place_of,
    without_position,
)
from salotto.channels.email.troubles import Trouble
from salotto.core.tenancy import account_scope, all_accounts

log = logging.getLogger("salotto.email")

LEASE = timedelta(seconds=60)
WORKED_EVERY = timedelta(minutes=5)
MOST_CLAIMED = 20
"""Mailboxes that one look takes on, so that processes which start together share them."""
STUCK = (RawState.FAILED, RawState.WAITING)
"""States of a mail of which only a part is here: its headers may still have to be taken in."""
_MOST_BYTES = 2**31 - 1


class Lost(Exception):
    """Somebody else tends this mailbox, or its position has moved: look again."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A mail that was not handed over whole: its headers, its size as announced, and why."""

    uid: int
    head: bytes
    size: int
    reason: str


def claim(me: UUID, most: int = MOST_CLAIMED) -> int:
    """Take on mailboxes that nobody tends; how many."""
    _make_positions()
    keys = [(position.account_id, position.pk) for position in free_positions(most)]
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    with all_accounts():
        return sum(
            Position.objects.filter(free, account_id=account, pk=pk).update(
                lease_by=me, lease_until=Now() + LEASE
            )
            for account, pk in keys
        )


def _make_positions() -> None:
    with all_accounts():
        rows = [
            Position(account_id=server.account_id, server=server, folder=server.folder)
            for server in without_position()
        ]
        Position.objects.bulk_create(rows, ignore_conflicts=True)


def renew(me: UUID) -> int:
    """Go on tending what is still ours; how many."""
    with all_accounts():
        ours = Position.objects.filter(lease_by=me, lease_until__gt=Now())
        return int(ours.update(lease_until=Now() + LEASE))


def release(me: UUID, boxes: Iterable[Box] | None = None) -> None:
    """Leave these mailboxes, or all, to whoever looks next."""
    with all_accounts():
        ours = Position.objects.filter(lease_by=me)
        if boxes is not None:
            ours = ours.filter(server_id__in=[box.server for box in boxes])
        ours.update(lease_by=None, lease_until=None)


def begin_at(box: Box, position: Position, me: UUID, uidvalidity: int, top: int) -> Position:
    """The first look at a folder, or the first since it was numbered anew; the position then.

    What lay there before is wanted if `everything` is set. A folder that was numbered anew is read
    from its beginning, since nothing tells which of its mails are new: those taken in before are
    known by their Message-IDs, and those never wanted by when they came. Raises Lost.
    """
    before = position.uidvalidity
    new: dict[str, Any]
    if before is not None:
        new = {"last_uid": 0, "renumbered_to": top if position.since else 0}
    elif position.everything:
        new = {"last_uid": 0}
    else:
        new = {"last_uid": top, "since": Now()}
    return _begin(box, position, me, uidvalidity, new)


def go_on(position: Position, me: UUID, number: int) -> Position:
    """The settings name another server, and the folder is the one that was read before, under this
    number; the position then. Raises Lost."""
    with account_scope(position.account_id):
        _must_move(_ours(position, me).update(uidvalidity=number))
    position.uidvalidity = number
    return position


def begin_elsewhere(box: Box, position: Position, me: UUID, uidvalidity: int, top: int) -> Position:
    """The settings name another server, with another folder; the position then. Its mails are wanted
    that came since the last look at the one before, as far as that was looked through. Raises Lost."""
    with account_scope(position.account_id):
        looked = Server.objects.values_list("worked_at", flat=True).get(pk=box.server)
    times = [at for at in (position.since, looked) if at is not None]
    since = max(times, default=None)
    new = {"last_uid": 0, "since": since, "renumbered_to": top if since else 0, "set_back_at": None}
    return _begin(box, position, me, uidvalidity, new)


def go_back(box: Box, position: Position, me: UUID, to: int, top: int) -> Position:
    """The server was put back to an earlier state and gives UIDs out anew: read on behind `to`, the
    last mail that still is the one it was; the position then. Without any (0) the folder is read
    from its beginning, as if it had been numbered anew. Raises Lost."""
    new: dict[str, Any] = {"last_uid": to, "set_back_at": Now()}
    if not to and position.since:
        new["renumbered_to"] = top
    begun = _begin(box, position, me, number_of(position.uidvalidity or 0), new)
    log.warning(
        "The server of mailbox %s of account %s was put back to an earlier state; read on behind UID %s",
        box.mailbox,
        box.account,
        to,
    )
    return begun


def _begin(box: Box, position: Position, me: UUID, number: int, new: dict[str, Any]) -> Position:
    """Under a number that no stored mail of this mailbox has: places are given out once."""
    with account_scope(position.account_id), transaction.atomic():
        while is_taken(box, position, number):
            number += AGAIN
        _must_move(_ours(position, me).update(uidvalidity=number, **new))
        begun: Position = Position.objects.get(pk=position.pk)
    return begun


def keep(
    box: Box,
    position: Position,
    me: UUID,
    up_to: int,
    mails: Sequence[tuple[int, bytes]],
    partial: Sequence[Partial] = (),
) -> Position:
    """Store mails (UID, bytes) and move the position to `up_to`, all or nothing; the position then.
    Raises Lost, and nothing is stored."""
    folder, validity = place_of(box), position.uidvalidity
    arrivals = [
        Arrival("imap", content, folder=folder, uidvalidity=validity, uid=uid) for uid, content in mails
    ]
    with account_scope(box.account), transaction.atomic():
        _must_move(_ours(position, me).update(last_uid=up_to))
        if arrivals:
            store(box.account, box.mailbox, arrivals)
        rows = [_row(box, folder, validity, one) for one in partial]
        RawMail.objects.bulk_create(rows, ignore_conflicts=True)
        if any(row.state == RawState.WAITING for row in rows):
            take_in_soon(box.account, box.mailbox)
    position.last_uid = up_to
    return position


def _ours(position: Position, me: UUID) -> Any:
    """The row, if it still is what was read and the lease is ours; in the caller's scope."""
    return Position.objects.filter(
        pk=position.pk,
        lease_by=me,
        lease_until__gt=Now(),
        uidvalidity=position.uidvalidity,
        last_uid=position.last_uid,
    )


def _must_move(rows: int) -> None:
    if not rows:
        raise Lost


def _row(box: Box, folder: str, uidvalidity: int | None, one: Partial) -> RawMail:
    """One that is too large is taken in by its headers, so that whoever answers knows of it."""
    told = bool(one.head.strip()) and one.reason.startswith(troubles.TOO_LARGE)
    return RawMail(
        account_id=box.account,
        mailbox_id=box.mailbox,
        source="imap",
        folder=folder,
        uidvalidity=uidvalidity,
        uid=one.uid,
        content=one.head,
        size=min(max(one.size, len(one.head) + 1), _MOST_BYTES),
        digest=hashlib.sha256(one.head).hexdigest(),
        state=RawState.WAITING if told else RawState.FAILED,
        error=one.reason,
    )


def fetch_again_soon(account_id: int, raw: int) -> bool:
    """Have the rest of a mail fetched, if only a part of it is here; whether that is so. In the
    caller's transaction and account scope."""
    from salotto.channels.email.tasks import fetch_again  # which calls actions itself

    partial = RawMail.objects.filter(pk=raw, uid__isnull=False, size__gt=Length("content"))
    if not partial.exists():
        return False
    fetch_again.defer(account_id=account_id, raw_id=raw)
    return True


def complete(raw: RawMail, content: bytes) -> None:
    """The whole mail is here: it waits now as any other."""
    with account_scope(raw.account_id), transaction.atomic():
        found = RawMail.objects.filter(pk=raw.pk, state__in=STUCK).update(
            content=content,
            size=len(content),
            digest=hashlib.sha256(content).hexdigest(),
            state=RawState.WAITING,
            error="",
            attempts=0,
            next_try_at=Now(),
        )
        if found and raw.mailbox_id is not None:
            take_in_soon(raw.account_id, raw.mailbox_id)


def note_incomplete(raw: RawMail, reason: str) -> None:
    """Why the rest of a mail could not be fetched."""
    with account_scope(raw.account_id):
        RawMail.objects.filter(pk=raw.pk, state__in=STUCK).update(error=reason)


def note_trouble(box: Box, trouble: Trouble) -> None:
    """Keep what is wrong with the server, and since when."""
    with account_scope(box.account):
        row = Server.objects.filter(pk=box.server)
        began = row.filter(trouble="").update(trouble=trouble.text, trouble_since=Now())
        if not began:
            row.exclude(trouble=trouble.text).update(trouble=trouble.text)
    log.log(
        logging.WARNING if began else logging.INFO,
        "Mailbox %s of account %s cannot be read: %s",
        box.mailbox,
        box.account,
        trouble.text.replace("\n", " "),
    )


def note_working(box: Box) -> None:
    """The server works: whatever was wrong is over."""
    with account_scope(box.account):
        row = Server.objects.filter(
            pk=box.server, host=box.host, port=box.port, username=box.username, folder=box.folder
        )  # not if another one is named by now: this is when it was looked through
        if row.exclude(trouble="").update(trouble="", trouble_since=None, worked_at=Now()):
            log.info("Mailbox %s of account %s is read again", box.mailbox, box.account)
        else:
            old = Q(worked_at=None) | Q(worked_at__lt=Now() - WORKED_EVERY)
            row.filter(old).update(worked_at=Now())
