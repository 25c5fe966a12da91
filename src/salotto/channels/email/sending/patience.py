"""When a mail that could not be sent is tried again. PURE."""

from datetime import datetime, timedelta

ONE_MINUTE = timedelta(minutes=1)
SOON = timedelta(seconds=5)
MINUTES = (1, 4, 10, 15, 30, 60)
"""Minutes from a failed attempt to the next one; the last one from then on."""
GIVE_UP_AFTER = timedelta(days=2)
"""From the first attempt, or the first since it was tried by hand."""
WHILE_OFF = timedelta(minutes=5)
"""Between two looks whether an inbox that is switched off is on again."""
LOST_AFTER = timedelta(minutes=20)
"""A sender that has not said for so long what became of a mail is taken for dead."""
MOST_LOST = 6
"""Senders that one mail may take with it, one after the other."""


def next_try(attempts: int, first_at: datetime, now: datetime) -> datetime | None:
    """When to try again after so many failed attempts, of which the first was then; None when it has
    been long enough."""
    at = now + timedelta(minutes=MINUTES[min(max(attempts, 1), len(MINUTES)) - 1])
    return at if at - first_at <= GIVE_UP_AFTER else None


def when_allowed(
    answers: list[datetime], bulk: list[datetime], per_minute: int, now: datetime, *, is_bulk: bool
) -> datetime | None:
    """When a server that takes so many mails a minute takes the next one; None: now.

    `answers` and `bulk`: when mails to one person and mails to many went out, oldest first; what is
    to come is of a clock that was wrong. Mail
    to many leaves half of each minute to answers, and never takes the last place in it.
    """
    if not per_minute:
        return None
    answers, bulk = ([at for at in each if abs(now - at) < ONE_MINUTE] for each in (answers, bulk))
    if not is_bulk:
        return _full(sorted([*answers, *bulk[: per_minute - 1]]), per_minute)
    limits = (_full(bulk, max(1, per_minute // 2)), _full(sorted([*answers, *bulk]), per_minute))
    return max(filter(None, limits), default=None)


def _full(within: list[datetime], most: int) -> datetime | None:
    """When there is room again among so many of the last minute; None: there is."""
    return None if len(within) < most else within[-most] + ONE_MINUTE
