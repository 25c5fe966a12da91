"""The catalogue as operators read it: what applies today, and what comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from salotto.billing.days import today
from salotto.billing.models import Catalogue, Price, TaxRate
from salotto.billing.money import Money
from salotto.billing.prices import price_for_new
from salotto.core import clock

MOST = 500
"""Versions and rates that are shown, the newest; more than any operator makes."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A version of a price: `new` and `existing` are "now", "later", "past" or "never"."""

    id: int
    currency: str
    amount: Money
    new_from: datetime
    existing_from: datetime | None
    new: str
    existing: str
    by: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """A country's rate; `when` is "now", "later" or "past"."""

    id: int
    country: str
    name: str
    basis_points: int
    valid_from: str
    when: str


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The whole catalogue; prices by currency, the newest first."""

    terms: Catalogue
    now: datetime
    sale_ends_at: datetime | None
    extra_sale_ends_at: datetime | None
    support_account: str
    prices: list[PriceRow]
    rates: list[RateRow]

    @property
    def usual_currency(self) -> str:
        """The currency that was sold in first: what a purchase begins with, too."""
        return min(self.prices, key=lambda price: price.id).currency if self.prices else "EUR"


def catalogue() -> CatalogueView:
    """Everything in it; three queries."""
    terms = Catalogue.objects.select_related("support_account").get(pk=1)
    prices = list(Price.objects.select_related("created_by").order_by("currency", "-new_from", "-id")[:MOST])
    rates = list(TaxRate.objects.order_by("country", "-valid_from")[:MOST])
    now = clock.now()
    return CatalogueView(
        terms=terms,
        now=now,
        sale_ends_at=terms.sale_ends_at(),
        extra_sale_ends_at=terms.extra_sale_ends_at(),
        support_account=terms.support_account.slug if terms.support_account else "",
        prices=[_price(price, prices, now) for price in prices],
        rates=_rates(rates, today(terms.time_zone, now)),
    )


def _price(price: Price, prices: list[Price], now: datetime) -> PriceRow:
    return PriceRow(
        id=price.pk,
        currency=price.currency,
        amount=Money(price.unit_amount, price.currency),
        new_from=price.new_from,
        existing_from=price.existing_from,
        new=_for_new(price, prices, now),
        existing=_for_existing(price, prices, now),
        by=price.created_by.email if price.created_by else "",
    )


def _for_new(price: Price, prices: list[Price], now: datetime) -> str:
    if price.new_from > now:
        hidden = price_for_new(prices, price.currency, price.new_from)
        return "later" if hidden and hidden.pk == price.pk else "never"
    valid = price_for_new(prices, price.currency, now)
    return "now" if valid and valid.pk == price.pk else "past"


def _for_existing(price: Price, prices: Iterable[Price], now: datetime) -> str:
    """What a renewal of today takes, for whoever bought before this version was made."""
    if price.existing_from is None:
        return "never"
    if price.existing_from > now:
        return "later"
    begun = [p for p in prices if p.currency == price.currency and p.existing_from and p.existing_from <= now]
    newest = max(begun, key=lambda p: (p.existing_from or now, p.pk))
    return "now" if newest.pk == price.pk else "past"


def _rates(rates: list[TaxRate], day: object) -> list[RateRow]:
    seen: set[str] = set()
    rows = []
    for rate in rates:  # each country's newest first
        when = "later" if str(rate.valid_from) > str(day) else "past" if rate.country in seen else "now"
        if when == "now":
            seen.add(rate.country)
        rows.append(RateRow(rate.pk, rate.country, rate.name, rate.basis_points, str(rate.valid_from), when))
    return rows


def time_zone() -> str:
    """The time zone of the catalogue, and of the operator pages."""
    return str(Catalogue.objects.values_list("time_zone", flat=True).get(pk=1))


def terms_today() -> date:
    """Today in that time zone: what a day that an operator names is compared with."""
    return today(time_zone(), clock.now())
