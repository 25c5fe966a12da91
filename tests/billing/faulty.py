"""A gateway in memory that fails as networks and banks do, when a test tells it to.

It stands where the sandbox would, at the border of the process. What it has captured is the
truth that our books are compared with.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from typing import Any
from uuid import uuid4

from django.db import connection
from django.urls import get_resolver

from salotto.billing.gateways import gateway, sandbox, units
from salotto.billing.gateways.port import (
    Card,
    Charge,
    Forged,
    GatewayRefused,
    Intent,
    IntentState,
    Notice,
    OutcomeUnknown,
)
from salotto.core import clock

FINAL = (IntentState.SUCCEEDED, IntentState.CANCELLED)
OUTCOMES = {
    "pays": IntentState.SUCCEEDED,
    "declines": IntentState.DECLINED,
    "asks": IntentState.CHALLENGE,
    "is slow": IntentState.PROCESSING,
}
FAULTS = ("crash before", "crash after", "lost request", "lost answer")


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Kept:
    """A payment as the gateway keeps it."""

    intent: Intent
    made_at: datetime
    captures: int = 0
    refunds: dict[str, int] = field(default_factory=dict)


class Faulty:
    """Implements `port.Gateway`. `outcome` is what the next confirmation comes to, `faults` what
    goes wrong with the next call of a method, once."""

    name = "sandbox"
    takes_cards = True

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.by_key: dict[str, str] = {}
        self.events: list[tuple[bytes, Mapping[str, str]]] = []
        self.outcome = "pays"
        self.faults: dict[str, str] = {}
        self.calls: list[str] = []
        self.removed: set[str] = set()
        self.lock = RLock()

    minimum = staticmethod(units.minimum)
    maximum = staticmethod(units.maximum)
    exact = staticmethod(units.exact)

    def ensure_customer(self, account_id: int, name: str, email: str, known: str) -> str:
        """One customer per account."""
        return known or f"customer-{account_id}"

    def begin_card(self, customer: str, key: str) -> Mapping[str, str]:
        """Nothing is needed."""
        return {"gateway": self.name}

    def finish_card(self, customer: str, reference: str) -> Card:
        """A new card."""
        return Card(f"card-{uuid4().hex}", "visa", "4242", 12, 2040)

    def remove_card(self, token: str) -> None:
        """Forget it."""
        self.removed.add(token)

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        assert not connection.in_atomic_block, "a gateway is called inside a transaction"
        self.calls.append(method)
        fault = self.faults.pop(method, "")
        if fault == "crash before":
            raise Crash(f"before {method}")
        if fault == "lost request":
            raise OutcomeUnknown(f"{method} was lost")
        with self.lock:
            yield
        if fault == "crash after":
            raise Crash(f"after {method}")
        if fault == "lost answer":
            raise OutcomeUnknown(f"the answer to {method} was lost")

    def create(self, charge: Charge) -> Intent:
        """The payment of this key, unconfirmed."""
        with self._call("create"):
            if charge.key not in self.by_key:
                name = f"pay-{uuid4().hex}"
                made = Intent(name, IntentState.UNCONFIRMED, charge.amount, charge.currency, charge.key)
                self.kept[name] = Kept(made, clock.now())
                self.by_key[charge.key] = name
            found = self.kept[self.by_key[charge.key]].intent
            assert (found.amount, found.currency) == (charge.amount, charge.currency)
            answer = found
        return answer

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Try to collect."""
        with self._call("confirm"):
            found = self._found(intent_id).intent
            if found.state is IntentState.CANCELLED:
                raise GatewayRefused("it is cancelled")
            if found.state is IntentState.UNCONFIRMED:
                gone = charge.method in self.removed or not charge.method
                self._become(intent_id, IntentState.DECLINED if gone else OUTCOMES[self.outcome])
            answer = self._found(intent_id).intent
        return answer

    def retrieve(self, intent_id: str) -> Intent:
        """As it is."""
        with self._call("retrieve"):
            answer = self._found(intent_id).intent
        return answer

    def cancel(self, intent_id: str) -> Intent:
        """Cancelled, unless it has succeeded or the bank is at work."""
        with self._call("cancel"):
            if self._found(intent_id).intent.state not in (*FINAL, IntentState.PROCESSING):
                self._become(intent_id, IntentState.CANCELLED)
            answer = self._found(intent_id).intent
        return answer

    def refund(self, intent_id: str, amount: int, key: str) -> Intent:
        """Give back, once per key."""
        with self._call("refund"):
            kept = self._found(intent_id)
            kept.refunds.setdefault(key, amount)
            given = sum(kept.refunds.values())
            assert given <= kept.intent.captured, "more is given back than was taken"
            kept.intent = replace(kept.intent, refunded=given)
            answer = kept.intent
        return answer

    def payments(self, since: datetime) -> Iterable[Intent]:
        """All since then."""
        return [kept.intent for kept in self.kept.values() if kept.made_at >= since]

    def read_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Notice:
        """Raises Forged without the right header."""
        if headers.get("Signature") != "good":
            raise Forged("not ours")
        return self.parse_webhook(raw)

    def parse_webhook(self, raw: bytes) -> Notice:
        """What it is about."""
        body = json.loads(raw)
        return Notice(self.name, body["id"], body["kind"], body["intent"], body["key"])

    def bank(self, intent_id: str, passed: bool) -> None:
        """The customer answers a challenge, or the bank has done its work: late success or refusal."""
        waits = (IntentState.CHALLENGE, IntentState.PROCESSING)
        with self.lock:
            if self._found(intent_id).intent.state in waits:
                self._become(intent_id, IntentState.SUCCEEDED if passed else IntentState.DECLINED)

    def waiting(self, *states: IntentState) -> list[str]:
        """The payments in these states."""
        return [name for name, kept in self.kept.items() if kept.intent.state in states]

    def captured(self) -> dict[str, int]:
        """What was captured, by the key of our payment."""
        return {k.intent.key: k.intent.captured for k in self.kept.values() if k.intent.captured}

    def _found(self, intent_id: str) -> Kept:
        if intent_id not in self.kept:
            raise GatewayRefused("no such payment")
        return self.kept[intent_id]

    def _become(self, intent_id: str, state: IntentState) -> None:
        kept = self.kept[intent_id]
        changes: dict[str, Any] = {"state": state}
        if state is IntentState.SUCCEEDED:
            kept.captures += 1
            changes["captured"] = kept.intent.amount
        if state is IntentState.DECLINED:
            changes["reason"] = "declined"
        if state is IntentState.CHALLENGE:
            changes["client"] = {"gateway": self.name}
        kept.intent = replace(kept.intent, **changes)
        event = {"id": uuid4().hex, "kind": str(state), "intent": intent_id, "key": kept.intent.key}
        self.events.append((json.dumps(event).encode(), {"Signature": "good"}))


@contextmanager
def in_place_of_the_sandbox(faulty: Faulty | None = None) -> Iterator[Faulty]:
    """The gateway `sandbox` of this process is this one for as long as the block runs.

    Pages are imported when the first of them is asked for. One that is asked for in the block
    would keep this gateway for good, so they are all imported before.
    """
    assert get_resolver().url_patterns
    faulty = faulty or Faulty()
    real = sandbox.Sandbox
    sandbox.Sandbox = lambda: faulty  # type: ignore[assignment, misc, return-value]
    gateway.cache_clear()
    try:
        yield faulty
    finally:
        sandbox.Sandbox = real  # type: ignore[misc]
        gateway.cache_clear()
