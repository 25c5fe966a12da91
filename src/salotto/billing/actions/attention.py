"""Purchases that need a person: an operator asks the gateway again, cancels, or closes.

None of these grants anything by hand: only the gateway's word that the amount was captured does.
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions import collecting
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import GatewayRefused, Intent, IntentState, OutcomeUnknown
from salotto.billing.models import Payment, PaymentState
from salotto.billing.money import Money
from salotto.billing.operators import must_operate
from salotto.billing.queries import payment as find_payment
from salotto.core import audit
from salotto.core.errors import Conflict

RETURNED = "returned"


class NotOpen(Conflict):
    """409: its outcome is known already."""

    code = "not_open"
    sentence = _("The outcome of this payment is known already. Nothing was changed.")


class NoAnswer(Conflict):
    """409: the gateway does not say how it stands."""

    code = "no_answer"
    sentence = _("The gateway has not answered. Nothing was changed. Try again in a few minutes.")


class MoneyStillThere(Conflict):
    """409: closing it would keep money for nothing."""

    code = "money_still_there"

    def __init__(self, kept: Money) -> None:
        super().__init__(
            gettext(
                "The gateway still holds %(amount)s of this payment. Nothing was changed."
                " Refund it at the gateway, then close the payment."
            )
            % {"amount": kept.shown(get_language() or "en")}
        )


def ask_gateway(account_id: int, payment_id: UUID, *, by: User | None) -> Payment:
    """Ask the gateway how an open payment stands, and follow its answer.

    Raises OperatorsOnly, Missing, NotOpen.
    """
    actor = must_operate(by)
    after = collecting.resume(_open(account_id, payment_id))
    _record(after, actor, "payment.asked")
    return after


def cancel_stuck(account_id: int, payment_id: UUID, *, by: User | None) -> Payment:
    """Cancel an open payment at the gateway first; what has succeeded there is settled instead.

    Raises OperatorsOnly, Missing, NotOpen.
    """
    actor = must_operate(by)
    after = collecting.cancel(_open(account_id, payment_id))
    _record(after, actor, "payment.cancel_asked")
    return after


def close_returned(account_id: int, payment_id: UUID, *, by: User | None) -> Payment:
    """Close an open payment whose money the gateway has given back, or never took; grants nothing.

    Raises OperatorsOnly, Missing, NotOpen, NoAnswer, and MoneyStillThere.
    """
    actor = must_operate(by)
    payment = _open(account_id, payment_id)
    intent = _asked(payment)
    kept = intent.captured - intent.refunded
    if kept > 0:
        raise MoneyStillThere(Money(kept, intent.currency or payment.currency))
    if intent.state not in (IntentState.SUCCEEDED, IntentState.CANCELLED):
        raise NoAnswer()
    after = collecting.fail(payment, RETURNED, payment.error)
    _record(after, actor, "payment.closed")
    return after


def _open(account_id: int, payment_id: UUID) -> Payment:
    payment = find_payment(account_id, payment_id)
    if payment.state != PaymentState.CHARGING:
        raise NotOpen()
    return payment


def _asked(payment: Payment) -> Intent:
    """The payment as the gateway has it now; raises NoAnswer."""
    if not payment.intent:
        raise NoAnswer()
    try:
        return gateway(payment.gateway).retrieve(payment.intent)
    except (OutcomeUnknown, GatewayRefused):
        raise NoAnswer() from None


def _record(payment: Payment, actor: int | None, verb: str) -> None:
    with transaction.atomic():
        audit.record(
            payment.account_id, actor, verb, f"payment {payment.pk}",
            state=payment.state, needs_person=payment.needs_person,
        )  # fmt: skip
