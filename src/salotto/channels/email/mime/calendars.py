"""Invitations: a mail that is nothing but a calendar entry says in words what it invites to."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from salotto.channels.email.mime import zones
from salotto.channels.email.mime.reading import Reading, line
from salotto.channels.email.mime.zones import Zones

LARGEST = 64_000
MOST_LINES = 5_000
MOST_EVENTS = 20
MOST_PEOPLE = 20
MOST_ABOUT = 10_000

_TITLES = {
    "REQUEST": "Invitation",
    "ADD": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to the invitation",
    "COUNTER": "Another time proposed",
    "DECLINECOUNTER": "The proposed time was declined",
    "REFRESH": "Asks for the latest version",
}
_ANSWERS = {
    "ACCEPTED": "Accepted",
    "DECLINED": "Declined",
    "TENTATIVE": "Tentative",
    "DELEGATED": "Delegated",
}
_EVENT, _TASK = "VEVENT", "vtodo".upper()
_OF_ANSWERS = frozenset({"REPLY", "COUNTER", "REFRESH"})
_RHYTHMS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_OPENED = re.compile(r"^(BEGIN|END):([A-Za-z-]{1,40})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def describe(data: bytes, reading: Reading) -> str:
    """What, when, where and by whom, a line each, and what else is said; "" with the reason noted
    if it cannot be read."""
    return _described(data, reading, MOST_ABOUT)


def summary(data: bytes, reading: Reading) -> str:
    """The same without what else is said: for a mail that has a text of its own."""
    return _described(data, reading, 0)


def _described(data: bytes, reading: Reading, about: int) -> str:
    if len(data) > LARGEST or data.count(b"\n") > MOST_LINES:
        reading.note("The calendar entry cannot be read (too long); it was kept as a file.")
        return ""
    from icalendar import Calendar

    zones.calm()
    try:
        calendar: Any = Calendar.from_ical(_closed(data.decode("utf-8", "replace")))
        method = str(calendar.get("METHOD", "")).upper()
        entries = [entry for entry in calendar.walk() if entry.name in {_EVENT, _TASK}]
        places = zones.described(calendar)
        said = (_entry(entry, method, about, places) for entry in entries[:MOST_EVENTS])
        return "\n\n".join(filter(None, said))
    except Exception as error:
        reading.note(f"The calendar entry cannot be read ({type(error).__name__}); it was kept as a file.")
        return ""


def _closed(text: str) -> str:
    """With the ends that were cut off."""
    open_now: list[str] = []
    for found in _OPENED.finditer(text):
        if found[1].upper() == "BEGIN":
            open_now.append(found[2])
        elif open_now:
            open_now.pop()
    ends = (f"END:{name}\r\n" for name in reversed(open_now[:10]))
    return text.rstrip() + "\r\n" + "".join(ends) if open_now else text


def _entry(entry: Any, method: str, most: int, places: Zones) -> str:
    rows = [
        f"{_title(entry, method)}: {_text(entry, 'SUMMARY') or '(no title)'}",
        _row("When", _when(entry, places)),
        _row("Due", _moment(entry, "DUE", places)),
        _row("Repeats", _rhythm(entry)),
        _row("Where", _text(entry, "LOCATION")),
        _row("Organiser", _person(entry["ORGANIZER"]) if entry.get("ORGANIZER") is not None else ""),
        _row("From" if method in _OF_ANSWERS else "Invited", ", ".join(_attendees(entry))),
        _row("Comment", _text(entry, "COMMENT")),
    ]
    about = str(entry.get("DESCRIPTION", "")).strip()[:most]
    return "\n".join([row for row in rows if row] + (["", about] if about else []))


def _row(name: str, value: str) -> str:
    return f"{name}: {value}" if value else ""


def _title(entry: Any, method: str) -> str:
    if method == "REPLY" and (answer := _ANSWERS.get(_answer(entry))):
        return answer
    if method != "REPLY" and _text(entry, "STATUS").upper() == "CANCELLED":
        return _TITLES["CANCEL"]
    return "Task" if entry.name == _TASK else _TITLES.get(method, "Event")


def _text(entry: Any, name: str) -> str:
    value = entry.get(name, "")
    return line(str(value[0] if isinstance(value, list) and value else value), 500)


def _listed(entry: Any) -> list[Any]:
    attendees = entry.get("ATTENDEE", [])
    return attendees[:MOST_PEOPLE] if isinstance(attendees, list) else [attendees]


def _answer(entry: Any) -> str:
    first = next(iter(_listed(entry)), None)
    return str(getattr(first, "params", {}).get("PARTSTAT", "")).upper()


def _attendees(entry: Any) -> list[str]:
    """Whom it is for; not the organiser, who is named already."""
    organiser = str(entry.get("ORGANIZER", "")).lower()
    return [_person(one) for one in _listed(entry) if str(one).lower() != organiser]


def _rhythm(entry: Any) -> str:
    """Of a series: how often, and how long."""
    rule = entry.get("RRULE")
    if not isinstance(rule, dict):
        return ""
    freq, step = (str(next(iter(rule.get(name, [])), "")) for name in ("FREQ", "INTERVAL"))
    unit = _RHYTHMS.get(freq.upper(), "")
    if not unit:
        return ""
    often = f"every {step} {unit}s" if step not in {"", "1"} else f"every {unit}"
    count, until = (next(iter(rule.get(name, [])), None) for name in ("COUNT", "UNTIL"))
    if isinstance(until, date):
        return f"{often}, until {until:%Y-%m-%d}"
    return f"{often}, {count} times" if count else often


def _value(entry: Any, name: str) -> Any:
    """A moment, a day or a duration; None if there is none, or none that can be read."""
    try:
        return getattr(entry.get(name), "dt", None)
    except ValueError:
        return None


def _moment(entry: Any, name: str, places: Zones) -> str:
    when = _value(entry, name)
    return _shown(when, _zone(entry[name], places)) if isinstance(when, date) else ""


def _person(who: Any) -> str:
    address = str(who)[7:] if str(who)[:7].lower() == "mailto:" else str(who)
    name = str(getattr(who, "params", {}).get("CN", ""))
    return line(f"{name} <{address}>" if name and name != address else address, 500)


def _when(event: Any, places: Zones) -> str:
    """As it is written, if it is written as nobody should."""
    if event.get("DTSTART") is None:
        return ""
    start = _value(event, "DTSTART")
    if not isinstance(start, date):
        return line(str(event["DTSTART"]), 100)
    end, zone = _end(event), _zone(event["DTSTART"], places)
    if end is None or end == start:
        return _shown(start, zone)
    if isinstance(start, datetime) and isinstance(end, datetime) and start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}{zone}"
    return f"{_shown(start, zone)} – {_shown(end, zone)}"


def _end(event: Any) -> date | None:
    """Its last moment, or its last day: the end of whole days is the day after them (RFC 5545 3.6.1)."""
    start, end, lasts = (_value(event, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if end is None and isinstance(lasts, timedelta):
        end = start + lasts
    if not isinstance(end, date) or type(end) is not type(start):
        return None
    return end if isinstance(end, datetime) else max(start, end - timedelta(days=1))


def _shown(when: date, zone: str) -> str:
    return f"{when:%Y-%m-%d %H:%M}{zone}" if isinstance(when, datetime) else f"{when:%Y-%m-%d}"


def _zone(moment: Any, places: Zones) -> str:
    """The name of a place if it can be had, else as the sender calls it; and how far from UTC."""
    when = moment.dt
    given = str(moment.params.get("TZID", "")).strip()
    known = getattr(getattr(when, "tzinfo", None), "key", "")
    own = _described_away(when, given, places) if given != known else None
    name = line((given if own is not None else known) or given, 80)
    name = name or (isinstance(when, datetime) and when.tzname()) or ""
    away = when.utcoffset() if isinstance(when, datetime) and own is None else own
    if not name or away is None:
        return f" ({name})" if name else ""
    return f" ({name})" if name == "UTC" else f" ({name}, {_from_utc(away)})"


def _described_away(when: date, given: str, places: Zones) -> timedelta | None:
    return zones.away(places, given, when.replace(tzinfo=None)) if isinstance(when, datetime) else None


def _from_utc(away: timedelta) -> str:
    minutes = int(away.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
