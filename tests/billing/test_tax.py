"""Which tax is charged to whom."""

from datetime import UTC, date, datetime

import pytest

from salotto.billing.models import BillingDetails, Catalogue, TaxRate
from salotto.billing.tax import Tax, tax_for

NOON = datetime(2026, 6, 11, 12, tzinfo=UTC)
RATES = [
    TaxRate(country="IT", name="IVA", basis_points=2200, valid_from=date(2013, 10, 1)),
    TaxRate(country="IT", name="IVA", basis_points=2300, valid_from=date(2026, 7, 1)),
    TaxRate(country="DE", name="MwSt", basis_points=1900, valid_from=date(2007, 1, 1)),
    TaxRate(country="CH", name="MWST", basis_points=810, valid_from=date(2024, 1, 1)),
]


def tax(seller: str, buyer: str, number: str = "", at: datetime = NOON, zone: str = "Europe/Rome") -> Tax:
    details = BillingDetails(country=buyer, vat_number=number)
    return tax_for(Catalogue(seller_country=seller, time_zone=zone), details, RATES, at)


@pytest.mark.parametrize(
    ("seller", "buyer", "number", "expected"),
    [
        ("", "IT", "", Tax()),
        ("IT", "IT", "", Tax("IVA", 2200)),
        ("IT", "IT", "IT00743110157", Tax("IVA", 2200)),
        ("IT", "", "", Tax("IVA", 2200)),
        ("IT", "DE", "DE136695976", Tax(note="reverse_charge")),
        ("IT", "DE", "", Tax("MwSt", 1900)),
        ("IT", "FR", "", Tax("IVA", 2200)),
        ("IT", "US", "", Tax(note="export")),
        ("IT", "CH", "CHE107787577IVA", Tax(note="export")),
        ("CH", "CH", "", Tax("MWST", 810)),
        ("CH", "IT", "", Tax("IVA", 2200)),
        ("CH", "US", "", Tax()),
    ],
)
def test_who_pays_which_tax(seller: str, buyer: str, number: str, expected: Tax) -> None:
    assert tax(seller, buyer, number) == expected


def test_who_has_no_details_is_taken_to_be_at_home() -> None:
    assert tax_for(Catalogue(seller_country="IT", time_zone="UTC"), None, RATES, NOON) == Tax("IVA", 2200)


@pytest.mark.parametrize(
    ("at", "points"),
    [(datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), 2200), (datetime(2026, 6, 30, 22, tzinfo=UTC), 2300)],
)
def test_a_rate_begins_at_midnight_of_the_catalogues_clock(at: datetime, points: int) -> None:
    assert tax("IT", "IT", at=at).points == points


def test_before_the_first_rate_there_is_none() -> None:
    assert tax("IT", "IT", at=datetime(2010, 1, 1, tzinfo=UTC)) == Tax()


def test_tax_is_rounded_half_away_from_zero() -> None:
    assert Tax("IVA", 2200).on(25) == 6  # 5.5
    assert Tax("IVA", 2200).on(-25) == -6
