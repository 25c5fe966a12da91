"""What became of a mail to many; in the caller's account scope."""

from salotto.channels.email import statuses
from salotto.channels.email.models import BatchRecipient, Mail, MailState

MOST_LOST = 1000
"""People of a mail to many who are named at once."""


def lost_mails(batch: int) -> list[int]:
    """The mails of a batch that did not arrive and may be tried again, oldest first."""
    people = BatchRecipient.objects.filter(batch=batch).exclude(conversation=None)
    lost = Mail.objects.filter(
        kind="bulk",
        conversation__in=people.values("conversation"),
        state__in=[MailState.FAILED, MailState.BOUNCED],
    ).order_by("id")
    rows = lost.values_list("id", "error")[:MOST_LOST]
    return [mail for mail, words in rows if not statuses.is_hopeless(words)]
