"""Which tax an invoice carries: one rate on the sum, decided by seller and buyer.

Source: Council Directive 2006/112/EC, articles 44, 196 (services between businesses) and 58
(electronic services to consumers), reduced to what an add-on sold by one seller needs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from salotto.billing.models import BillingDetails, Catalogue, TaxRate
from salotto.billing.money import tax_on

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
REVERSE_CHARGE = "reverse_charge"
EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Tax:
    """The rate of one invoice: `points` in hundredths of a per cent, and why it is 0."""

    name: str = ""
    points: int = 0
    note: str = ""

    def on(self, base: int) -> int:
        """Tax on a sum in minor units."""
        return tax_on(base, self.points)


def tax_for(
    catalogue: Catalogue, details: BillingDetails | None, rates: Iterable[TaxRate], at: datetime
) -> Tax:
    """The tax for this buyer on the day of this instant, by the catalogue's clock.

    A seller without a country charges none. A buyer without one is taken to be at home. In
    the EU a business of another member state (with a valid VAT number) owes the tax itself,
    a consumer pays the rate of the own country if the catalogue has it, else the seller's;
    who is outside of it pays none. Sellers elsewhere charge what the catalogue has for the
    buyer's country, or nothing.
    """
    day = at.astimezone(ZoneInfo(catalogue.time_zone)).date()
    seller = catalogue.seller_country
    buyer = (details.country if details else "") or seller
    if not seller:
        return Tax()
    if buyer == seller or seller not in EU:
        return _rate(rates, buyer, day)
    if buyer not in EU:
        return Tax(note=EXPORT)
    if details is not None and details.vat_number:
        return Tax(note=REVERSE_CHARGE)
    return _rate(rates, buyer, day) if _knows(rates, buyer) else _rate(rates, seller, day)


def _knows(rates: Iterable[TaxRate], country: str) -> bool:
    return any(rate.country == country for rate in rates)


def _rate(rates: Iterable[TaxRate], country: str, day: date) -> Tax:
    valid = [r for r in rates if r.country == country and r.valid_from <= day]
    newest = max(valid, key=lambda r: r.valid_from, default=None)
    return Tax(newest.name, newest.basis_points) if newest else Tax()
