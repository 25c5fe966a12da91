"""Taking mail that somebody brings: it is stored before it is acknowledged, or it is not."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

import psycopg
from django.db import InterfaceError, OperationalError, transaction

from salotto.accounts.locking import setting_up
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.models import Mailbox
from salotto.channels.email.queries.receiving import Place
from salotto.core import audit
from salotto.core.errors import Busy, Missing
from salotto.core.tenancy import account_scope


@contextmanager
def database_or_busy() -> Iterator[None]:
    """Raises Busy where the database cannot be asked: whoever brings a mail keeps it then."""
    try:
        yield
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Busy from error


def receive(arrivals: Sequence[tuple[Place, Arrival]]) -> None:
    """Store mails, all or none, each for its place; they are committed when this returns.

    Raises Busy without a database.
    """
    with database_or_busy(), transaction.atomic():
        for place, arrival in arrivals:
            with account_scope(place.account):
                store(place.account, place.mailbox, [arrival])


def rotate_hook(mailbox_id: int, by: Member) -> str:
    """A new secret for the address that takes raw mail by HTTP; the former one is void. It is
    shown this once. Raises Forbidden, Missing."""
    must_manage_channels(by)
    secret = secrets.token_urlsafe(24)
    with setting_up(by):
        digest = sha256(secret.encode()).hexdigest()
        if not Mailbox.objects.filter(pk=mailbox_id).update(hook_digest=digest):
            raise Missing
        audit.record(by.account.pk, by.user.pk, "mailbox.hook_rotated", f"mailbox {mailbox_id}")
    return secret
