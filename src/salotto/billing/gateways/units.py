"""The units that Stripe counts money in, and the smallest and largest charge in them.

They differ from ISO 4217 (`money.exponent`): ISK and UGX have no decimals any more but are
still written with two, MGA is written with none, and of three decimals the last one must be
zero. The sandbox keeps the same limits, so that it teaches nothing that would not hold later.
"""

from salotto.billing.money import exponent

LARGEST = 99_999_999
"""The largest charge, in the gateway's units (rule S5)."""

WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
WITH_THREE = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))

MINIMUMS = {
    **dict.fromkeys(("AUD", "BRL", "CAD", "CHF", "EUR", "INR", "JPY", "NZD", "SGD", "USD"), 50),
    **{"GBP": 30, "BGN": 100, "AED": 200, "MYR": 200, "PLN": 200, "RON": 200, "DKK": 250},
    **{"NOK": 300, "SEK": 300, "HKD": 400, "MXN": 1000, "THB": 1000, "CZK": 1500, "HUF": 17_500},
}
"""The smallest charge where Stripe names one, in minor units as we count."""


def minimum(currency: str) -> int:
    """The smallest charge in minor units as we count.

    Where Stripe names none it asks for the worth of its smallest charge in another currency,
    which moves with the rates; ours is then a thousand of a currency without decimals and one
    whole unit of any other, and what is too little all the same is refused by the gateway.
    """
    return MINIMUMS.get(currency.upper(), _power(exponent(currency) or 3))


def maximum(currency: str) -> int:
    """The largest charge in minor units as we count."""
    return exact(_ours(LARGEST, currency), currency)


def exact(amount: int, currency: str) -> int:
    """The largest amount ≤ `amount` (≥ 0, minor units as we count) that can be charged exactly."""
    return amount - amount % step(currency)


def step(currency: str) -> int:
    """Chargeable amounts are multiples of this, in minor units as we count."""
    code = currency.upper()
    coarser = _power(max(0, exponent(code) - places(code)))
    return 10 * coarser if code in WITH_THREE else coarser


def places(currency: str) -> int:
    """How many decimals the gateway counts in."""
    code = currency.upper()
    if code in WITHOUT_DECIMALS:
        return 0
    return 3 if code in WITH_THREE else 2


def theirs(amount: int, currency: str) -> int:
    """An amount of ours in the gateway's units; raises ValueError if it cannot be exact."""
    if amount % step(currency):
        raise ValueError(f"{amount} {currency} cannot be charged exactly")
    shift = places(currency) - exponent(currency)
    return amount * _power(shift) if shift >= 0 else amount // _power(-shift)


def ours(amount: int, currency: str) -> int:
    """An amount of the gateway's in minor units as we count; raises ValueError if inexact."""
    shift = places(currency) - exponent(currency)
    if shift > 0 and amount % _power(shift):
        raise ValueError(f"{amount} {currency} of the gateway is no whole amount of ours")
    return _ours(amount, currency)


def _ours(amount: int, currency: str) -> int:
    shift = places(currency) - exponent(currency)
    return amount // _power(shift) if shift >= 0 else amount * _power(-shift)


def _power(number: int) -> int:
    return int(10**number)
