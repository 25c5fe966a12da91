"""The gateway `stripe`, by the official library: customers, cards and charges only.

Card numbers go from the browser to Stripe; we see a token. The library's own retries are
off: a call that got no answer is OutcomeUnknown, and is repeated with the same idempotency
key by whoever looks at the payment next.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import stripe
from django.conf import settings
from django.utils.crypto import salted_hmac

from salotto.billing.gateways import signatures, units
from salotto.billing.gateways.port import (
    Card,
    Charge,
    Forged,
    GatewayRefused,
    Intent,
    IntentState,
    Notice,
)
from salotto.billing.gateways.stripe_objects import (
    OUR_KEY,
    calling,
    card_of,
    intent_of,
    speaks_of_method,
    words,
)
from salotto.billing.gateways.telling import body_of, notice_of

VERSION = "2026-10-28.endive"
"""Of Stripe's API: pinned, so that an update of the library changes nothing by itself."""

TIMEOUT = 20.0
"""Seconds."""

PAGE = 100
WHOLE = ["latest_charge"]
"""What of a payment Stripe is asked to spell out: the charge says what was refunded."""

Answer = TypeVar("Answer", bound=stripe.StripeObject)


class StripeGateway:
    """Implements `port.Gateway`. `api`: another address of the API, for tests."""

    name = "stripe"
    takes_cards = True

    def __init__(
        self,
        secret_key: str,
        publishable_key: str,
        webhook_secret: str,
        api: str = "",
        timeout: float = TIMEOUT,
    ) -> None:
        self.publishable_key = publishable_key
        self._webhook_secret = webhook_secret
        self._secret_key = secret_key
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=VERSION,
            base_addresses={"api": api} if api else {},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout),
        )

    @property
    def _api(self) -> Any:
        if not self._secret_key:  # the library would ask Stripe all the same
            raise stripe.AuthenticationError("SALOTTO_STRIPE_SECRET_KEY is not set.")
        return self._client.v1

    @classmethod
    def from_settings(cls) -> "StripeGateway":
        """With the keys of this installation; without them every call is refused."""
        given = settings.OPTIONS
        return cls(
            given.stripe_secret_key,
            given.stripe_publishable_key,
            given.stripe_webhook_secret,
            given.stripe_api,
        )

    def minimum(self, currency: str) -> int:
        """What Stripe names, or our guess: `units.minimum`."""
        return units.minimum(currency)

    def maximum(self, currency: str) -> int | None:
        """99,999,999 of Stripe's units."""
        return units.maximum(currency)

    def exact(self, amount: int, currency: str) -> int:
        """Of three decimals the last one must be zero."""
        return units.exact(amount, currency)

    def ensure_customer(self, account_id: int, name: str, email: str, known: str) -> str:
        """The customer that we have, or a new one."""
        if known.startswith("cus_"):
            return known
        mark = _mark(account_id, name, email)
        with calling():
            made = self._api.customers.create(
                {"name": name, "email": email, "metadata": {"salotto_account": str(account_id)}},
                {"idempotency_key": f"salotto-customer-{mark}"},
            )
        return str(made.id)

    def begin_card(self, customer: str, key: str) -> Mapping[str, str]:
        """A SetupIntent: `client_secret` and `publishable_key` for the page, and `reference`."""
        params: Any = {"customer": customer, "usage": "off_session", "payment_method_types": ["card"]}
        with calling():
            made = self._api.setup_intents.create(params, {"idempotency_key": f"salotto-card-{key}"})
        return {
            "gateway": self.name,
            "reference": made.id,
            "client_secret": str(made.client_secret),
            "publishable_key": self.publishable_key,
        }

    def finish_card(self, customer: str, reference: str) -> Card:
        """The card of a SetupIntent that has succeeded for this customer."""
        with calling():
            options: Any = {"expand": ["payment_method"]}
            found = self._api.setup_intents.retrieve(_id(reference, "seti"), options).to_dict()
        if found.get("customer") != customer or found["status"] != "succeeded":
            raise GatewayRefused("no card was set up for this customer")
        return card_of(found["payment_method"])

    def remove_card(self, token: str) -> None:
        """Detach it; Stripe refuses one that is not attached, which is what we want."""
        try:
            with calling(moves_money=True):
                self._api.payment_methods.detach(_id(token, "pm"))
        except GatewayRefused:
            return

    def create(self, charge: Charge) -> Intent:
        """The payment, unconfirmed; its card is named when it is confirmed."""
        try:
            amount = units.theirs(charge.amount, charge.currency)
        except ValueError as error:
            raise GatewayRefused(str(error)) from None
        params: Any = {
            "amount": amount,
            "currency": charge.currency.lower(),
            "customer": charge.customer,
            "payment_method_types": ["card"],
            "description": charge.description,
            "metadata": {OUR_KEY: charge.key, "account": str(charge.account_id)},
            "expand": WHOLE,
        }
        with calling():
            made = _insisting(
                f"salotto-{charge.key}-create",
                lambda options: self._api.payment_intents.create(params, options),
            )
        return self._intent(made)

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Try to collect with the charge's card; a finished payment is given as it is."""
        known = _id(intent_id, "pi")
        params: Any = {"payment_method": charge.method, "expand": WHOLE}
        params |= {"use_stripe_sdk": True} if charge.on_session else {"off_session": True}
        try:
            with calling(moves_money=True):
                return self._intent(
                    _insisting(
                        f"salotto-{charge.key}-confirm-{charge.method}",
                        lambda options: self._api.payment_intents.confirm(known, params, options),
                    )
                )
        except GatewayRefused as refused:
            return self._not_confirmed(intent_id, refused)

    def _not_confirmed(self, intent_id: str, refused: GatewayRefused) -> Intent:
        """What a refusal to confirm means: a decline, a payment that is finished, a lost card."""
        cause = refused.__cause__
        found = self.retrieve(intent_id)
        if isinstance(cause, stripe.CardError) or found.state not in (
            IntentState.UNCONFIRMED,
            IntentState.DECLINED,
        ):
            return found
        if isinstance(cause, stripe.InvalidRequestError) and speaks_of_method(cause):
            return replace(found, state=IntentState.DECLINED, reason="method_missing", message=words(cause))
        raise refused

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""
        with calling(moves_money=True):
            found = self._api.payment_intents.retrieve(_id(intent_id, "pi"), {"expand": WHOLE})
        return self._intent(found)

    def cancel(self, intent_id: str) -> Intent:
        """Cancelled; Stripe refuses it for one that has succeeded, which is given as it is."""
        try:
            with calling(moves_money=True):
                return self._intent(self._api.payment_intents.cancel(_id(intent_id, "pi"), {"expand": WHOLE}))
        except GatewayRefused:
            return self.retrieve(intent_id)

    def refund(self, intent_id: str, amount: int, key: str) -> Intent:
        """Give back part; the key is kept with the refund, so it holds for longer than a day."""
        currency = self.retrieve(intent_id).currency
        try:
            minor = units.theirs(amount, currency)
        except ValueError as error:
            raise GatewayRefused(str(error)) from None
        with calling(moves_money=True):
            given = self._api.refunds.list({"payment_intent": intent_id, "limit": PAGE})
            if not any(_refund_key(one) == key for one in given.auto_paging_iter()):
                self._api.refunds.create(
                    {"payment_intent": intent_id, "amount": minor, "metadata": {"salotto_refund": key}},
                    {"idempotency_key": f"salotto-{key}-refund"},
                )
        return self.retrieve(intent_id)

    def payments(self, since: datetime) -> Iterable[Intent]:
        """Every payment made since then, also those that are not ours; newest first."""
        with calling(moves_money=True):
            found = self._api.payment_intents.list(
                {
                    "created": {"gte": int(since.timestamp())},
                    "limit": PAGE,
                    "expand": [f"data.{name}" for name in WHOLE],
                }
            )
            for one in found.auto_paging_iter():
                yield self._intent(one)

    def read_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify the signature on the raw bytes; raises Forged."""
        signatures.verify(raw, headers.get("Stripe-Signature", ""), self._webhook_secret)
        return self.parse_webhook(raw)

    def parse_webhook(self, raw: bytes) -> Notice:
        """The payment is the event's object, or what that belongs to (a charge, a refund)."""
        body = body_of(raw)
        try:
            about = body["data"]["object"]
            of_payment = about.get("object") == "payment_intent"
            intent = about["id"] if of_payment else about.get("payment_intent")
            key = (about.get("metadata") or {}).get(OUR_KEY) if of_payment else ""
        except (TypeError, KeyError, AttributeError):
            raise Forged("not in the form of Stripe") from None
        return notice_of(self.name, body.get("id"), body.get("type"), intent, key)

    def _intent(self, found: stripe.PaymentIntent) -> Intent:
        return intent_of(found.to_dict(), self.publishable_key)


def _insisting(key: str, call: Callable[[Any], Answer]) -> Answer:
    """Call with an idempotency key; after a failure of Stripe's own (5xx), once more with another.

    Stripe remembers a failure under its key and gives it again for a day. Two payments may be
    created this way, of which only the one that we know can ever be confirmed; and one payment
    is captured once, however often it is confirmed.
    """
    try:
        return call({"idempotency_key": key})
    except stripe.APIError as error:
        if (error.http_status or 0) < 500:
            raise
        return call({"idempotency_key": f"{key}-again"})


def _id(text: str, kind: str) -> str:
    """An id of Stripe's of this kind, fit for an address; raises GatewayRefused."""
    if not re.fullmatch(kind + "_[A-Za-z0-9_]{1,90}", text):
        raise GatewayRefused(f"no such thing as {text[:100]!r}")
    return text


def _mark(account_id: int, name: str, email: str) -> str:
    """The same for the same customer of this installation, another for anybody else."""
    words = json.dumps([account_id, name, email])
    return salted_hmac("salotto.billing.stripe.customer", words, algorithm="sha256").hexdigest()


def _refund_key(refund: stripe.Refund) -> str:
    return str((refund.to_dict().get("metadata") or {}).get("salotto_refund", ""))
