"""Which mails wait to be taken in."""

from dataclasses import dataclass

from django.db import connection

from salotto.channels.email.models import RawMail, RawState
from salotto.core import clock
from salotto.core.tenancy import all_accounts

MOST_MAILBOXES = 500
_DUE = """
    SELECT mailbox.account_id, mailbox.id
      FROM email_mailbox mailbox
     WHERE EXISTS (SELECT FROM email_rawmail raw
                    WHERE raw.account_id = mailbox.account_id AND raw.mailbox_id = mailbox.id
                      AND raw.state = 'waiting' AND raw.next_try_at <= %s)
     ORDER BY random()
     LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is due."""

    id: int
    size: int
    attempts: int


def waiting_mails(mailbox: int, most: int, most_bytes: int = 0) -> list[Waiting]:
    """The oldest mails of a mailbox that are due, in the caller's account scope; together at
    most `most_bytes` large, but always the first one."""
    due = RawMail.objects.filter(mailbox_id=mailbox, state=RawState.WAITING, next_try_at__lte=clock.now())
    rows = due.order_by("id").values_list("id", "size", "attempts")[:most]
    found: list[Waiting] = []
    total = 0
    for row in rows:
        total += row[1]
        if found and total > most_bytes:
            break
        found.append(Waiting(*row))
    return found


def mailboxes_with_waiting_mails() -> list[tuple[int, int]]:
    """(account, mailbox) where mails are due, in any order: no account comes always first."""
    with all_accounts(), connection.cursor() as db:
        db.execute(_DUE, [clock.now(), MOST_MAILBOXES])
        return [(account, mailbox) for account, mailbox in db.fetchall()]
