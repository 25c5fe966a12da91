"""Stripe's side: its objects, and what each request does to them. No HTTP in here."""

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.billing.fake_stripe.cards import BEHAVIOURS, Behaviour

Object = dict[str, Any]
Params = dict[str, Any]

THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
WHOLE_ONLY = {"isk", "ugx"}
MINIMUMS = {
    "eur": 50,
    "usd": 50,
    "gbp": 30,
    "chf": 50,
    "sek": 300,
    "nok": 300,
    "dkk": 250,
    "pln": 200,
    "jpy": 50,
}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class StripeProblem(Exception):
    """An error answer: HTTP status and the `error` object."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, **{k: v for k, v in more.items() if v is not None}}


def invalid(
    message: str, code: str | None = None, param: str | None = None, status: int = 400
) -> StripeProblem:
    """A request that Stripe refuses."""
    return StripeProblem(status, "invalid_request_error", message, code=code, param=param)


class World:
    """Customers, cards, payments, refunds, events; every method is one request, done whole."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.objects: dict[str, Object] = {}
        self.events: list[Object] = []

    def routes(self) -> list[tuple[str, str, Callable[..., Object]]]:
        """Method, path and what answers it."""
        return [
            ("POST", r"/v1/customers", self.create_customer),
            ("POST", r"/v1/setup_intents", self.create_setup),
            ("GET", r"/v1/setup_intents/(\w+)", self.retrieve_setup),
            ("POST", r"/v1/payment_methods/(\w+)/detach", self.detach),
            ("POST", r"/v1/payment_intents", self.create_payment),
            ("GET", r"/v1/payment_intents", self.list_payments),
            ("GET", r"/v1/payment_intents/(\w+)", self.retrieve_payment),
            ("POST", r"/v1/payment_intents/(\w+)/confirm", self.confirm),
            ("POST", r"/v1/payment_intents/(\w+)/cancel", self.cancel),
            ("POST", r"/v1/refunds", self.create_refund),
            ("GET", r"/v1/refunds", self.list_refunds),
        ]

    def perform(self, method: str, path: str, params: Params) -> Object:
        """What a request does; raises StripeProblem."""
        with self.lock:
            for wanted, pattern, answer in self.routes():
                found = re.fullmatch(pattern, path) if wanted == method else None
                if found:
                    return json.loads(json.dumps(answer(*found.groups(), params)))  # type: ignore[no-any-return]
            raise invalid(f"Unrecognized request URL ({method}: {path}).", status=404)

    # Customers and cards

    def create_customer(self, params: Params) -> Object:
        return self._new("cus", "customer", name=params.get("name"), metadata=params.get("metadata", {}))

    def create_setup(self, params: Params) -> Object:
        self._get("cus", params["customer"], "customer")
        given = {"customer": params["customer"], "usage": params.get("usage"), "payment_method": None}
        return self._new("seti", "setup_intent", secret=True, status="requires_payment_method", **given)

    def retrieve_setup(self, setup: str, params: Params) -> Object:
        found = dict(self._get("seti", setup, "intent"))
        if "payment_method" in params.get("expand", []) and found["payment_method"]:
            found["payment_method"] = self.objects[found["payment_method"]]
        return found

    def enter_card(self, setup: str, number: str) -> Object:
        """What the customer and Stripe's element do: the card is set up and attached."""
        with self.lock:
            found = self._get("seti", setup, "intent")
            brand = "mastercard" if number.startswith("5") else "visa"
            card = {"brand": brand, "last4": number[-4:], "exp_month": 12, "exp_year": 2034}
            method = self._new("pm", "payment_method", customer=found["customer"], type="card", card=card)
            method["number"] = number
            found.update(status="succeeded", payment_method=method["id"])
            self._tell("setup_intent.succeeded", found)
            return method

    def detach(self, method: str, params: Params) -> Object:
        found = self._get("pm", method, "payment_method")
        if not found["customer"]:
            raise invalid("The payment method you provided is not attached to a customer.")
        found.update(customer=None, detached=True)
        return found

    # Payments

    def create_payment(self, params: Params) -> Object:
        amount, currency = int(params["amount"]), params["currency"]
        self._get("cus", params["customer"], "customer")
        _must_be_chargeable(amount, currency)
        made = self._new(
            "pi",
            "payment_intent",
            secret=True,
            amount=amount,
            amount_received=0,
            currency=currency,
            customer=params["customer"],
            metadata=params.get("metadata", {}),
            description=params.get("description"),
            status="requires_payment_method",
            payment_method=None,
            last_payment_error=None,
            next_action=None,
            latest_charge=None,
        )
        self._tell("payment_intent.created", made)
        return self._shown(made, params)

    def retrieve_payment(self, intent: str, params: Params) -> Object:
        return self._shown(self._get("pi", intent, "intent"), params)

    def list_payments(self, params: Params) -> Object:
        rows = [o for o in self.objects.values() if o["object"] == "payment_intent"]
        after = int(params.get("created", {}).get("gte", 0))
        page = _page("/v1/payment_intents", [o for o in rows if o["created"] >= after], params)
        inner = {"expand": [name.removeprefix("data.") for name in params.get("expand", [])]}
        return {**page, "data": [self._shown(one, inner) for one in page["data"]]}

    def confirm(self, intent: str, params: Params) -> Object:
        found = self._get("pi", intent, "intent")
        if found["status"] not in OPEN:
            raise _unexpected(found, "confirm")
        method = self._usable(found, params.get("payment_method", ""))
        behaviour = BEHAVIOURS[method["number"]]
        off_session = params.get("off_session") == "true"
        found.update(payment_method=method["id"], last_payment_error=None, next_action=None)
        if behaviour.code:
            self._decline(found, behaviour)
        elif behaviour.asks == "always" and off_session:
            self._decline(found, Behaviour("authentication_required", "authentication_required"))
        elif behaviour.asks != "never" and not off_session:
            found.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
            self._tell("payment_intent.requires_action", found)
        else:
            self._capture(found)
        return self._shown(found, params)

    def authenticate(self, intent: str, passed: bool) -> Object:
        """What the bank's page does, after the customer has answered it."""
        with self.lock:
            found = self._get("pi", intent, "intent")
            if found["status"] != "requires_action":
                return found
            if passed:
                self._capture(found)
            else:
                failure = {"code": "payment_intent_authentication_failure", "message": "It was not you."}
                found.update(
                    status="requires_payment_method",
                    next_action=None,
                    payment_method=None,
                    last_payment_error=failure,
                )
                self._tell("payment_intent.payment_failed", found)
            return found

    def cancel(self, intent: str, params: Params) -> Object:
        found = self._get("pi", intent, "intent")
        if found["status"] not in OPEN:
            raise _unexpected(found, "cancel")
        found.update(status="canceled", next_action=None)
        self._tell("payment_intent.canceled", found)
        return self._shown(found, params)

    def create_refund(self, params: Params) -> Object:
        charge = self.objects.get(
            self._get("pi", params["payment_intent"], "payment_intent")["latest_charge"] or ""
        )
        amount = int(params["amount"])
        if charge is None or amount > charge["amount"] - charge["amount_refunded"]:
            raise invalid("Refund amount is greater than unrefunded amount on charge.", param="amount")
        charge["amount_refunded"] += amount
        given = {"payment_intent": params["payment_intent"], "metadata": params.get("metadata", {})}
        made = self._new("re", "refund", amount=amount, status="succeeded", **given)
        self._tell("charge.refunded", charge)
        return made

    def list_refunds(self, params: Params) -> Object:
        rows = [o for o in self.objects.values() if o["object"] == "refund"]
        of_payment = [o for o in rows if o["payment_intent"] == params["payment_intent"]]
        return _page("/v1/refunds", of_payment, params)

    # Inside

    def _new(self, prefix: str, kind: str, secret: bool = False, **more: Any) -> Object:
        found = {"id": f"{prefix}_{uuid4().hex}", "object": kind, "created": int(time.time()), **more}
        if secret:
            found["client_secret"] = f"{found['id']}_secret_{uuid4().hex}"
        self.objects[found["id"]] = found
        return found

    def _get(self, prefix: str, name: str, param: str) -> Object:
        found = self.objects.get(name)
        if found is None or not name.startswith(f"{prefix}_"):
            raise invalid(f"No such {param}: '{name}'", "resource_missing", param, 404)
        return found

    def _usable(self, intent: Object, name: str) -> Object:
        found = self.objects.get(name)
        if found is None or found["object"] != "payment_method":
            raise invalid(f"No such PaymentMethod: '{name}'", "resource_missing", "payment_method")
        if found["customer"] != intent["customer"]:
            raise invalid(
                "The provided PaymentMethod was detached from a Customer, or belongs to another one."
            )
        return found

    def _decline(self, intent: Object, behaviour: Behaviour) -> None:
        failure = {"type": "card_error", "code": behaviour.code, "decline_code": behaviour.decline_code}
        failure["message"] = f"Your card was declined ({behaviour.decline_code})."
        intent.update(status="requires_payment_method", last_payment_error=failure, payment_method=None)
        self._tell("payment_intent.payment_failed", intent)
        more = {name: failure[name] for name in ("code", "decline_code")}
        raise StripeProblem(402, "card_error", failure["message"], payment_intent=dict(intent), **more)

    def _capture(self, intent: Object) -> None:
        charge = self._new(
            "ch", "charge", amount=intent["amount"], amount_refunded=0, payment_intent=intent["id"]
        )
        intent.update(
            status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], next_action=None
        )
        self._tell("payment_intent.succeeded", intent)

    def _shown(self, intent: Object, params: Params) -> Object:
        if "latest_charge" in params.get("expand", []) and intent["latest_charge"]:
            return {**intent, "latest_charge": self.objects[intent["latest_charge"]]}
        return intent

    def _tell(self, kind: str, about: Object) -> None:
        snapshot = json.loads(json.dumps(about))
        event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "created": int(time.time())}
        self.events.append({**event, "data": {"object": snapshot}})


def _must_be_chargeable(amount: int, currency: str) -> None:
    if amount < MINIMUMS.get(currency, 1):
        raise invalid("Amount must be at least the minimum.", "amount_too_small", "amount")
    if amount > 99_999_999:
        raise invalid("Amount must be no more than 999,999.99.", "amount_too_large", "amount")
    if (currency in THREE_DECIMALS and amount % 10) or (currency in WHOLE_ONLY and amount % 100):
        raise invalid(f"Invalid amount in {currency}.", "invalid_charge_amount", "amount")


def _unexpected(intent: Object, act: str) -> StripeProblem:
    message = f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}."
    return invalid(message, "payment_intent_unexpected_state")


def _page(url: str, rows: list[Object], params: Params) -> Object:
    newest = list(reversed(rows))
    ids = [one["id"] for one in newest]
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    limit = int(params.get("limit", 10))
    data = newest[start : start + limit]
    return {"object": "list", "url": url, "data": data, "has_more": start + limit < len(newest)}
