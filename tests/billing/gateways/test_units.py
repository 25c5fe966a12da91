"""The gateway's units: exact both ways, in every currency that there is."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from salotto.billing.gateways import units
from salotto.billing.money import is_currency

CURRENCIES = sorted(code for code in Locale("en").currencies if is_currency(code))


@pytest.mark.parametrize(
    ("amount", "currency", "theirs"),
    [
        (1900, "EUR", 1900),
        (1900, "JPY", 1900),
        (5, "ISK", 500),  # written with two decimals that are always zero
        (5, "UGX", 500),
        (5120, "KWD", 5120),
        (1900, "MGA", 19),  # no decimals there, two here
        (1045, "HUF", 1045),
    ],
)
def test_an_amount_in_the_gateways_units(amount: int, currency: str, theirs: int) -> None:
    assert units.theirs(amount, currency) == theirs
    assert units.ours(theirs, currency) == amount


@pytest.mark.parametrize(("amount", "currency"), [(5124, "KWD"), (1901, "MGA"), (1, "BHD")])
def test_what_cannot_be_exact_is_no_amount(amount: int, currency: str) -> None:
    with pytest.raises(ValueError, match="exactly"):
        units.theirs(amount, currency)


def test_a_foreign_amount_between_two_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole amount"):
        units.ours(150, "ISK")


@given(st.sampled_from(CURRENCIES), st.integers(0, 10**9))
def test_the_exact_part_is_the_largest_and_goes_both_ways(currency: str, amount: int) -> None:
    exact = units.exact(amount, currency)
    assert 0 <= exact <= amount < exact + units.step(currency)
    assert units.ours(units.theirs(exact, currency), currency) == exact


@given(st.sampled_from(CURRENCIES))
def test_the_limits_are_amounts_that_can_be_charged(currency: str) -> None:
    least, most = units.minimum(currency), units.maximum(currency)
    assert 0 < least < most
    assert units.exact(least, currency) == least and units.exact(most, currency) == most
    assert units.theirs(most, currency) <= units.LARGEST
    assert units.theirs(most + units.step(currency), currency) > units.LARGEST
