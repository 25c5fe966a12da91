"""Who sends so many automatic mails that nothing of theirs counts as a person's."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from salotto.channels.email.letters import Opened
from salotto.channels.email.models import Mailbox

MOST_AUTOMATIC = 10
"""Automatic mails of one sender within an hour; more are a loop."""
_NOISY = """
    SELECT given.sender
      FROM unnest(%(senders)s::text[]) AS given(sender)
     WHERE (SELECT count(*)
              FROM (SELECT FROM email_mail mail
                     WHERE mail.account_id = %(account)s AND mail.mailbox_id = %(mailbox)s
                       AND lower(mail.sender) = given.sender AND NOT (mail.automatic = '')
                       AND mail.created_at > now() - interval '1 hour'
                     LIMIT %(most)s + 1) recent) > %(most)s
"""


def noisy_senders(mailbox: Mailbox, opened: Sequence[Opened]) -> frozenset[str]:
    """Those of the writers (their addresses in lower case) who sent this mailbox more than ten
    automatic mails within the last hour."""
    senders = list({one.mail.sender.address.lower() for one in opened if not one.automatic} - {""})
    if not senders:
        return frozenset()
    given: dict[str, Any] = {
        "account": mailbox.account_id, "mailbox": mailbox.pk, "senders": senders, "most": MOST_AUTOMATIC
    }  # fmt: skip
    with connection.cursor() as db:
        db.execute(_NOISY, given)
        return frozenset(sender for (sender,) in db.fetchall())
