"""Quotes: what the dialog shows, pinned to an instant and signed; nothing is stored for one.

A quote is a pure function of the account's standing and the number of seats asked for, so
that the claim can make it again at its own instant and compare: whatever has changed since,
in the account or in the catalogue, ends it (rule S11: what is charged is what was shown).
"""

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core import signing

from salotto.billing.errors import (
    BadQuantity,
    ForgedQuote,
    NoPrice,
    NoSuchCycle,
    OverGatewayLimit,
    PastDue,
    RenewalFirst,
    SaleOver,
    SelfServiceOver,
)
from salotto.billing.gateways import gateway
from salotto.billing.models import Price, State
from salotto.billing.money import Money
from salotto.billing.period import MONTHS, Period, period, period_at
from salotto.billing.prices import changes_at, currencies, price_for_new, price_for_renewal
from salotto.billing.proration import prorated
from salotto.billing.standing import Standing
from salotto.billing.tax import Tax, tax_for

LIFE = timedelta(minutes=15)
SALT = "salotto.billing.quote"
MOST = 2**31 - 1
"""What the column holds; not a limit of the plan (rule S5)."""
LONGEST = 4096
"""Characters of a token; ours have about a tenth."""
LARGEST = 10**15
"""Minor units; beyond it no currency's invoice makes sense, and sums stay far from 2⁶³."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What `add` more seats cost, at the instant `at`. Money in minor units of `currency`.

    `delta` seats are charged now (high-water rule), `unit` is one seat for a whole period;
    total = balance_used + carried + amount, and `amount` is what the gateway is asked for;
    `next_…` is what each following period costs.
    """

    id: UUID
    account_id: int
    version: int
    is_first: bool
    add: int
    quantity_from: int
    quantity_to: int
    next_from: int
    next_to: int
    delta: int
    unit: int
    price_id: int
    currency: str
    cycle: str
    at: datetime
    period_start: datetime
    period_end: datetime
    months: int
    anchor: datetime
    subtotal: int
    tax_name: str
    tax_points: int
    tax_note: str
    tax: int
    total: int
    balance_used: int
    carried: int
    amount: int
    next_subtotal: int
    next_tax: int
    next_total: int
    gateway: str
    method_id: int | None
    expires_at: datetime

    @property
    def token(self) -> str:
        """The signed form that travels through the browser and back."""
        return signing.dumps([_plain(getattr(self, f.name)) for f in fields(self)], salt=SALT, compress=True)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    return int(value.timestamp()) if isinstance(value, datetime) else value


def read_quote(token: object) -> Quote:
    """The quote behind a token; raises ForgedQuote for what we have not signed."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise ForgedQuote()
    try:
        values = signing.loads(token, salt=SALT)
        return Quote(
            **{f.name: _fancy(f.type, value) for f, value in zip(fields(Quote), values, strict=True)}
        )
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise ForgedQuote() from None


def _fancy(kind: Any, value: Any) -> Any:
    if kind is UUID:
        return UUID(value)
    return datetime.fromtimestamp(value, UTC) if kind is datetime else value


def quantity_of(given: object) -> int:
    """A number of seats from what a form or a program sent; raises BadQuantity."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise BadQuantity()
    if isinstance(given, str) and not re.fullmatch(r"[0-9]{1,10}", given.strip(), re.ASCII):
        raise BadQuantity()
    number = int(given)
    if not 1 <= number <= MOST:
        raise BadQuantity()
    return number


def make_quote(
    st: Standing,
    add: int,
    *,
    currency: str = "",
    cycle: str = "",
    at: datetime | None = None,
    quote_id: UUID | None = None,
) -> Quote:
    """The quote for `add` more seats; pure. Raises what `queries.quote_seats` says."""
    _must_be_sold(st)
    at = at or st.now
    price = _price(st, currency, at)
    cycle = _cycle(st, cycle)
    span, anchor = _period(st, cycle, at)
    seats = _seats(st, add)
    unit = price.unit_amount * MONTHS[cycle]
    tax = tax_for(st.catalogue, st.details, st.rates, at)
    subtotal = prorated(seats["delta"], unit, span.start, span.end, at)
    total = subtotal + tax.on(subtotal)
    return Quote(
        id=quote_id or uuid4(),
        account_id=st.account.pk,
        version=st.subscription.version,
        is_first=st.is_first,
        add=add,
        **seats,
        unit=unit,
        price_id=price.pk,
        currency=price.currency,
        cycle=cycle,
        at=at,
        period_start=span.start,
        period_end=span.end,
        months=span.months,
        anchor=anchor,
        subtotal=subtotal,
        tax_name=tax.name,
        tax_points=tax.points,
        tax_note=tax.note,
        tax=total - subtotal,
        total=total,
        **due_now(st, total, price.currency),
        **_following(st, seats["next_to"], price, cycle, span, tax),
        gateway=gateway_of(st),
        method_id=_method(st),
        expires_at=_expiry(st, price.currency, span, at),
    )


def gateway_of(st: Standing) -> str:
    """The name of the account's gateway: its own, or the installation's."""
    return st.subscription.gateway or settings.BILLING_GATEWAY


def _method(st: Standing) -> int | None:
    fits = st.method is not None and st.method.gateway == gateway_of(st)
    return st.method.pk if fits and st.method else None


def _must_be_sold(st: Standing) -> None:
    """Rules S14 and 21: raises SaleOver, SelfServiceOver, PastDue or RenewalFirst."""
    if st.subscription.state in (State.PAST_DUE, State.UNPAID):
        raise PastDue()
    if st.period_over:
        raise RenewalFirst()
    over = st.catalogue.sale_ends_at() if st.is_first else st.catalogue.extra_sale_ends_at()
    if over is not None and st.now >= over:
        raise SaleOver() if st.is_first else SelfServiceOver()


def _price(st: Standing, currency: str, at: datetime) -> Price:
    if not st.is_first:
        current = next((p for p in st.prices if p.pk == st.subscription.price_id), None)
        if current is None or currency not in ("", current.currency):
            raise NoPrice()
        return current
    usual = [st.subscription.currency, *currencies(st.prices, at)]
    wanted = currency or next(filter(None, usual), "")
    found = price_for_new(st.prices, wanted, at)
    if found is None:
        raise NoPrice()
    return found


def _cycle(st: Standing, cycle: str) -> str:
    if cycle not in ("", *MONTHS):
        raise NoSuchCycle()
    return cycle or st.subscription.cycle if st.is_first else st.subscription.cycle


def _period(st: Standing, cycle: str, at: datetime) -> tuple[Period, datetime]:
    """The period that is bought into, and its anchor: the account's cycle if it has one (S9)."""
    sub = st.subscription
    if not st.is_first and sub.period_start and sub.period_end and sub.anchor:
        return Period(sub.period_start, sub.period_end, sub.months), sub.anchor
    if sub.anchor is not None:
        return period_at(sub.anchor, at, cycle, sub.time_zone), sub.anchor
    return period(at, 0, cycle, st.account.time_zone), at


def _seats(st: Standing, add: int) -> dict[str, int]:
    """Rules 18 and S12: what was to be removed is taken back first, the rest is new.

    What support adds at the renewal (rule S14) stays scheduled on top, and is not charged now.
    """
    sub = st.subscription
    removed = max(0, sub.quantity - sub.quantity_next)
    next_to = sub.quantity_next + add
    quantity_to = sub.quantity + max(0, add - removed)
    if max(quantity_to, next_to) > MOST:
        raise BadQuantity()
    return {
        "quantity_from": sub.quantity,
        "quantity_to": quantity_to,
        "next_from": sub.quantity_next,
        "next_to": next_to,
        "delta": max(0, quantity_to - sub.high_water),
    }


def due_now(st: Standing, total: int, currency: str) -> dict[str, int]:
    """How a total is met: from the balance, carried to the next invoice (rule 22), charged.

    What was carried before makes the balance negative and is collected with this total.
    Raises OverGatewayLimit (rule S5).
    """
    port = gateway(gateway_of(st))
    used = min(st.balance.get(currency, 0), total)
    due = total - used
    amount = 0 if due < port.minimum(currency) else port.exact(due, currency)
    limit = min(port.maximum(currency) or LARGEST, LARGEST)
    if amount > limit:
        raise OverGatewayLimit(Money(limit, currency))
    return {"balance_used": used, "carried": due - amount, "amount": amount}


def _following(st: Standing, seats: int, price: Price, cycle: str, span: Period, tax: Tax) -> dict[str, int]:
    """What a whole period costs, from the next renewal on."""
    later = price_for_renewal(st.prices, price, span.end)
    months = MONTHS[cycle if st.is_first else st.subscription.cycle_next]
    subtotal = seats * later.unit_amount * months
    return {
        "next_subtotal": subtotal,
        "next_tax": tax.on(subtotal),
        "next_total": subtotal + tax.on(subtotal),
    }


def _expiry(st: Standing, currency: str, span: Period, at: datetime) -> datetime:
    """15 minutes at most; it dies with the period, the price or the sale."""
    ends: list[datetime | None] = [at + LIFE, span.end]
    if st.is_first:
        ends += [changes_at(st.prices, currency, at), st.catalogue.sale_ends_at()]
    else:
        ends.append(st.catalogue.extra_sale_ends_at())
    return min(end for end in ends if end is not None).replace(microsecond=0)
