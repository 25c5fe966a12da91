"""An amount and how it came about, in words: `salotto billing explain`.

Pure: works on lines of a file without a database, and on the lines of an invoice.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from salotto.billing.money import Money, is_currency
from salotto.billing.proration import prorated, remaining, seconds

LARGEST_FILE = 5_000_000
"""Bytes that are read of a file of lines; more is a mistake."""

MOST_DIGITS = 40
CODE = re.compile(r"[A-Za-z]{3}", re.ASCII)
DAY = 86_400


class Unexplained(ValueError):
    """A line that cannot be worked out; its text is a sentence that names line and field."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A number of seats at the price of one for the period [start, end), from `at` on.

    `delta` may be negative; `unit` in minor units of `currency`.
    """

    id: str | int
    delta: int
    unit: int
    currency: str
    start: datetime
    end: datetime
    at: datetime

    @property
    def amount(self) -> int:
        """What it costs, in minor units."""
        return prorated(self.delta, self.unit, self.start, self.end, self.at)

    def in_words(self) -> str:
        """The whole calculation, `3 seats × €19.00 × 20 of 30 days (…) = €38.00; …`."""
        seats = f"{self.delta:,} {'seat' if abs(self.delta) == 1 else 'seats'}"
        unit, result = (Money(n, self.currency).shown() for n in (self.unit, self.amount))
        share = _share(*remaining(self.start, self.end, self.at))
        return f"{seats} × {unit} × {share}{self._clamped()} = {result}; {self._rounding()}"

    def _clamped(self) -> str:
        if seconds(self.at, self.start) > 0:
            return ", as the instant is before the period"
        return "" if seconds(self.at, self.end) > 0 else ", as the period is over"

    def _rounding(self) -> str:
        left, whole = remaining(self.start, self.end, self.at)
        exact = Fraction(self.delta * self.unit * left, whole)
        if exact.denominator == 1:
            return "rounded half away from zero"
        sign, size = ("-" if exact < 0 else ""), abs(exact)
        rest = f"{size.numerator % size.denominator:,}/{size.denominator:,}"
        count = f"{int(size):,} {rest}" if size > 1 else rest
        return f"rounded half away from zero, from {sign}{count} minor units"


def _share(left: int, whole: int) -> str:
    """`20 of 30 days (1,728,000 of 2,592,000 seconds)`; seconds alone if they are no days."""
    counted = f"{left:,} of {whole:,} seconds"
    if left % DAY or whole % DAY:
        return counted
    return f"{left // DAY:,} of {whole // DAY:,} {'day' if whole == DAY else 'days'} ({counted})"


def read_charges(data: bytes) -> list[Charge]:
    """The lines of a JSON file: a list of objects with `id`, `period_start`, `period_end`,
    `at` (ISO 8601 with offset), `delta_qty`, `unit_amount` (minor units) and `currency`.

    Further fields are left alone. Raises Unexplained, naming the line's id and the field.
    """
    if len(data) > LARGEST_FILE:
        raise Unexplained(f"The file has more than {LARGEST_FILE:,} bytes. Split it.")
    try:
        lines = json.loads(data.decode("utf-8-sig"), parse_int=_integer, object_pairs_hook=_Fields)
    except RecursionError:
        raise Unexplained("The file is not a list of lines: it is nested too deeply.") from None
    except ValueError as error:
        raise Unexplained(f"The file is not JSON: {error}.") from None
    if not isinstance(lines, list):
        raise Unexplained("The file must be a JSON list of lines, as [{…}, {…}].")
    return [_charge(line, f"Line {number}") for number, line in enumerate(lines, 1)]


class _Fields(dict[str, Any]):
    """An object of the file; `twice` is a field that it names more than once, or ""."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counted = Counter(name for name, _ in pairs)
        self.twice = next((name for name, count in counted.items() if count > 1), "")


def _integer(digits: str) -> int:
    """A number of thousands of digits is cut to one that is still refused, by its field."""
    return int(digits[: 2 * MOST_DIGITS])


def _charge(line: object, name: str) -> Charge:
    if not isinstance(line, _Fields):
        raise Unexplained(f"{name}: must be an object with the fields of a line.")
    if line.twice:
        raise Unexplained(f"{name}: `{line.twice[:40]}` is there twice, and only one can be meant.")
    identity = _id(line, name)
    name = f"{name} ({identity})"
    start, end = _instant(line, "period_start", name), _instant(line, "period_end", name)
    if seconds(start, end) <= 0:
        raise Unexplained(f"{name}: `period_end` must be later than `period_start`, by a second at least.")
    return Charge(
        id=identity,
        delta=_whole(line, "delta_qty", name),
        unit=_price(line, name),
        currency=_currency(line, name),
        start=start,
        end=end,
        at=_instant(line, "at", name),
    )


def _field(line: Mapping[str, Any], field: str, name: str) -> Any:
    if field not in line or line[field] is None:
        raise Unexplained(f"{name}: `{field}` is missing.")
    return line[field]


def _id(line: Mapping[str, Any], name: str) -> str | int:
    value = _field(line, "id", name)
    if isinstance(value, int) and not isinstance(value, bool):
        return _short(value, "id", name)
    if isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable():
        return value
    raise Unexplained(f"{name}: `id` must be a text of 1 to 100 printable characters, or a whole number.")


def _whole(line: Mapping[str, Any], field: str, name: str) -> int:
    value = _field(line, field, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unexplained(f"{name}: `{field}` must be a whole number, without quotes or decimals.")
    return _short(value, field, name)


def _short(value: int, field: str, name: str) -> int:
    if abs(value) >= 10**MOST_DIGITS:
        raise Unexplained(f"{name}: `{field}` has more than {MOST_DIGITS} digits.")
    return value


def _price(line: Mapping[str, Any], name: str) -> int:
    unit = _whole(line, "unit_amount", name)
    if unit < 0:
        raise Unexplained(f"{name}: `unit_amount` must not be negative; give back with `delta_qty`.")
    return unit


def _currency(line: Mapping[str, Any], name: str) -> str:
    value = _field(line, "currency", name)
    if not isinstance(value, str) or not CODE.fullmatch(value) or not is_currency(value.upper()):
        raise Unexplained(f"{name}: `currency` must be the code of a currency (ISO 4217), like EUR.")
    return value.upper()


def _instant(line: Mapping[str, Any], field: str, name: str) -> datetime:
    value = _field(line, field, name)
    example = "like 2025-06-11T10:00:00Z"
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unexplained(f"{name}: `{field}` must be an instant that exists, {example}.") from None
    if instant.tzinfo is None:
        raise Unexplained(f"{name}: `{field}` has no offset from UTC; write it {example}.")
    try:
        seconds(instant, instant)
    except OverflowError:
        raise Unexplained(f"{name}: `{field}` is outside the years 1 to 9999 in UTC.") from None
    return instant


def charge_of(line: Mapping[str, Any], name: str, currency: str) -> Charge | None:
    """The calculation behind a line of an invoice (`Invoice.lines`); None for a correction.

    A line without `at` is of a whole period; a negative amount gives seats back.
    """
    if line["what"] not in {"seats_prorated", "seats_cycle"}:
        return None
    start, end = (datetime.fromisoformat(line[key]) for key in ("from", "to"))
    at = datetime.fromisoformat(line["at"]) if line["at"] else start
    opposed = line["quantity"] * line["amount"] < 0  # a credit note reverses the amount alone
    delta = -line["quantity"] if opposed else line["quantity"]
    return Charge(name, delta, line["unit"], currency, start, end, at)
