"""Which version of the price is valid, for whom and until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from salotto.billing.models import Price


def price_for_new(prices: Iterable[Price], currency: str, at: datetime) -> Price | None:
    """What a first purchase at this instant pays; None if nothing is sold in the currency."""
    valid = [p for p in prices if p.currency == currency and p.new_from <= at]
    return max(valid, key=lambda p: (p.new_from, p.pk), default=None)


def price_for_renewal(prices: Iterable[Price], current: Price, start: datetime) -> Price:
    """What an existing customer pays for a period that begins at `start`.

    The latest version whose `existing_from` has come; without one they keep their price. A
    version older than the one they bought at is never gone back to.
    """
    valid = [
        p
        for p in prices
        if p.currency == current.currency
        and p.existing_from
        and p.existing_from <= start
        and p.pk > current.pk
    ]
    return max(valid, key=lambda p: (p.existing_from or start, p.pk), default=current)


def changes_at(prices: Iterable[Price], currency: str, after: datetime) -> datetime | None:
    """When the price for new customers changes next."""
    coming = [p.new_from for p in prices if p.currency == currency and p.new_from > after]
    return min(coming, default=None)


def currencies(prices: Sequence[Price], at: datetime) -> list[str]:
    """What a first purchase can be paid in at this instant, the oldest currency first."""
    ordered = sorted((p for p in prices if p.new_from <= at), key=lambda p: p.pk)
    return list(dict.fromkeys(p.currency for p in ordered))
