"""Money, days and moments in the reader's language, and the place in the menu."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from salotto.billing import wording
from salotto.billing.models import PaymentKind, PaymentState, State
from salotto.billing.money import Money
from salotto.seats.models import SeatChange, SeatRequest

register = template.Library()
WORDS = {
    "state": State,
    "payment": PaymentState,
    "payment_kind": PaymentKind,
    "change": SeatChange.Kind,
    "request": SeatRequest.State,
}
TONES = {
    "trial": "accent", "lapsed": "wine", "active": "olive", "past_due": "ochre", "unpaid": "wine",
    "ended": "", "paid": "olive", "open": "ochre", "void": "", "charging": "ochre", "failed": "wine",
    "cancelled": "", "requested": "ochre", "scheduled": "olive", "declined": "", "withdrawn": "", "done": "",
    "now": "olive", "later": "accent", "past": "", "never": "",
}  # fmt: skip
"""The colour of a chip, by what it says."""


def _language() -> str:
    return get_language() or "en"


@register.filter
def shown(money: Money) -> str:
    """An amount as people read it."""
    return money.shown(_language())


@register.simple_tag
def money(amount: int, currency: str) -> str:
    """An amount in minor units as people read it."""
    return Money(amount, currency).shown(_language())


@register.filter
def day(instant: datetime | None, zone: str = "") -> str:
    """The day of an instant, in a time zone or the page's; empty for none."""
    if instant is None:
        return ""
    return wording.long_date(instant, zone or timezone.get_current_timezone_name(), _language())


@register.filter
def moment(instant: datetime | None, zone: str = "") -> str:
    """Day and minute of an instant, in a time zone or the page's; empty for none."""
    if instant is None:
        return ""
    local = instant.astimezone(ZoneInfo(zone or timezone.get_current_timezone_name()))
    return str(format_datetime(local, "d MMM y, HH:mm", locale=wording.locale(_language())))


@register.filter
def tone(value: str) -> str:
    """The colour class of a chip."""
    return TONES.get(value, "")


@register.filter
def word(value: str, of: str) -> str:
    """A stored value in words: `state`, `payment`, `payment_kind`, `change`, `request`."""
    kinds = WORDS[of]
    return str(kinds(value).label) if value in kinds.values else value


@register.filter
def percent(points: int) -> str:
    """A rate: 2200 is 22%."""
    return wording.percent(points, _language())


@register.filter
def country(code: str) -> str:
    """A country's name."""
    return wording.country(code, _language()) if code else ""


@register.simple_tag
def sandbox() -> bool:
    """Whether this server takes no real money."""
    return str(settings.BILLING_GATEWAY) == "sandbox"
