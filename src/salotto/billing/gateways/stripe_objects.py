"""Stripe's payments and errors in the words of our port."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from salotto.billing.gateways import units
from salotto.billing.gateways.port import Card, GatewayRefused, Intent, IntentState, OutcomeUnknown
from salotto.billing.gateways.wire import must_be_outside_transactions

OUR_KEY = "salotto_payment"
"""The name in a payment's metadata under which our payment's id is kept."""

STATES = {
    "requires_payment_method": IntentState.UNCONFIRMED,
    "requires_confirmation": IntentState.UNCONFIRMED,
    "requires_action": IntentState.CHALLENGE,
    "processing": IntentState.PROCESSING,
    "requires_capture": IntentState.PROCESSING,
    "succeeded": IntentState.SUCCEEDED,
    "canceled": IntentState.CANCELLED,
}

REASON_OF = {
    **{name: name for name in ("insufficient_funds", "expired_card", "incorrect_cvc", "processing_error")},
    "invalid_cvc": "incorrect_cvc",
    "invalid_expiry_month": "expired_card",
    "invalid_expiry_year": "expired_card",
    **dict.fromkeys(("issuer_not_available", "reenter_transaction", "try_again_later"), "processing_error"),
    **dict.fromkeys(("authentication_required", "authentication_not_handled"), "challenge_failed"),
    "payment_intent_authentication_failure": "challenge_failed",
    "payment_method_customer_decline": "challenge_failed",
}
"""Codes and decline codes that have a sentence of their own; any other is `declined`."""


@contextmanager
def calling(*, moves_money: bool = False) -> Iterator[None]:
    """Around every call: no transaction, and errors as the port's.

    OutcomeUnknown stands for whatever says nothing about the payment.

    A refused key or a reused idempotency key proves that this call did nothing, not that an
    earlier one of the same payment did nothing: with `moves_money` it is unknown too.
    """
    must_be_outside_transactions()
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise (OutcomeUnknown if moves_money else GatewayRefused)(words(error)) from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise GatewayRefused(words(error)) from error
    except stripe.StripeError as error:
        raise OutcomeUnknown(words(error)) from error


def words(error: stripe.StripeError) -> str:
    """An error for operators: its kind, Stripe's words, the request's id."""
    return f"{type(error).__name__}: {error}"[:1000]


def speaks_of_method(error: stripe.InvalidRequestError) -> bool:
    """Whether a refusal is about the card: not there any more, or another customer's."""
    said = f"{error.param} {error.code} {error.user_message}".lower().replace(" ", "").replace("_", "")
    return "paymentmethod" in said


def intent_of(found: Mapping[str, Any], publishable_key: str) -> Intent:
    """A payment from Stripe's JSON, its amounts in minor units as we count."""
    currency = found["currency"].upper()
    failure = found.get("last_payment_error") or {}
    state = STATES.get(found["status"], IntentState.PROCESSING)
    if state is IntentState.UNCONFIRMED and failure:
        state = IntentState.DECLINED
    declined = state is IntentState.DECLINED
    return Intent(
        id=found["id"],
        state=state,
        amount=units.ours(found["amount"], currency),
        currency=currency,
        key=(found.get("metadata") or {}).get(OUR_KEY, ""),
        captured=units.ours(found.get("amount_received") or 0, currency),
        refunded=units.ours(_refunded(found), currency),
        reason=reason_of(failure) if declined else "",
        message=failure.get("message") or "" if declined else "",
        client=_client(found, publishable_key) if state is IntentState.CHALLENGE else {},
    )


def reason_of(failure: Mapping[str, Any]) -> str:
    """One of `port.REASONS` for a failed try."""
    found = (REASON_OF.get(failure.get(name) or "") for name in ("decline_code", "code"))
    return next(filter(None, found), "declined")


def _refunded(found: Mapping[str, Any]) -> int:
    charge = found.get("latest_charge")
    return charge.get("amount_refunded") or 0 if isinstance(charge, Mapping) else 0


def _client(found: Mapping[str, Any], publishable_key: str) -> dict[str, str]:
    return {
        "gateway": "stripe",
        "client_secret": found["client_secret"],
        "publishable_key": publishable_key,
    }


def card_of(method: Mapping[str, Any]) -> Card:
    """A card from Stripe's JSON; raises GatewayRefused for a payment method that is none."""
    card = method.get("card")
    if not card:
        raise GatewayRefused("not a card")
    return Card(method["id"], card["brand"], card["last4"], card["exp_month"], card["exp_year"])
