"""What billing asks of a gateway: customers, cards and charges, nothing else.

Periods, proration and invoices are ours. Every method may be called again after a crash
with the same `key` and then finds what it did before. No method is called inside a database
transaction of ours.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class IntentState(StrEnum):
    """Where a payment stands at the gateway."""

    UNCONFIRMED = "unconfirmed"
    CHALLENGE = "challenge"  # the customer must act: 3-D Secure
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    ON_ACCOUNT = "on_account"  # granted now, paid later: the gateway `invoice`
    DECLINED = "declined"  # may be confirmed again, or cancelled
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment at the gateway; `captured` and `refunded` in minor units of `currency`."""

    id: str
    state: IntentState
    amount: int
    currency: str
    key: str = ""
    captured: int = 0
    refunded: int = 0
    reason: str = ""
    """Of a decline, one of `REASONS`."""
    message: str = ""
    """Of a decline, the gateway's own words, for operators."""
    client: Mapping[str, str] = field(default_factory=dict)
    """What the dialog needs for a challenge: Stripe's client secret, the sandbox's address."""


@dataclass(frozen=True, slots=True)
class Card:
    """A payment method as the gateway describes it."""

    token: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be collected. `key`: the payment's id, from which idempotency keys are made."""

    key: str
    amount: int
    currency: str
    customer: str
    method: str
    on_session: bool
    description: str
    account_id: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook, verified: `intent` is the payment that it speaks of, or ""."""

    source: str
    event_id: str
    kind: str
    intent: str = ""
    key: str = ""
    """The id of our payment, if the gateway gave it back."""


REASONS = (
    "declined",
    "insufficient_funds",
    "expired_card",
    "incorrect_cvc",
    "challenge_failed",
    "processing_error",
    "method_missing",
)


class GatewayError(Exception):
    """Something went wrong at the gateway; the message is for operators."""


class OutcomeUnknown(GatewayError):
    """No answer, or one that says nothing: it may have been done. Never means "failed"."""


class GatewayRefused(GatewayError):
    """The gateway has understood and refused: nothing was done, and again would not help."""


class Forged(GatewayError):
    """A webhook without a valid signature, too old, or not in the gateway's form."""


class Gateway(Protocol):
    """The port. Amounts in minor units as we count (`money.exponent`), not as the gateway does."""

    name: str
    takes_cards: bool

    def minimum(self, currency: str) -> int:
        """The smallest charge in minor units; what is below is carried (rule 22)."""

    def maximum(self, currency: str) -> int | None:
        """The largest single charge (rule S5), or None."""

    def exact(self, amount: int, currency: str) -> int:
        """The largest amount ≤ `amount` that can be charged exactly; the rest is carried."""

    def ensure_customer(self, account_id: int, name: str, email: str, known: str) -> str:
        """The id of the account's customer; `known` is the one we have, or "", or another
        gateway's, which is not used."""

    def begin_card(self, customer: str, key: str) -> Mapping[str, str]:
        """What the page needs to take a card without our seeing its number (SetupIntent)."""

    def finish_card(self, customer: str, reference: str) -> Card:
        """The card that the page has set up; raises GatewayRefused if there is none, or if it
        is another customer's."""

    def remove_card(self, token: str) -> None:
        """Forget a card; one that is not there is no error."""

    def create(self, charge: Charge) -> Intent:
        """The payment, unconfirmed. The same `charge.key` gives the same payment again."""

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Try to collect. Raises OutcomeUnknown; a decline is an Intent, not an error."""

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""

    def cancel(self, intent_id: str) -> Intent:
        """Cancel unless it has succeeded; the payment as it is then."""

    def refund(self, intent_id: str, amount: int, key: str) -> Intent:
        """Give back part of what was captured; the same key does it once."""

    def payments(self, since: datetime) -> Iterable[Intent]:
        """Every payment made at the gateway since then, for the nightly comparison."""

    def read_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Notice:
        """Verify the signature on the raw bytes and say what it is about; raises Forged."""

    def parse_webhook(self, raw: bytes) -> Notice:
        """The same for what was verified when it came; raises Forged if it is not in form."""
