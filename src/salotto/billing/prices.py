"""Which version of the price is valid, for whom and until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from salotto.billing.models import Price


def price_for_new(prices: Iterable[Price], currency: str, at: datetime) -> Price | None:
    """What a first purchase at this instant pays; None if nothing is sold in the currency."""
    valid = [p for p in prices if p.currency == currency and _begins(p) <= at]
    return max(valid, key=lambda p: (p.new_from, p.pk), default=None)


def price_for_renewal(prices: Iterable[Price], current: Price, start: datetime) -> Price:
    """What an existing customer pays for a period that begins at `start`.

    The latest step that has come, by `existing_from` (of two at one instant the one entered
    last), whatever the order in which they were entered. The price they have counts as a step
    of its `existing_from` or, as long as that has not come, of its `new_from`: an older step is
    never gone back to. It depends on nothing else, so equal terms lead to equal prices.
    """
    came = [(_step(p, start), p.pk, p) for p in prices if p.currency == current.currency]
    known = (_step(current, start) or current.new_from, current.pk, current)
    later = [(at, pk, p) for at, pk, p in came if at is not None and (at, pk) > known[:2]]
    return max([known, *later], key=lambda step: step[:2])[2]


def _step(price: Price, start: datetime) -> datetime | None:
    """From when existing customers pay this version, if that has come at `start`."""
    came = price.existing_from is not None and price.existing_from <= start
    return price.existing_from if came else None


def changes_at(prices: Iterable[Price], currency: str, after: datetime) -> datetime | None:
    """When the price for new customers changes next."""
    coming = [_begins(p) for p in prices if p.currency == currency and _begins(p) > after]
    return min(coming, default=None)


def currencies(prices: Sequence[Price], at: datetime) -> list[str]:
    """What a first purchase can be paid in at this instant, the oldest currency first."""
    ordered = sorted((p for p in prices if _begins(p) <= at), key=lambda p: p.pk)
    return list(dict.fromkeys(p.currency for p in ordered))


def _begins(price: Price) -> datetime:
    """From when new customers pay it, in whole seconds, as an account's clock counts them."""
    return price.new_from.replace(microsecond=0)
