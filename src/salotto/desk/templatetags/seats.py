"""What pages about seats and money share: the end of sale, the demo's clock."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template import Context

from salotto.billing import wording
from salotto.desk import times
from salotto.desk.seats.queries import own_clock, sale_ends
from salotto.desk.seats.shapes import language

register = template.Library()


@register.inclusion_tag("desk/seats/_sale_banner.html", takes_context=True)
def sale_banner(context: Context) -> dict[str, Any]:
    """What admins are told from 30 days before the end of sale until 30 days after it (rule S14)."""
    member = context.get("member")
    found = sale_ends(member) if member is not None and member.is_admin else None
    if found is None:
        return {"ends": ""}
    ends, over = found
    return {"ends": times.long_date(ends), "last": times.long_date(ends - timedelta(days=1)), "over": over}


@register.inclusion_tag("desk/seats/_clock.html", takes_context=True)
def clock_bar(context: Context, back: str = "") -> dict[str, Any]:
    """The demo's clock, for the primary admin of an account with simulated cards.

    Its buttons lead to `back`; without it they come back to this page.
    """
    member = context.get("member")
    if not settings.DEMO or member is None or not member.is_primary_admin:
        return {"date": ""}
    found = own_clock(member)
    if found is None:
        return {"date": ""}
    now, zone, step = found
    return {
        "account": member.account,
        "date": wording.long_date(now, zone, language()),
        "time": now.astimezone(ZoneInfo(zone)).strftime("%H:%M"),
        "step": step,
        "oob": context.get("oob", False),
        "csrf_token": context.get("csrf_token"),
        "back": back or context["request"].path,
    }
