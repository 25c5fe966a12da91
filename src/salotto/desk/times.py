"""Times in words, as the reader's language writes them: short in lists, a day above entries.

The server writes the account's time zone; `words.js` and `days.js` put the browser's in its
place, with the same forms. English is British: day before month, 24 hours.
"""

from datetime import date, datetime, timedelta

from babel import Locale
from babel.dates import format_date, format_skeleton
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86400
WAITING_LONG = timedelta(hours=1)
REGIONS = {"en": "en_GB"}
"""Where a language alone would be taken for another country's habits."""


def locale() -> Locale:
    """The reader's language with its habits of dates."""
    language = get_language() or "en"
    return Locale.parse(REGIONS.get(language, language), sep="_" if language in REGIONS else "-")


def long_date(day: date) -> str:
    """ "23 November 2026", "23 novembre 2026"."""
    return format_date(day, "long", locale=locale())


def short_date(day: date) -> str:
    """ "23 Nov", "23 nov"."""
    return format_skeleton("MMMd", day, locale=locale())


def language_name(code: str) -> str:
    """A language by its code, in the reader's language; the code itself for an unknown one."""
    name: str = locale().languages.get(code.partition("-")[0].lower(), code)
    return name[:1].upper() + name[1:]


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, as short as a list needs it; a date after a week. `list.js` does the same."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < MINUTE:
        return _("now")
    if seconds < HOUR:
        return _("%(n)d min") % {"n": seconds // MINUTE}
    if seconds < DAY:
        return _("%(n)d h") % {"n": seconds // HOUR}
    if seconds < 7 * DAY:
        return _("%(n)d d") % {"n": seconds // DAY}
    return short_date(timezone.localtime(moment).date())


def waiting(since: datetime | None, now: datetime) -> str:
    """How long somebody waits, when over an hour: "1 h 4 min", "9 h", "2 d"; else an empty text."""
    if since is None or now - since <= WAITING_LONG:
        return ""
    minutes = int((now - since).total_seconds()) // MINUTE
    if minutes >= 2 * DAY // MINUTE:
        return _("%(n)d d") % {"n": minutes * MINUTE // DAY}
    if minutes % 60 == 0 or minutes >= 180:
        return _("%(n)d h") % {"n": minutes // 60}
    return _("%(h)d h %(m)d min") % {"h": minutes // 60, "m": minutes % 60}


def day(moment: date, today: date) -> str:
    """ "Today", "Yesterday", or the date in the reader's language."""
    if moment == today:
        return _("Today")
    if moment == today - timedelta(days=1):
        return _("Yesterday")
    return long_date(moment)
