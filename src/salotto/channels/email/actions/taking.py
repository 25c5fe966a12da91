"""Taking in the mails of a mailbox that wait: oldest first, by one worker at a time.

A batch is one transaction. Before it, in a transaction of its own, its oldest mail is marked as
tried: should a mail end the process, whoever comes next knows that this batch has been begun,
and goes on with care. With care is one by one, each attempt counted and committed before it is
made: the mail that fails steps aside with the reason, to be tried again later, and those behind
it go on. After the last attempt it stays for an admin to look at. None is ever dropped.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, IntegrityError, connection, transaction

from salotto.channels.email import troubles
from salotto.channels.email.actions.filing import file_mails
from salotto.channels.email.actions.storing import take_in_soon
from salotto.channels.email.models import Mailbox, RawMail, RawState
from salotto.channels.email.queries.waiting import Waiting, waiting_mails
from salotto.channels.email.troubles import Trouble
from salotto.core import clock, turns
from salotto.core.sql import constraint_of
from salotto.core.tenancy import account_scope

BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024
"""Of a batch with more than one mail: what bounds the memory."""
MOST = 1000
"""Mails that one job takes in before it lets others get on."""
LONGEST = 10.0
"""Seconds of one job, as soon as a batch is done."""
PAUSES = (1, 5, 30, 120, 360)
"""Minutes from a failed attempt to the next one; one more and the mail has failed."""
ATTEMPTS = len(PAUSES) + 1
PATIENCE = "5s"
"""How long a batch waits for a conversation that somebody holds."""
BUSY_AGAIN = 2
"""Seconds until a job that met another one at work looks again."""


@dataclass(slots=True)
class Taken:
    """What a look at a mailbox did: mails taken in, mails that failed, whether more are due."""

    done: int = 0
    failed: int = 0
    more: bool = False


def take_in(account_id: int, mailbox_id: int) -> Taken:
    """Take in up to `MOST` waiting mails of a mailbox, and have the others taken in soon.

    Nothing happens while another worker is at it; it is looked again a little later. Raises
    what the database raises when it is lost.
    """
    with account_scope(account_id), turns.alone(f"email.take_in {mailbox_id}") as alone:
        mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
        if mailbox is None:
            return Taken()
        taken = Drain(mailbox).run() if alone else Taken(more=bool(waiting_mails(mailbox_id, 1)))
    if taken.more:
        take_in_soon(account_id, mailbox_id, seconds=0 if alone else BUSY_AGAIN)
    return taken


class Drain:
    """One worker at one mailbox, in the account scope, on the connection that holds the lock."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.taken = Taken()
        self._held = connection.connection

    def run(self) -> Taken:
        """Batch after batch, until nothing is due or others shall get on."""
        until = time.monotonic() + LONGEST
        while True:
            batch = waiting_mails(self.mailbox.pk, BATCH, BATCH_BYTES)
            enough = self.taken.done + self.taken.failed >= MOST or time.monotonic() > until
            self.taken.more = bool(batch)
            if not batch or enough:
                return self.taken
            self._take(batch)

    def _take(self, batch: Sequence[Waiting]) -> None:
        if not any(one.attempts for one in batch):
            _mark(batch[0].id)
            if self._all_of(batch):
                self.taken.done += len(batch)
                return
        for one in batch:
            if self._with_care(one):
                self.taken.done += 1
            else:
                self.taken.failed += 1

    def _all_of(self, batch: Sequence[Waiting]) -> bool:
        """The whole batch at once; False when that did not work, whatever the reason."""
        try:
            self._file([one.id for one in batch])
        except Exception:  # one of them; it is found out which
            if self._is_cut_off():
                raise
            return False
        return True

    def _file(self, ids: Sequence[int]) -> None:
        with transaction.atomic():
            with connection.cursor() as db:
                db.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            found = RawMail.objects.filter(pk__in=ids, state=RawState.WAITING, mailbox_id=self.mailbox.pk)
            file_mails(self.mailbox, list(found.order_by("id")))

    def _with_care(self, one: Waiting) -> bool:
        """One mail, its attempt counted before; False when it fails, with the reason kept."""
        attempts = one.attempts + 1
        waiting = RawMail.objects.filter(pk=one.id, state=RawState.WAITING)
        if attempts > ATTEMPTS:
            waiting.update(state=RawState.FAILED, error=troubles.ENDED)
            return False
        again = clock.now() + timedelta(minutes=PAUSES[min(attempts, len(PAUSES)) - 1])
        waiting.update(attempts=attempts, next_try_at=again)
        try:
            self._file([one.id])
        except Exception as error:  # a mail is never lost, and never stops the others
            if self._is_cut_off():
                raise
            failed = {"state": RawState.FAILED} if attempts >= ATTEMPTS else {}
            waiting.update(error=in_words(error), **failed)
            return False
        return True

    def _is_cut_off(self) -> bool:
        """Whether the database was lost, and our lock with it; Django has opened another
        connection then, or will."""
        connection.close_if_unusable_or_obsolete()
        return connection.connection is not self._held


def _mark(raw: int) -> None:
    with transaction.atomic():
        with connection.cursor() as db:
            db.execute("SET LOCAL synchronous_commit = off")  # it need not outlive the database
        RawMail.objects.filter(pk=raw).update(attempts=1)


def in_words(error: BaseException) -> str:
    """Why a mail could not be taken in, for an admin and whoever helps them."""
    said = " ".join(str(error).split())[:500]
    if isinstance(error, MemoryError):
        return troubles.MEMORY
    if isinstance(error, IntegrityError) and constraint_of(error):
        return Trouble(troubles.DATABASE, f"{constraint_of(error)}: {said}").text
    if isinstance(error, DatabaseError):
        return Trouble(troubles.DATABASE, said).text
    return Trouble(troubles.UNREADABLE, f"{type(error).__name__}: {said}").text
