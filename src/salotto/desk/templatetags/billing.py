"""How templates of the desk show money, and that it is not real."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext

from salotto.billing import wording
from salotto.billing.money import Money

register = template.Library()


@register.filter
def shown(money: Money) -> str:
    """Money as the reader writes it: "€38.00", "38,00 €"."""
    return money.shown(get_language() or "en")


@register.filter
def counted(number: int) -> str:
    """A number of seats or people, its thousands apart as in every sum beside it."""
    return wording.number(number, get_language() or "en")


@register.simple_tag
def per_month(amount: str, seats: int) -> SafeString:
    """ "€57.00 a month for 3 seats", the amount strong."""
    form = ngettext(
        "<b>%(amount)s</b> a month for one seat", "<b>%(amount)s</b> a month for %(n)s seats", seats
    )
    return mark_safe(form % {"amount": escape(amount), "n": counted(seats)})  # noqa: S308 (the parts are escaped)


@register.filter
def on_day(instant: datetime, zone: str) -> str:
    """The day of an instant in a time zone: "11 June 2026"."""
    return wording.long_date(instant, zone, get_language() or "en")


@register.filter
def country_name(code: str) -> str:
    """A country by its code, in the reader's language."""
    return wording.country(code, get_language() or "en")


@register.inclusion_tag("desk/billing/_sandbox.html")
def sandbox_badge(sandbox: Any, short: bool = False) -> dict[str, bool]:
    """The red badge of every page that shows money, while the gateway is the sandbox; `short`
    for the head of a dialog."""
    return {"sandbox": bool(sandbox), "short": short}
