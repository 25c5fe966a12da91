"""Small words and shapes that the inbox's templates ask for."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from babel.lists import format_list
from django import template
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from salotto.desk import times
from salotto.desk.faces import tone as tone_of
from salotto.inbox.boxes import View

register = template.Library()


@register.simple_tag
def view_link(view: str) -> str:
    """The name of a view in the reader's language."""
    names = {
        View.ALL: _("Inbox"),
        View.MINE: _("Mine"),
        View.UNASSIGNED: _("Unassigned"),
        View.DONE: _("Done"),
    }
    return names[View(view)]


@register.filter
def count(counts: Mapping[View, int], view: str) -> str:
    """A view's counter; empty for zero."""
    return str(counts.get(View(view)) or "")


@register.simple_tag
def reader_locale() -> str:
    """The reader's locale as scripts name it: "en-GB", "it"."""
    return str(times.locale()).replace("_", "-")


@register.filter
def long_date(moment: datetime) -> str:
    """A day in the reader's language, in the active time zone: "23 November 2026"."""
    return times.long_date(timezone.localtime(moment).date())


@register.filter
def short_date(moment: datetime) -> str:
    """A day as short as a list needs it: "23 Nov"."""
    return times.short_date(timezone.localtime(moment).date())


@register.filter
def breakable(text: str) -> SafeString:
    """Text with addresses that break behind their "@" and before a dot, rather than within a word."""
    return mark_safe(re.sub(r"(?<=@)|(?=\.\w)", "<wbr>", escape(text)))  # noqa: S308


@register.filter
def one_of(names: list[str]) -> str:
    """Names as a choice, in the reader's language: "Giulia, Marco or Sara"."""
    return format_list(names, style="or", locale=times.locale())


@register.filter
def tone(number: int) -> int:
    """The class number of somebody's avatar."""
    return tone_of(number)


@register.filter
def web_address(address: str) -> str:
    """The address when it is http or https, else "": nothing else may be followed."""
    return address if address.lower().startswith(("http://", "https://")) else ""


@register.filter
def bare_address(address: str) -> str:
    """Host and path of an address, as a person reads it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.netloc}{parts.path}".rstrip("/") or address
