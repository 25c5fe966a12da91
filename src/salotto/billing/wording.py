"""How billing writes dates, money, shares and countries, in any language.

Rooms below the desk have no reader's request: the language is always given, and English is
British (day before month, 24 hours).
"""

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils import translation
from django.utils.translation import gettext, ngettext

from salotto.billing.money import divide
from salotto.billing.proration import seconds

DAY = 86_400
NO_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
"""Two letters in CLDR, and no country that an invoice is sent to."""


def locale(language: str) -> Locale:
    """A language with its habits of dates and figures."""
    return Locale.parse("en_GB") if language == "en" else Locale.parse(language, sep="-")


def long_date(instant: datetime, zone: str, language: str) -> str:
    """The day of an instant in the time zone `zone`: "11 June 2026"."""
    return format_date(instant.astimezone(ZoneInfo(zone)).date(), "long", locale=locale(language))


def span(start: datetime, end: datetime, zone: str, language: str) -> str:
    """The days of [start, end): "11–30 June 2026", "11 June – 10 July 2026"."""
    first = start.astimezone(ZoneInfo(zone)).date()
    last = max(first, (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date())
    whole = format_date(last, "long", locale=locale(language))
    if first == last:
        return whole
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{whole}"
    return f"{_without_year(first, last, language)} – {whole}"


def _without_year(first: date, last: date, language: str) -> str:
    pattern = "d MMMM" if first.year == last.year else "long"
    return format_date(first, pattern, locale=locale(language))


def share(start: datetime, end: datetime, at: datetime, language: str, price: int = 0) -> str:
    """How much of [start, end) is left at `at`, in the fewest words that give the amount.

    "20 of 30 days" where that is exact, or so near that `price` (minor units for the whole
    period) times it makes the very amount charged; else to the second: "19 days 23:59:40 of
    30 days".
    """
    whole = seconds(start, end)
    left = whole - min(max(seconds(start, at), 0), whole)
    days, of = round(left / DAY), round(whole / DAY)
    exact = (left, whole) == (days * DAY, of * DAY)
    with translation.override(language):
        if exact or (price and of and divide(price * days, of) == divide(price * left, whole)):
            text = ngettext("%(left)s of %(days)s day", "%(left)s of %(days)s days", of)
            return text % {"left": days, "days": of}
        return gettext("%(left)s of %(all)s") % {"left": _exactly(left), "all": _exactly(whole)}


def _exactly(count: int) -> str:
    """Seconds as days and a time: "19 days 23:59:40", "20 days", "08:00:00"."""
    days, rest = divmod(count, DAY)
    time = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}" if rest or not days else ""
    counted = ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else ""
    return f"{counted} {time}".strip()


def percent(basis_points: int, language: str) -> str:
    """A rate in hundredths of a per cent: "22%", "7.7%"."""
    return str(format_percent(Decimal(basis_points) / 10_000, "0.##%", locale=locale(language)))


def number(count: int, language: str) -> str:
    """A whole number, its thousands apart."""
    return str(format_decimal(count, locale=locale(language)))


def seats(count: int, language: str) -> str:
    """A number of seats: "3 seats"."""
    with translation.override(language):
        return ngettext("%(n)s seat", "%(n)s seats", abs(count)) % {"n": number(count, language)}


def days_left(count: int, language: str) -> str:
    """ "3 days left"."""
    with translation.override(language):
        return ngettext("%(n)d day left", "%(n)d days left", count) % {"n": count}


def country(code: str, language: str) -> str:
    """A country by its ISO 3166 code, in the language; the code itself for an unknown one."""
    return str(locale(language).territories.get(code, code))


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Every country as (code, name), by name."""
    names = locale(language).territories
    found = [(c, str(n)) for c, n in names.items() if len(c) == 2 and c.isalpha() and c not in NO_COUNTRIES]
    return tuple(sorted(found, key=lambda pair: _plain(pair[1])))


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()
