"""Money is an integer of minor units and a currency; no fraction is ever stored.

Two tables, because they differ: how many decimals a currency has (ISO 4217, here), and how
many the gateway counts in (`gateways.stripe`). CLDR's own table is not used: it hides the
decimals of currencies whose coins are out of use.
"""

import decimal
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern
from django.utils.translation import gettext_lazy as _

from salotto.core.errors import Invalid

EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""ISO 4217: the number of decimals of the minor unit, where it is not 2."""

SHARED = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})
"""Currencies of several countries; the other codes in X are metals, funds, tests and "none"."""

LARGEST = 2**63 - 1
"""The largest amount that a column holds, in minor units."""

TYPED = re.compile(r"(-?)(\d+|\d{1,3}([.,' ])\d{3}(?:\3\d{3})*)(?:(?!\3)[.,](\d+))?", re.ASCII)
"""A sign, the whole (with a sign between thousands, always the same), and decimals after another."""

LETTER_BY_DIGIT = re.compile(r"([^\W\d_])(?=\d)")


def exponent(currency: str) -> int:
    """How many decimals the minor unit of this currency has (ISO 4217)."""
    return EXPONENTS.get(currency.upper(), 2)


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency, in capitals (ISO 4217, by way of CLDR)."""
    return code in Locale("en").currencies and (code[0] != "X" or code in SHARED)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (3800 EUR is €38.00, 3800 JPY is ¥3,800)."""

    amount: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        with decimal.localcontext(decimal.Context(prec=decimal.MAX_PREC)):
            return Decimal(self.amount).scaleb(-exponent(self.currency))

    def shown(self, language: str = "en") -> str:
        """As people read it, with all decimals of the currency: `€38.00`, `38,00 €`."""
        code = self.currency.upper()
        # Room for every digit: the usual 28 would refuse what a column can hold, many times over.
        with decimal.localcontext(decimal.Context(prec=len(str(self.amount)) + 10)):
            text = _pattern(language, exponent(code)).apply(
                self.decimal, language.replace("-", "_"), currency=code, currency_digits=False
            )
        return LETTER_BY_DIGIT.sub("\\1\u00a0", str(text))  # KWD 1.500, as CLDR asks beside letters


@cache
def _pattern(language: str, places: int) -> NumberPattern:
    """The language's pattern of an amount of money, with exactly so many decimals."""
    usual = Locale.parse(language, sep="-").currency_formats["standard"]
    pattern = parse_pattern(usual.pattern)
    pattern.frac_prec = (places, places)
    return pattern


def parse_amount(text: str, currency: str) -> int:
    """What an operator types (`19`, `19.00`, `19,00`, `1.900,00`) in minor units.

    What could mean decimals or thousands (`1.900` in euros) is refused, not guessed. Raises
    Invalid with a sentence: no currency, no number, ambiguous, too many decimals, or larger
    than a column holds.
    """
    places = exponent(_currency(currency))
    found = TYPED.fullmatch(text.strip().replace("\u00a0", " ").replace("’", "'"))
    if found is None or len(text) > 60:
        raise Invalid(_("Write the amount in digits, like 19.00. Nothing was changed."))
    sign, whole, _group, decimals = found.groups(default="")
    if len(decimals) == 3 != places and re.fullmatch(r"[1-9]\d{0,2}", whole):
        raise Invalid(_("Are these decimals or thousands? Write it like 1900 or 1.90. Nothing was changed."))
    if len(decimals) > places:
        raise Invalid(_("This amount has more decimals than its currency. Nothing was changed."))
    amount = int(re.sub(r"\D", "", whole) + decimals.ljust(places, "0"))
    if amount > LARGEST:
        raise Invalid(_("This amount is too large. Nothing was changed."))
    return -amount if sign else amount


def _currency(code: str) -> str:
    """The code in capitals; raises Invalid for one that is no currency."""
    known = code.strip().upper()
    if not is_currency(known):
        raise Invalid(_("“%(code)s” is not the code of a currency, like EUR.") % {"code": code[:20]})
    return known


def divide(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, halves away from zero, in integers only.

    Raises ZeroDivisionError for a denominator of 0.
    """
    quotient, rest = divmod(abs(numerator), abs(denominator))
    rounded = quotient + (1 if 2 * rest >= abs(denominator) else 0)
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def tax_on(base: int, basis_points: int) -> int:
    """Tax in minor units on a sum, at a rate in hundredths of a per cent (2200 is 22 %)."""
    return divide(base * basis_points, 10_000)
