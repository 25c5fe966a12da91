"""Money, days and moments in the reader's language, and the place in the menu."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

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
MOVEMENTS = {
    "invoice": _("Invoice"),
    "credit_note": _("Credit note"),
    "payment": _("Payment"),
    "refund": _("Refund"),
    "credit": _("Credit"),
    "used": _("Used by an invoice"),
    "carried": _("Carried to the next invoice"),
    "collected": _("Carried amount collected"),
}
"""What moved money, and what an invoice did with the balance."""
LEDGERS = {
    "receivable": pgettext_lazy("a ledger account", "Receivable"),
    "revenue": pgettext_lazy("a ledger account", "Revenue"),
    "tax": pgettext_lazy("a ledger account", "Tax"),
    "cash": pgettext_lazy("a ledger account", "Cash"),
    "balance": pgettext_lazy("a ledger account", "Balance of the customer"),
}
REASONS = {
    "trial": _("Every new account has one"),
    "trial over": _("Nothing was bought"),
    "the sale is over": _("Conversations is no longer sold"),
    "all seats removed": _("All seats were to be removed"),
    "taken back": _("Taken back by the account"),
}
"""What the seat ledger says by itself."""
NAMED = re.compile(r"(invoice|request) ([\w-]+)", re.ASCII)
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
def written(iso: str) -> str:
    """A day in ISO form as people read it."""
    return str(format_date(date.fromisoformat(iso), "long", locale=wording.locale(_language())))


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
def movement(kind: str) -> str:
    """What moved money, in words."""
    return str(MOVEMENTS.get(kind, kind))


@register.filter
def ledger(name: str) -> str:
    """A ledger account in words."""
    return str(LEDGERS.get(name, name))


@register.filter
def why(reason: str) -> str:
    """A reason in the seat ledger; what people wrote stays as it is."""
    if found := NAMED.fullmatch(reason):
        text = gettext("Invoice %(name)s") if found[1] == "invoice" else gettext("Request %(name)s")
        return text % {"name": found[2]}
    return str(REASONS.get(reason, reason))


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
