"""Small words and shapes that the inbox's templates ask for."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django import template
from django.utils.translation import gettext as _

from salotto.desk.faces import tone as tone_of
from salotto.inbox.boxes import View

register = template.Library()


@register.simple_tag
def view_link(view: str) -> str:
    """The name of a view in the reader's language."""
    names = {
        View.ALL: _("Everything"),
        View.MINE: _("Mine"),
        View.UNASSIGNED: _("Unassigned"),
        View.DONE: _("Done"),
    }
    return names[View(view)]


@register.filter
def count(counts: Mapping[View, int], view: str) -> str:
    """A view's counter; empty for zero."""
    return str(counts.get(View(view)) or "")


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
