"""What an operator sets for one account: how it pays, and its billing cycle."""

from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.days import day_of, midnight
from salotto.billing.errors import PurchaseUnderWay
from salotto.billing.models import Payment, PaymentState, Subscription
from salotto.billing.operators import must_operate
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid

CHOICES = ("", "invoice")
"""The installation's gateway, or paying on invoice."""


class HasBought(Conflict):
    """409: the cycle of an account that has bought is the one it has."""

    code = "has_bought"
    sentence = _("This account has bought already: its billing cycle stays. Nothing was changed.")


def switch_gateway(account_id: int, gateway: str, *, by: User | None) -> Subscription:
    """Let an account pay by the installation's gateway ("") or on invoice ("invoice").

    Invoices that are open stay as they are. Raises OperatorsOnly, Missing, Invalid for another
    gateway, PurchaseUnderWay.
    """
    actor = must_operate(by)
    if gateway not in CHOICES:
        raise Invalid(
            _("Choose the installation's gateway or `invoice`. Nothing was changed."), code="gateway"
        )
    with subscription_of(account_id) as sub:
        if sub.gateway == gateway:
            return sub
        _nothing_under_way()
        before, sub.gateway = sub.gateway, gateway
        save(sub, "gateway")
        audit.record(account_id, actor, "billing.gateway_changed", before=before, after=gateway)
    return sub


def set_anchor(account_id: int, day: str, *, by: User | None) -> Subscription:
    """Let the first purchase join the account's existing billing cycle (rule S9).

    `day` (ISO, past or coming) is one on which a period begins, at 00:00 in the account's time
    zone; empty lets the first purchase begin the cycle. Raises OperatorsOnly, Missing, BadDay,
    HasBought, PurchaseUnderWay.
    """
    actor = must_operate(by)
    with subscription_of(account_id) as sub:
        if sub.price_id is not None or sub.period_start is not None:
            raise HasBought()
        _nothing_under_way()
        chosen = day_of(day)
        before, sub.anchor = sub.anchor, midnight(chosen, sub.time_zone) if chosen else None
        if before != sub.anchor:
            save(sub, "anchor")
            audit.record(
                account_id, actor, "billing.anchor_set", before=str(before or ""), after=str(sub.anchor or "")
            )
    return sub


def _nothing_under_way() -> None:
    """In the scope of the account, with the lock held."""
    if Payment.objects.filter(state=PaymentState.CHARGING).exists():
        raise PurchaseUnderWay()
