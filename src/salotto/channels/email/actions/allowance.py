"""How much an account may send by the installation's own server within an hour.

Nothing proves there that an address is the account's, and the name of the server suffers for all who
send by it. Mailboxes with a server of their own are bounded by that one. People are counted, not
mails; mail to many leaves half to answers. The hour is the one that ends now, whenever that is: what
was sent is kept in parts of ten minutes, each of which counts until its last mail is an hour old. So
at most as many as allowed are written to within any hour, and sometimes fewer. They stand in the cache
that all processes share, and are kept under a lock of the database, so the count is exact.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from salotto.core import turns

HOUR = timedelta(hours=1)
PART = 600
"""Seconds. Whatever waits is looked at again when a part has gone, so they are few."""
Part = tuple[datetime, datetime, int, int]
"""When its first and its last mail went, to how many people, and to how many of them as one of many."""


def take(account_id: int, people: int, now: datetime, *, is_bulk: bool = False) -> datetime | None:
    """Count a mail to so many people that is about to go out by the installation's server; or when there
    is room for it again. A mail to more people than are allowed goes when nothing else has gone for an
    hour."""
    most: int = settings.MAIL_PER_HOUR
    if not most:
        return None
    with _parts(account_id, now) as parts:
        later = [_room_at([(last, sent) for _, last, sent, _ in parts], most - people)]
        if is_bulk:
            half = max(1, most // 2)
            later.append(_room_at([(last, bulk) for _, last, _, bulk in parts], half - people))
        if any(later):
            return max(filter(None, later))
        parts[:] = _with(parts, now, people, people * is_bulk)
    return None


def give_back(account_id: int, people: int, now: datetime, *, is_bulk: bool = False) -> None:
    """So many of those who were counted have not got their mail: they are counted when it is tried again,
    by whatever server that is."""
    with _parts(account_id, now) as parts:
        for number, (first, last, all_of_it, bulk) in reversed([*enumerate(parts)]):
            less = min(people, bulk if is_bulk else all_of_it - bulk)
            parts[number] = (first, last, all_of_it - less, bulk - less * is_bulk)
            people -= less


@contextmanager
def _parts(account_id: int, now: datetime) -> Iterator[list[Part]]:
    """What counts now, oldest first, to be changed by the block, one after the other. What is to come is
    of a clock that was wrong."""
    key = f"email.sent.{account_id}"
    with transaction.atomic():
        turns.take_turn(key)
        kept: list[Part] = cache.get(key) or []
        parts = [part for part in kept if part[1] + HOUR > now and part[0] < now + HOUR]
        yield parts
        if parts:
            cache.set(key, parts, HOUR.total_seconds())


def _room_at(parts: list[tuple[datetime, int]], left: int) -> datetime | None:
    """When, of these parts with so many people, no more than `left` count any longer; None: now."""
    held, at = sum(people for _, people in parts), None
    for last, people in parts:
        if held <= max(left, 0):
            break
        held, at = held - people, last + HOUR
    return at


def _with(parts: list[Part], now: datetime, people: int, bulk: int) -> list[Part]:
    """The parts, oldest first, after a mail that goes now."""
    if parts and (now - parts[-1][0]).total_seconds() < PART:
        first, last, people_before, bulk_before = parts[-1]
        return [*parts[:-1], (first, max(last, now), people_before + people, bulk_before + bulk)]
    return [*parts, (now, now, people, bulk)]
