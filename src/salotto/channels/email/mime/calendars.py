"""Invitations: a mail that is nothing but a calendar entry says in words what it invites to."""

from datetime import date, datetime, timedelta
from typing import Any

from salotto.channels.email.mime.reading import Reading, line

LARGEST = 200_000
MOST_EVENTS = 20

_TITLES = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to the invitation",
    "PUBLISH": "Event",
}
_ANSWERS = {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Tentative"}


def describe(data: bytes, reading: Reading) -> str:
    """What, when, where and by whom, a line each; "" with the reason noted if it cannot be read."""
    if len(data) > LARGEST:
        return ""
    from icalendar import Calendar

    try:
        calendar: Any = Calendar.from_ical(data.decode("utf-8", "replace"))
        method = str(calendar.get("METHOD", "")).upper()
        events = calendar.walk("VEVENT")[:MOST_EVENTS]
        return "\n\n".join(filter(None, (_event(event, method) for event in events)))
    except Exception as error:
        reading.note(f"The calendar entry cannot be read ({type(error).__name__}); it was kept as a file.")
        return ""


def _event(event: Any, method: str) -> str:
    title = _TITLES.get(method, "Event")
    if method == "REPLY":
        title = _ANSWERS.get(_answer(event), title)
    rows = [
        f"{title}: {_text(event, 'SUMMARY') or '(no title)'}",
        ("When: " + _when(event)) if event.get("DTSTART") is not None else "",
        ("Where: " + _text(event, "LOCATION")) if _text(event, "LOCATION") else "",
        ("Organiser: " + _organiser(event)) if event.get("ORGANIZER") is not None else "",
    ]
    about = str(event.get("DESCRIPTION", "")).strip()[:10_000]
    return "\n".join([row for row in rows if row] + (["", about] if about else []))


def _text(event: Any, name: str) -> str:
    return line(str(event.get(name, "")), 500)


def _answer(event: Any) -> str:
    attendees = event.get("ATTENDEE", [])
    first = attendees[0] if isinstance(attendees, list) and attendees else attendees
    return str(getattr(first, "params", {}).get("PARTSTAT", "")).upper()


def _organiser(event: Any) -> str:
    who = event["ORGANIZER"]
    address = str(who)[7:] if str(who)[:7].lower() == "mailto:" else str(who)
    name = str(getattr(who, "params", {}).get("CN", ""))
    return line(f"{name} <{address}>" if name and name != address else address, 500)


def _when(event: Any) -> str:
    start, end = event["DTSTART"].dt, _end(event)
    zone = _zone(event)
    if end is None or end == start:
        return _shown(start, zone)
    if isinstance(start, datetime) and isinstance(end, datetime) and start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}{zone}"
    return f"{_shown(start, zone)} – {_shown(end, zone)}"


def _end(event: Any) -> date | None:
    """Its last moment, or its last day: the end of whole days is the day after them (RFC 5545 3.6.1)."""
    start, end = event["DTSTART"].dt, getattr(event.get("DTEND"), "dt", None)
    lasts = getattr(event.get("DURATION"), "dt", None)
    if end is None and isinstance(lasts, timedelta):
        end = start + lasts
    if not isinstance(end, date) or type(end) is not type(start):
        return None
    return end if isinstance(end, datetime) else max(start, end - timedelta(days=1))


def _shown(when: date, zone: str) -> str:
    return f"{when:%Y-%m-%d %H:%M}{zone}" if isinstance(when, datetime) else f"{when:%Y-%m-%d}"


def _zone(event: Any) -> str:
    """Of its beginning: the name of a place if it can be had, else as the sender calls it."""
    start = event["DTSTART"]
    given = str(start.params.get("TZID", "")).strip()
    known = getattr(getattr(start.dt, "tzinfo", None), "key", "")
    name = line(known or given, 80) or (isinstance(start.dt, datetime) and start.dt.tzname()) or ""
    return f" ({name})" if name else ""
