"""The gateway `sandbox`: simulated cards, no money; its rows are its side of the wire.

It remembers in `SandboxObject` rows, each written in its own transaction as a gateway far
away would, and changed by compare-and-set, since two requests may meet. Final outcomes are
told by a signed webhook, delivered by a job through the same door as those from outside.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils.crypto import salted_hmac

from salotto.accounts.models import Account
from salotto.billing.gateways import signatures, units
from salotto.billing.gateways.cards import PAID, TEST_CARDS, Outcome, TestCard, declined
from salotto.billing.gateways.port import (
    Card,
    Charge,
    GatewayRefused,
    Intent,
    IntentState,
    Notice,
    OutcomeUnknown,
)
from salotto.billing.gateways.telling import body_of, notice_of
from salotto.billing.gateways.wire import must_be_outside_transactions
from salotto.billing.models import SandboxObject
from salotto.core import clock

HEADER = "Salotto-Sandbox-Signature"
PREFIX = "sandbox_"
Data = dict[str, Any]

TOLD = {
    IntentState.SUCCEEDED: "payment.succeeded",
    IntentState.DECLINED: "payment.declined",
    IntentState.CANCELLED: "payment.cancelled",
}
"""What a webhook is sent about."""


class Sandbox:
    """Implements `port.Gateway`, and `answer_challenge` for its own page."""

    name = "sandbox"
    takes_cards = True

    def minimum(self, currency: str) -> int:
        """As at Stripe."""
        return units.minimum(currency)

    def maximum(self, currency: str) -> int | None:
        """As at Stripe."""
        return units.maximum(currency)

    def exact(self, amount: int, currency: str) -> int:
        """As at Stripe."""
        return units.exact(amount, currency)

    def ensure_customer(self, account_id: int, name: str, email: str, known: str) -> str:
        """One customer per account."""
        if known.startswith(PREFIX):
            return known
        data = {"account": account_id, "name": name, "email": email}
        return _made("customer", f"customer:{account_id}", data).id

    def begin_card(self, customer: str, key: str) -> Mapping[str, str]:
        """Nothing is needed: the page offers `cards.TEST_CARDS`, the reference is the number."""
        _of_customer(customer)
        return {"gateway": self.name}

    def finish_card(self, customer: str, reference: str) -> Card:
        """The test card of this number; the same one again as long as it is not removed."""
        known = TEST_CARDS.get(reference)
        if known is None:
            raise GatewayRefused("not a test card")
        _of_customer(customer)
        data = {"customer": customer, "number": known.number, "exp_year": _valid_until(known)}
        row = _made("card", f"card:{customer}:{known.number}", data)
        return Card(row.id, known.brand, known.number[-4:], 12, row.data["exp_year"])

    def remove_card(self, token: str) -> None:
        """Forget it; the number can be added again, as another card."""
        _must_be_possible()
        SandboxObject.objects.filter(id=token, kind="card").update(kind="removed card", key=None)

    def create(self, charge: Charge) -> Intent:
        """The payment, unconfirmed; raises GatewayRefused for an amount that cannot be."""
        least, most = units.minimum(charge.currency), units.maximum(charge.currency)
        if not least <= charge.amount <= most or charge.amount % units.step(charge.currency):
            raise GatewayRefused(f"{charge.amount} {charge.currency} cannot be charged")
        _of_customer(charge.customer)
        row = _made("payment", f"payment:{charge.key}", _payment(charge))
        if (row.data["amount"], row.data["currency"]) != (charge.amount, charge.currency):
            raise GatewayRefused("another payment has this key")
        return _intent(row)

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Try to collect, once per payment and card; a finished payment is given as it is."""
        card = _card(charge)
        if card and card.lost == "request":
            raise OutcomeUnknown("the request was lost")
        outcome = card.tried(charge.on_session) if card else declined("method_missing")

        def tried(data: Data) -> Data | None:
            open_ = data["state"] == IntentState.UNCONFIRMED or (
                data["state"] == IntentState.DECLINED and data["method"] != charge.method
            )
            return {**_after(data, outcome), "method": charge.method} if open_ else None

        changed, intent = _step(intent_id, tried)
        if changed and card and card.lost == "answer":
            raise OutcomeUnknown("the answer was lost")
        return intent

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""
        return _intent(_row(intent_id))

    def cancel(self, intent_id: str) -> Intent:
        """Cancelled, unless it has succeeded."""
        final = (IntentState.SUCCEEDED, IntentState.CANCELLED)
        cancelled = Outcome(IntentState.CANCELLED)
        return _step(intent_id, lambda d: None if d["state"] in final else _after(d, cancelled))[1]

    def refund(self, intent_id: str, amount: int, key: str) -> Intent:
        """Give back part of what was captured, once per key."""

        def given_back(data: Data) -> Data | None:
            if key in data["refunds"]:
                return None
            if amount < 1 or amount > data["captured"] - sum(data["refunds"].values()):
                raise GatewayRefused("more than was captured")
            if amount % units.step(data["currency"]):
                raise GatewayRefused(f"{amount} {data['currency']} cannot be given back exactly")
            return {**data, "refunds": {**data["refunds"], key: amount}}

        return _step(intent_id, given_back)[1]

    def payments(self, since: datetime) -> Iterable[Intent]:
        """Every payment made since then, oldest first."""
        _must_be_possible()
        rows = SandboxObject.objects.filter(kind="payment", created_at__gte=since).order_by(
            "created_at", "id"
        )
        return map(_intent, rows.iterator())

    def challenged(self, intent_id: str, account_id: int) -> Intent:
        """The payment, if it is this account's; raises GatewayRefused."""
        row = _row(intent_id)
        if row.data["account"] != account_id:
            raise GatewayRefused("no such payment")
        return _intent(row)

    def answer_challenge(self, intent_id: str, passed: bool) -> Intent:
        """What the bank's page does: the customer has, or has not, proved who they are.

        A payment that asks for nothing is given as it is. Raises GatewayRefused.
        """
        outcome = PAID if passed else declined("challenge_failed")
        waits = IntentState.CHALLENGE
        return _step(intent_id, lambda d: _after(d, outcome) if d["state"] == waits else None)[1]

    def read_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify the signature on the raw bytes; raises Forged."""
        signatures.verify(raw, headers.get(HEADER, ""), _secret())
        return self.parse_webhook(raw)

    def parse_webhook(self, raw: bytes) -> Notice:
        """What a verified webhook is about; raises Forged if it is not in our form."""
        body = body_of(raw)
        return notice_of(self.name, *(body.get(name) for name in ("id", "kind", "intent", "key")))


def webhook(event_id: str) -> tuple[bytes, dict[str, str]]:
    """An event as it goes over the wire: raw bytes and headers, signed now."""
    row = SandboxObject.objects.get(id=event_id, kind="event")
    raw = json.dumps({"id": row.id, **row.data}).encode()
    return raw, {HEADER: signatures.sign(raw, _secret())}


def _secret() -> str:
    return salted_hmac("salotto.billing.sandbox", "webhooks", algorithm="sha256").hexdigest()


def _must_be_possible() -> None:
    """Raises ImproperlyConfigured in production, RuntimeError inside a transaction."""
    if settings.OPTIONS.production:
        raise ImproperlyConfigured("The sandbox takes no real money and is refused in production.")
    must_be_outside_transactions()


def _valid_until(card: TestCard) -> int:
    """A year; that of the card that has expired is the one before."""
    return clock.now().year + (-1 if card.on_session.reason == "expired_card" else 3)


def _made(kind: str, key: str, data: Data) -> SandboxObject:
    """The object of this key, made if it is not there."""
    _must_be_possible()
    made = SandboxObject(id=PREFIX + uuid4().hex, kind=kind, key=key, data=data, created_at=clock.now())
    SandboxObject.objects.bulk_create([made], ignore_conflicts=True)
    return SandboxObject.objects.get(key=key)


def _row(intent_id: str) -> SandboxObject:
    _must_be_possible()
    found = SandboxObject.objects.filter(id=intent_id, kind="payment").first()
    if found is None:
        raise GatewayRefused("no such payment")
    return found


def _of_customer(customer: str) -> None:
    _must_be_possible()
    if not SandboxObject.objects.filter(id=customer, kind="customer").exists():
        raise GatewayRefused("no such customer")


def _card(charge: Charge) -> TestCard | None:
    """The card to be charged, or None if the customer has it no more."""
    _must_be_possible()
    row = SandboxObject.objects.filter(id=charge.method, kind="card").first()
    return TEST_CARDS[row.data["number"]] if row and row.data["customer"] == charge.customer else None


def _payment(charge: Charge) -> Data:
    given: Data = {name: getattr(charge, name) for name in ("amount", "currency", "customer", "key")}
    state = {"state": IntentState.UNCONFIRMED, "captured": 0, "refunds": {}, "reason": "", "version": 0}
    return {**given, **state, "method": "", "account": charge.account_id, "description": charge.description}


def _after(data: Data, outcome: Outcome) -> Data:
    captured = data["amount"] if outcome.state == IntentState.SUCCEEDED else 0
    return {**data, "state": outcome.state, "reason": outcome.reason, "captured": captured}


def _step(intent_id: str, change: Callable[[Data], Data | None]) -> tuple[bool, Intent]:
    """Compare and set: whether `change` (None: leave it) was made, and the payment then."""
    while True:
        row = _row(intent_id)
        data = change(row.data)
        if data is None:
            return False, _intent(row)
        old = row.data["version"]
        row.data = {**data, "version": old + 1}
        if SandboxObject.objects.filter(id=row.id, data__version=old).update(data=row.data):
            _tell(row)
            return True, _intent(row)


def _tell(row: SandboxObject) -> None:
    """Send a webhook about what is final."""
    from salotto.billing.tasks import deliver_sandbox_webhook  # which handles what is delivered

    kind = "payment.refunded" if row.data["refunds"] else TOLD.get(row.data["state"])
    if kind:
        data = {"kind": kind, "intent": row.id, "key": row.data["key"]}
        event = _made("event", f"event:{row.id}:{row.data['version']}", data)
        deliver_sandbox_webhook.defer(event_id=event.id)


def _intent(row: SandboxObject) -> Intent:
    data = row.data
    state = IntentState(data["state"])
    return Intent(
        id=row.id,
        state=state,
        amount=data["amount"],
        currency=data["currency"],
        key=data["key"],
        captured=data["captured"],
        refunded=sum(data["refunds"].values()),
        reason=data["reason"],
        message=data["reason"],
        client=_challenge(row) if state == IntentState.CHALLENGE else {},
    )


def _challenge(row: SandboxObject) -> dict[str, str]:
    """Where the simulated bank asks."""
    slug = Account.objects.filter(pk=row.data["account"]).values_list("slug", flat=True).first()
    return {"gateway": "sandbox", "address": reverse("sandbox_challenge", args=[slug or "-", row.id])}
