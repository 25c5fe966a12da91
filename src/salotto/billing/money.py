"""Money is an integer of minor units and a currency; no fraction is ever stored.

Two tables, because they differ: how many decimals a currency is shown with (ISO 4217, by
way of CLDR), and how many the gateway counts in (`gateways.stripe`).
"""

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency

EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""ISO 4217: the number of decimals of the minor unit, where it is not 2."""


def exponent(currency: str) -> int:
    """How many decimals the minor unit of this currency has (ISO 4217)."""
    return EXPONENTS.get(currency.upper(), 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (3800 EUR is €38.00, 3800 JPY is ¥3,800)."""

    amount: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def shown(self, language: str = "en") -> str:
        """As people read it, with all decimals of the currency: `€38.00`, `38,00 €`."""
        places = exponent(self.currency)
        pattern_digits = {"currency_digits": False, "decimal_quantization": False}
        quantum = self.decimal.quantize(Decimal(1).scaleb(-places))
        return str(format_currency(quantum, self.currency, locale=language, **pattern_digits))


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
