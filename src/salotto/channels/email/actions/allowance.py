"""How much an account may send by the installation's own server within an hour.

Nothing proves there that an address is the account's, and the name of the server suffers for all who
send by it. Mailboxes with a server of their own are bounded by that one. People are counted, not
mails; mail to many leaves half to answers. The count stands in the cache that all processes share,
and is kept under a lock of the database, so it is exact.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from salotto.channels.email.models import Mail
from salotto.channels.email.queries.sending import outgoing_server
from salotto.core import turns

HOUR = timedelta(hours=1)


def take(mail: Mail, people: int, now: datetime) -> datetime | None:
    """Count a mail to so many people that is about to go out, in the caller's account scope; or when
    there is room for it again. One that was tried before is counted already, as is one by a server
    of the mailbox's own."""
    if mail.attempts or outgoing_server(mail.mailbox_id) is not None:
        return None
    return take_for(mail.account_id, people, now, is_bulk=mail.kind == "bulk")


def take_for(account_id: int, people: int, now: datetime, *, is_bulk: bool = False) -> datetime | None:
    """The same for whatever an account sends by the installation's server."""
    most: int = settings.MAIL_PER_HOUR
    if not most:
        return None
    key = f"email.hour.{account_id}"
    with transaction.atomic():
        turns.take_turn(key)
        begun, sent, bulk = cache.get(key) or (now, 0, 0)
        if now >= begun + HOUR:
            begun, sent, bulk = now, 0, 0
        if sent >= most or (is_bulk and bulk >= max(1, most // 2)):
            return begun + HOUR
        cache.set(key, (begun, sent + people, bulk + people * is_bulk), HOUR.total_seconds())
    return None
