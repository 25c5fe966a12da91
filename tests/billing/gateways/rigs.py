"""The three gateways as the contract suite sees them: what each can do, and how a test moves it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import Charge, Gateway, GatewayRefused, Intent, IntentState
from salotto.billing.gateways.sandbox import Sandbox, webhook
from salotto.billing.models import SandboxObject
from tests.billing.fake_stripe import FakeStripe, fake_stripe

LOST_ANSWER = "4000000000007726"
LOST_REQUEST = "4000000000007734"


@dataclass
class Rig:
    """A gateway with an account's customer; here: `invoice`, where nothing happens outside.

    `collects`: cards are charged, and it remembers; `won`: how a collected payment ends.
    """

    port: Gateway
    account_id: int
    collects: bool = False
    won: IntentState = IntentState.ON_ACCOUNT
    customer: str = ""
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.customer = self.port.ensure_customer(self.account_id, "Conti", "giulia@example.com", "")

    def reference(self, number: str, customer: str = "") -> str:
        """What the page hands to `finish_card` after this test card was given."""
        return number

    def card(self, number: str = "4242424242424242", customer: str = "") -> str:
        """The token of a card; "" where none is taken."""
        return ""

    def charge(self, number: str = "4242424242424242", **given: Any) -> Charge:
        """A charge of €38.00 to this test card, with the customer there."""
        usual = Charge(str(uuid4()), 3800, "EUR", self.customer, "", True, "5 seats", self.account_id)
        return replace(usual, **{"method": self.card(number), **given})

    def losing(self, what: str) -> Charge:
        """A charge of which the "request" or the "answer" to `confirm` gets lost, if any can."""
        return self.charge()

    def answer_bank(self, intent: Intent, passed: bool) -> None:
        """The customer answers the bank, if it asks."""

    def webhooks(self, intent: Intent) -> list[tuple[bytes, dict[str, str]]]:
        """What was told about this payment, signed now."""
        return []

    def outcome(self, state: IntentState, reason: str = "") -> tuple[IntentState, str, bool]:
        """(state, reason, charged) expected of a card that ends so, at this gateway."""
        if not self.collects:
            return self.won, "", False
        return state, reason, state is IntentState.SUCCEEDED

    def captured(self, charge: Charge) -> int:
        """What all payments of this key have taken, as the gateway lists them."""
        from datetime import UTC, datetime, timedelta

        since = datetime.now(UTC) - timedelta(hours=1)
        return sum(one.captured for one in self.port.payments(since) if one.key == charge.key)


class WithCards(Rig):
    """What the sandbox and Stripe have in common."""

    def card(self, number: str = "4242424242424242", customer: str = "") -> str:
        customer = customer or self.customer
        return self.port.finish_card(customer, self.reference(number, customer)).token


class SandboxRig(WithCards):
    """The sandbox: losses come from its own test cards."""

    def losing(self, what: str) -> Charge:
        return self.charge(LOST_ANSWER if what == "answer" else LOST_REQUEST)

    def answer_bank(self, intent: Intent, passed: bool) -> None:
        Sandbox().answer_challenge(intent.id, passed)

    def webhooks(self, intent: Intent) -> list[tuple[bytes, dict[str, str]]]:
        rows = SandboxObject.objects.filter(kind="event", data__intent=intent.id).order_by("created_at")
        return [webhook(row.id) for row in rows]


class StripeRig(WithCards):
    """Stripe's adapter against the fake."""

    fake: FakeStripe

    def reference(self, number: str, customer: str = "") -> str:
        begun = self.port.begin_card(customer or self.customer, uuid4().hex)
        with suppress(KeyError):
            self.fake.enter_card(begun["reference"], number)
        return begun["reference"]

    def losing(self, what: str) -> Charge:
        self.fake.next(f"lose_{what}", "confirm")
        return self.charge()

    def answer_bank(self, intent: Intent, passed: bool) -> None:
        self.fake.authenticate(intent.id, passed=passed)

    def webhooks(self, intent: Intent) -> list[tuple[bytes, dict[str, str]]]:
        of_intent = [e for e in self.fake.events if e["data"]["object"]["id"] == intent.id]
        return [self.fake.webhook(event) for event in of_intent]


def _on_invoice(account_id: int) -> Rig:
    return Rig(gateway("invoice"), account_id)


def _sandbox(account_id: int) -> Rig:
    return SandboxRig(gateway("sandbox"), account_id, True, IntentState.SUCCEEDED)


RIGS: dict[str, Callable[[int], Rig]] = {"invoice": _on_invoice, "sandbox": _sandbox}


@contextmanager
def rig_of(name: str, account_id: int) -> Iterator[Rig]:
    """The rig of a gateway for a fresh account; for `stripe` a fake runs as long."""
    with fake_stripe() if name == "stripe" else nullcontext() as fake:
        if fake is None:
            yield RIGS[name](account_id)
            return
        rig = StripeRig(gateway("stripe"), account_id, True, IntentState.SUCCEEDED)
        rig.fake = fake
        yield rig


__all__ = ["GatewayRefused", "Rig", "rig_of"]
