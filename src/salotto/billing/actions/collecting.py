"""Collecting a claimed payment: create, remember, confirm, and what follows from the outcome.

Every step may be the last one before a crash; `resume` takes it up from whatever is there.
No gateway is called inside a transaction, and an outcome is never guessed: what is unknown
stays open until the gateway says.
"""

import logging
from datetime import timedelta

from django.db import transaction

from salotto.billing.actions import dunning, settling
from salotto.billing.actions.locking import subscription_of
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import (
    Charge,
    Gateway,
    GatewayRefused,
    Intent,
    IntentState,
    OutcomeUnknown,
)
from salotto.billing.models import Payment, PaymentKind, PaymentState
from salotto.billing.queries import payment as find_payment
from salotto.billing.standing import Standing
from salotto.billing.tasks import send_person_needed
from salotto.core import audit, clock
from salotto.core.tenancy import account_scope

log = logging.getLogger("salotto.billing")

ABANDONED = "abandoned"
CHALLENGE_NEEDED = "challenge_needed"
CHALLENGE_LIFE = timedelta(minutes=15)
"""How long a customer may take over a challenge, from the claim on."""


def charge_of(payment: Payment) -> Charge:
    """What the gateway is asked for."""
    return Charge(
        key=str(payment.pk),
        amount=payment.amount,
        currency=payment.currency,
        customer=payment.customer,
        method=payment.method.token if payment.method else "",
        on_session=payment.actor_id is not None,
        description=f"Salotto Conversations, account {payment.account_id}",
        account_id=payment.account_id,
    )


def collect(payment: Payment, st: Standing | None = None) -> Payment:
    """Take a fresh payment to its end, or as far as it gets now."""
    if payment.amount == 0:
        return settling.settle(payment, 0, st)
    port = gateway(payment.gateway)
    if port.takes_cards and payment.method is None:
        return fail(payment, "method_missing")
    try:
        intent = port.create(charge_of(payment))
        _remember(payment, intent)
        intent = port.confirm(intent.id, charge_of(payment))
    except OutcomeUnknown as error:
        log.warning("Payment %s: outcome unknown: %s", payment.pk, error)
        return payment
    except GatewayRefused as refused:
        return _refused(payment, port, refused, st)
    return conclude(payment, intent, st)


def resume(payment: Payment, *, customer_is_here: bool = False, giving_up: bool = False) -> Payment:
    """Go on with an open payment from wherever it was left.

    With the customer there, or for a renewal, a payment that was never confirmed is confirmed
    (again); `giving_up` cancels what waits for a customer who is not coming any more: at once
    if it was not confirmed, else 15 minutes after the claim.
    """
    if payment.amount == 0:
        return settling.settle(payment, 0)
    port = gateway(payment.gateway)
    try:
        intent = port.retrieve(payment.intent) if payment.intent else port.create(charge_of(payment))
        _remember(payment, intent)
        if giving_up and not _alone(payment) and _in_vain(payment, intent):
            return _cancel(payment, port, ABANDONED)
        if intent.state is IntentState.UNCONFIRMED and (customer_is_here or _alone(payment)):
            intent = port.confirm(intent.id, charge_of(payment))
    except OutcomeUnknown as error:
        log.warning("Payment %s: outcome unknown: %s", payment.pk, error)
        return payment
    except GatewayRefused as refused:
        return _refused(payment, port, refused, None)
    return conclude(payment, intent)


def cancel(payment: Payment) -> Payment:
    """The customer has left: cancel at the gateway first; what has succeeded is settled."""
    if payment.amount == 0:
        return settling.settle(payment, 0)
    port = gateway(payment.gateway)
    try:
        if not payment.intent:
            _remember(payment, port.create(charge_of(payment)))
        return _cancel(payment, port, ABANDONED)
    except OutcomeUnknown:
        return payment
    except GatewayRefused as refused:
        return _refused(payment, port, refused, None)


def conclude(payment: Payment, intent: Intent, st: Standing | None = None) -> Payment:
    """What follows from where the payment stands at the gateway."""
    if intent.state is IntentState.SUCCEEDED:
        return _captured(payment, intent, st)
    if intent.state is IntentState.ON_ACCOUNT:
        return _on_account(payment, st)
    if intent.state is IntentState.CANCELLED:
        return fail(payment, intent.reason or "declined", intent.message)
    if intent.state is IntentState.CHALLENGE:
        if _alone(payment):  # nobody is there to answer the bank
            return _cancel(payment, gateway(payment.gateway), CHALLENGE_NEEDED)
        payment.challenge = intent.client
    if intent.state is IntentState.DECLINED:
        return _cancel(payment, gateway(payment.gateway), intent.reason or "declined", intent.message)
    return payment


def fail(payment: Payment, reason: str, message: str = "") -> Payment:
    """Close a payment that has not been collected; whoever comes second changes nothing."""
    state = PaymentState.CANCELLED if reason == ABANDONED else PaymentState.FAILED
    with subscription_of(payment.account_id):
        closed = Payment.objects.filter(pk=payment.pk, state=PaymentState.CHARGING).update(
            state=state, error_code=reason, error=message, needs_person=False
        )
        if closed:
            audit.record(
                payment.account_id, payment.actor_id, "payment.failed", f"payment {payment.pk}", reason=reason
            )
            if payment.kind == PaymentKind.RENEWAL:
                dunning.not_collected(payment, reason)
    return find_payment(payment.account_id, payment.pk)


def call_person(payment: Payment, why: str) -> Payment:
    """Something that must not be decided by a program: the operator is shown it, and told once."""
    with transaction.atomic(), account_scope(payment.account_id):
        fresh = Payment.objects.filter(pk=payment.pk, state=PaymentState.CHARGING, needs_person=False)
        if fresh.update(needs_person=True, error=why):
            log.error("Payment %s needs a person: %s", payment.pk, why)
            send_person_needed.defer(account_id=payment.account_id, payment_id=str(payment.pk))
    return find_payment(payment.account_id, payment.pk)


def _alone(payment: Payment) -> bool:
    """Nobody is there: a renewal by the job."""
    return payment.kind == PaymentKind.RENEWAL and payment.actor_id is None


def _in_vain(payment: Payment, intent: Intent) -> bool:
    """Whether it waits for somebody who is not expected any more."""
    late = clock.now() >= payment.created_at + CHALLENGE_LIFE
    return intent.state is IntentState.UNCONFIRMED or (intent.state is IntentState.CHALLENGE and late)


def _on_account(payment: Payment, st: Standing | None) -> Payment:
    """A purchase is granted now and paid later; an invoice is not paid by promising it again."""
    if payment.kind == PaymentKind.RENEWAL:
        return fail(payment, "method_missing")
    return settling.settle(payment, 0, st, later=True)


def _captured(payment: Payment, intent: Intent, st: Standing | None) -> Payment:
    """Settle what was asked for and is still there; anything else is for a person to decide."""
    kept = intent.captured - intent.refunded
    if (kept, intent.currency) != (payment.amount, payment.currency):
        return call_person(payment, f"the gateway holds {kept} {intent.currency}, not {payment.amount}")
    return settling.settle(payment, intent.captured, st)


def _cancel(payment: Payment, port: Gateway, reason: str, message: str = "") -> Payment:
    try:
        intent = port.cancel(payment.intent)
    except OutcomeUnknown:
        return payment
    if intent.state is IntentState.CANCELLED:
        return fail(payment, reason, message)
    return conclude(payment, intent) if intent.state is IntentState.SUCCEEDED else payment


def _refused(payment: Payment, port: Gateway, refused: GatewayRefused, st: Standing | None) -> Payment:
    """The gateway will not have it: nothing was done by this call, but look at the one before."""
    payment.intent = payment.intent or find_payment(payment.account_id, payment.pk).intent
    if not payment.intent:
        return fail(payment, "processing_error", str(refused))
    try:
        intent = port.retrieve(payment.intent)
        if intent.state is IntentState.SUCCEEDED:
            return conclude(payment, intent, st)
        return _cancel(payment, port, "processing_error", str(refused))
    except OutcomeUnknown:
        return payment
    except GatewayRefused as again:
        return call_person(payment, str(again))


def _remember(payment: Payment, intent: Intent) -> None:
    """Store the gateway's id before anything is confirmed."""
    if payment.intent == intent.id:
        return
    payment.intent = intent.id
    with account_scope(payment.account_id):
        Payment.objects.filter(pk=payment.pk).update(intent=intent.id)
