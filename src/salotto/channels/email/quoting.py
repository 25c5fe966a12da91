"""What stands below an answer: who wrote the mail that it answers, and what. PURE."""

from datetime import datetime

from babel.dates import format_date, format_time
from django.utils.translation import get_language
from django.utils.translation import gettext as _

LIMIT = 20_000
"""Characters of a mail that are quoted; a long chain is not sent round for ever."""


def quoted(text: str, who: str, at: datetime) -> str:
    """The quote in the active language, with one more `>` in front of each line; `at` is in the
    time zone to be shown. "" for a mail without text."""
    said = text.strip()[:LIMIT].rstrip()
    if not said:
        return ""
    return "\n".join([heading(who, at), *map(marked, said.splitlines())])


def heading(who: str, at: datetime) -> str:
    """The line above a quote, in the active language; `at` is in the time zone to be shown."""
    language = (get_language() or "en").partition("-")[0]
    locale = "en_GB" if language == "en" else language
    return _("On %(day)s at %(time)s, %(who)s wrote:") % {
        "day": format_date(at, "long", locale=locale),
        "time": format_time(at, "HH:mm", locale=locale),
        "who": " ".join(who.split()),
    }


def marked(line: str) -> str:
    """A line with one more `>` in front."""
    return f">{line}" if line.startswith(">") else f"> {line}".rstrip()
