"""The Date header, in every form in which it is sent."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

from salotto.channels.email.mime import words
from salotto.channels.email.mime.reading import Reading

EARLIEST, LATEST = 1970, 2199

MONTHS = {
    1: "jan janv ene gen gennaio enero janvier januar jänner"
    " ocak sty stycznia led ledna янв января січ січня tammi",
    2: "feb févr fév fevr fev febbraio febrero février februar"
    " şubat lut lutego úno února фев февраля лют лютого helmi",
    3: "mar mär märz maerz mrt mars marzo marca břez března мар марта бер березня maalis mrz",
    4: "apr abr avr avril aprile abril kwi kwietnia dub dubna апр апреля квіт квітня huhti nis",
    5: "may mai maj mag maggio mayo maja kvě května мая май трав травня touko mei",
    6: "jun juin juni giu giugno junio cze czerwca čvn června июн июня черв червня kesä haz",
    7: "jul juil juillet juli lug luglio julio lip lipca čvc července июл июля лип липня heinä tem",
    8: "aug août aout ago agosto sie sierpnia srp srpna авг августа серп серпня elo ağu",
    9: "sep sept set settembre septiembre wrz września zář září сен сентября вер вересня syys eyl",
    10: "oct okt ott ottobre octubre octobre oktober paź października"
    " říj října окт октября жовт жовтня loka eki out",
    11: "nov novembre noviembre lis listopada listopadu ноя ноября лист листопада marras kas",
    12: "dec déc dez dic dicembre diciembre décembre dezember gru"
    " grudnia pro prosince дек декабря груд грудня joulu ara",
}
_MONTH = {name: number for number, names in MONTHS.items() for name in names.split()}

_ZONE = r"\s*(Z|UTC|GMT|[+-]\d{1,2}:?\d{2})?"
_NAMED_OFFSET = re.compile(r"\b(?:GMT|UTC?)\s?([+-]\d{1,2}:?\d{2})\b")
_USUAL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([12]\d{3})"
    r" (\d\d):(\d\d):(\d\d) ([+-]\d{4})(?: \([A-Z]{3,5}\))?\Z",
    re.ASCII,
)
"""As nearly all are: what the standard library reads in the same way, five times slower."""

_ZONES = {
    "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "MEZ": 1, "MESZ": 2, "WET": 0, "WEST": 1, "BST": 1, "EET": 2,
    "EEST": 3, "MSK": 3, "TRT": 3, "IST": 5.5, "PKT": 5, "ICT": 7, "WIB": 7, "HKT": 8, "SGT": 8, "AWST": 8,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "AKST": -9,
    "HST": -10, "SAST": 2, "CAT": 2, "EAT": 3, "GST": 4,
}  # fmt: skip
"""Hours from UTC of names that RFC 5322 does not know, as most of those who write them mean them."""
_ZONE_NAME = re.compile(rf"\b({'|'.join(_ZONES)})\b(?![+-])(?!\))")
_ZONE_WITH_COLON = re.compile(r"(?<=[\s\d])([+-]\d{2}):(\d{2})\b")
_HALF = re.compile(r"\b(\d{1,2})(:\d{2}(?::\d{2})?)\s?([AaPp])\.?[Mm]\b\.?")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?=.*\b[AaPp][Mm]\b)")
_EASTERN = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_NO_YEAR = re.compile(r"\b0000 ")
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?" + _ZONE + ")?"
)
_WORDS = re.compile(
    r"(\d{1,2})\.?[\s-]+(?:de\s+)?([^\W\d_]{3,12})\.?[\s,-]+(?:de\s+)?(\d{4})"
    r"(?:[\s,]+(?:\w{1,3}\s+)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?" + _ZONE + ")?"
)  # fmt: skip
_NUMBERS = re.compile(
    r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})(?:[\s,]+(\d{1,2}):(\d{2})(?::(\d{2}))?" + _ZONE + ")?"
)


def read(values: list[str], reading: Reading) -> datetime | None:
    """The instant in UTC; None, with the reason noted, when no header tells one."""
    if not values:
        reading.note("There is no Date.")
        return None
    for value in values:
        found = _one(" ".join(words.decode(value[:200], reading).split()), reading)
        if found is not None:
            return found
    shown = " ".join(words.decode(values[0][:80], reading).split())
    reading.note(f"The date “{shown}” cannot be read.")
    return None


def _one(value: str, reading: Reading) -> datetime | None:
    if "/" in value or not value.isascii():
        value = _EASTERN.sub(r"\1-\2-\3", _MONTH_FIRST.sub(r"\3-\1-\2", value))
    fields = None if _ISO.match(value) else _standard(value)
    if fields is None:
        fields = _other(_usual_words(value))
        if fields is None:
            return None
        reading.note("The date is not written as it should be; it was read as far as possible.")
    year, month, day, hour, minute, second, offset = fields
    try:
        local = datetime(year, month, day, hour % 24, minute, min(second, 59), tzinfo=UTC)
        local += timedelta(days=1) if hour == 24 else timedelta()
    except (ValueError, OverflowError):
        return None
    if abs(offset) > 16 * 3600:
        reading.note("The date has an impossible time zone; it was read as UTC.")
        offset = 0
    return local - timedelta(seconds=offset) if EARLIEST <= year <= LATEST else None


Fields = tuple[int, int, int, int, int, int, int]


def _standard(value: str) -> Fields | None:
    if usual := _USUAL.match(value):
        day, name, year, *time, zone = usual.groups()
        hour, minute, second = map(int, time)
        return int(year), _MONTH[name.lower()], int(day), hour, minute, second, _offset(zone)
    try:
        found = parsedate_tz(_NAMED_OFFSET.sub(r"\1", _usual_words(value)))
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if found is None:
        return None
    year, month, day, hour, minute, second, *_, offset = found
    if year == 2000 and _NO_YEAR.search(value):
        return None
    return year, month, day, hour, minute, second, offset or 0


def _usual_words(value: str) -> str:
    """With the hours of the whole day, and zones by their hours and minutes."""
    value = _ZONE_WITH_COLON.sub(r"\1\2", value)
    if _HALF.search(value):
        value = _HALF.sub(_whole_hours, value)
    return _ZONE_NAME.sub(_hours, value, count=1)


def _whole_hours(found: re.Match[str]) -> str:
    hour = int(found[1]) % 12 + (12 if found[3] in "Pp" else 0)
    return f"{hour:02}{found[2]}"


def _hours(found: re.Match[str]) -> str:
    minutes = round(_ZONES[found[1]] * 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _other(value: str) -> Fields | None:
    """ISO 8601, months in other languages, numbers with the day first (unless it cannot be)."""
    if found := _ISO.search(value):
        year, month, day, *rest = found.groups()
        return (int(year), int(month), int(day), *_time(rest))
    for found in _WORDS.finditer(value):
        number = _MONTH.get(found[2].lower())
        if number:
            return (int(found[3]), number, int(found[1]), *_time(found.groups()[3:]))
    if found := _NUMBERS.search(value):
        first, second = int(found[1]), int(found[3])
        day, month = (second, first) if second > 12 else (first, second)
        return (int(found[4]), month, day, *_time(found.groups()[4:]))
    return None


def _time(rest: list[str | None] | tuple[str | None, ...]) -> tuple[int, int, int, int]:
    hour, minute, second, zone = (*rest, None, None, None, None)[:4]
    return int(hour or 0), int(minute or 0), int(second or 0), _offset(zone or "")


def _offset(zone: str) -> int:
    if zone[:1] not in {"+", "-"}:
        return 0
    digits = zone[1:].replace(":", "").zfill(4)
    seconds = int(digits[:-2]) * 3600 + int(digits[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds
