"""Times in words: short in lists, as a day above a thread's entries."""

from datetime import date, datetime, timedelta

from django.utils import formats
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86400
WAITING_LONG = timedelta(hours=1)


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
    return formats.date_format(moment, "MONTH_DAY_FORMAT")


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
    return formats.date_format(moment, "DATE_FORMAT")
