"""When a mail that could not be sent is tried again. PURE."""

from datetime import datetime, timedelta

ONE_MINUTE = timedelta(minutes=1)
MINUTES = (1, 4, 10, 15, 30, 60)
"""Minutes from a failed attempt to the next one; the last one from then on."""
GIVE_UP_AFTER = timedelta(days=2)
"""From when the mail was queued, or last tried by hand."""
WHILE_OFF = timedelta(minutes=5)
"""Between two looks whether an inbox that is switched off is on again."""
LOST_AFTER = timedelta(minutes=15)
"""A sender that has not said for so long what became of a mail is taken for dead."""


def next_try(attempts: int, queued_at: datetime, now: datetime) -> datetime | None:
    """When to try again after so many failed attempts; None when it has been long enough."""
    at = now + timedelta(minutes=MINUTES[min(max(attempts, 1), len(MINUTES)) - 1])
    return at if at - queued_at <= GIVE_UP_AFTER else None


def when_allowed(recent: list[datetime], per_minute: int, now: datetime) -> datetime | None:
    """When a server that takes so many mails a minute takes the next one; None: now.

    `recent`: when the mails of the last minute went out, oldest first.
    """
    within = [at for at in recent if at > now - ONE_MINUTE]
    if not per_minute or len(within) < per_minute:
        return None
    return within[-per_minute] + ONE_MINUTE
