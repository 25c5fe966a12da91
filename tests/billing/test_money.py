"""Money: how it is shown, read from what people type, and divided."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salotto.billing.money import (
    EXPONENTS,
    LARGEST,
    Money,
    divide,
    exponent,
    is_currency,
    parse_amount,
    tax_on,
)
from salotto.core.errors import Invalid
from tests.property.profiles import chosen

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "italian"),
    [
        (3800, "EUR", "€38.00", "38,00_€"),
        (3800, "USD", "$38.00", "38,00_USD"),
        (3800, "JPY", "¥3,800", "3.800_JPY"),
        (3800, "KWD", "KWD_3.800", "3,800_KWD"),
        (1500, "KWD", "KWD_1.500", "1,500_KWD"),
        (3800, "CHF", "CHF_38.00", "38,00_CHF"),
        (3850, "SEK", "SEK_38.50", "38,50_SEK"),
        (3800, "ISK", "ISK_3,800", "3.800_ISK"),
        (3850, "HUF", "HUF_38.50", "38,50_HUF"),
        (0, "EUR", "€0.00", "0,00_€"),
        (-5, "EUR", "-€0.05", "-0,05_€"),
        (-123456, "JPY", "-¥123,456", "-123.456_JPY"),
        (2**63, "EUR", "€92,233,720,368,547,758.08", "92.233.720.368.547.758,08_€"),
        (-(2**63), "KWD", "-KWD_9,223,372,036,854,775.808", "-9.223.372.036.854.775,808_KWD"),
        (1900, "QQQ", "QQQ_19.00", "19,00_QQQ"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(
    amount: int, currency: str, english: str, italian: str
) -> None:
    assert Money(amount, currency).shown() == english.replace("_", SPACE)
    assert Money(amount, currency).shown("it") == italian.replace("_", SPACE)


def test_a_regional_language_shows_money_too() -> None:
    assert Money(3800, "EUR").shown("en-gb") == "€38.00"


def test_no_digit_is_lost_however_large() -> None:
    assert Money(10**60 + 1, "EUR").shown().replace(",", "") == "€1" + "0" * 58 + ".01"


@pytest.mark.parametrize(
    ("currency", "places"),
    [("EUR", 2), ("usd", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("CLF", 4), ("QQQ", 2)],
)
def test_the_minor_unit_is_that_of_iso_4217(currency: str, places: int) -> None:
    assert exponent(currency) == places


def test_every_exception_is_a_currency() -> None:
    assert [code for code in EXPONENTS if not is_currency(code)] == []


@pytest.mark.parametrize("code", ["", "eur", "EURO", "ZZZ", "XTS", "XAU", "€", "E R"])
def test_what_is_no_currency_is_known(code: str) -> None:
    assert not is_currency(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19", "EUR", 1900),
        ("19.00", "EUR", 1900),
        ("19,00", "eur", 1900),
        ("19,5", "EUR", 1950),
        (" 0.05 ", "USD", 5),
        ("1.900,00", "EUR", 190000),
        ("1,900.00", "EUR", 190000),
        ("1 900,00", "SEK", 190000),
        ("1\u00a0900", "SEK", 190000),
        ("1'900.50", "CHF", 190050),
        ("1’900.50", "CHF", 190050),
        ("1.900.000", "EUR", 190000000),
        ("-19", "EUR", -1900),
        ("0", "EUR", 0),
        ("1500", "JPY", 1500),
        ("1,900,000", "JPY", 1900000),
        ("1.5", "KWD", 1500),
        ("1.555", "KWD", 1555),
        ("92233720368547758.07", "EUR", LARGEST),
    ],
)
def test_what_an_operator_types_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "word"),
    [
        ("1.900", "EUR", "thousands"),
        ("1,900", "EUR", "thousands"),
        ("19.900", "JPY", "thousands"),
        ("0.900", "EUR", "more decimals"),
        ("19.999", "EUR", "thousands"),
        ("1900.000", "EUR", "more decimals"),
        ("19.0", "JPY", "more decimals"),
        ("1.5555", "KWD", "more decimals"),
        ("", "EUR", "digits"),
        ("nineteen", "EUR", "digits"),
        ("1e3", "EUR", "digits"),
        ("+3", "EUR", "digits"),
        ("19.", "EUR", "digits"),
        (".5", "EUR", "digits"),
        ("1.9.0", "EUR", "digits"),
        ("1,900,00", "EUR", "digits"),
        ("€19", "EUR", "digits"),
        ("\u0661\u0669", "EUR", "digits"),
        ("NaN", "EUR", "digits"),
        ("9" * 5000, "EUR", "digits"),
        ("92233720368547758.08", "EUR", "too large"),
        ("19", "EURO", "currency"),
        ("19", "", "currency"),
        ("19", "XTS", "currency"),
    ],
)
def test_what_cannot_be_meant_in_one_way_only_is_refused_with_a_sentence(
    text: str, currency: str, word: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_amount(text, currency)
    assert word in str(refused.value.message)


@chosen(200, 1)
@given(st.integers(-(10**18), 10**18), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_an_amount_typed_in_full_comes_back(amount: int, currency: str) -> None:
    assert parse_amount(f"{Money(amount, currency).decimal:f}", currency) == amount


@chosen(200, 1)
@given(st.integers(), st.integers().filter(bool))
def test_division_rounds_halves_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    size = abs(exact)
    rounded = int(size) + (1 if size - int(size) >= Fraction(1, 2) else 0)
    assert divide(numerator, denominator) == (rounded if exact >= 0 else -rounded)


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"),
    [
        (1, 2, 1),
        (-1, 2, -1),
        (3, 2, 2),
        (5, 2, 3),
        (-5, 2, -3),
        (5, -2, -3),
        (1, 3, 0),
        (-1, 3, 0),
        (0, -7, 0),
    ],
)
def test_a_half_goes_away_from_zero(numerator: int, denominator: int, result: int) -> None:
    assert divide(numerator, denominator) == result


def test_nothing_divides_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)


@pytest.mark.parametrize(
    ("base", "points", "tax"),
    [(3800, 2200, 836), (-3800, 2200, -836), (5, 1000, 1), (4, 1000, 0), (100, 0, 0)],
)
def test_tax_is_rounded_on_the_sum(base: int, points: int, tax: int) -> None:
    assert tax_on(base, points) == tax
