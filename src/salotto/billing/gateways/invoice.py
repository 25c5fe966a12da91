"""The gateway `invoice`: no card; seats are granted at purchase, the invoice is paid later.

It remembers nothing: a payment's id holds its key, amount and currency, and no money moves
here, so that confirming and cancelling can be repeated at will. What counts is the payment's
row; the operator marks its invoice as paid.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from salotto.billing.gateways.port import Card, Charge, Forged, GatewayRefused, Intent, IntentState, Notice


class OnInvoice:
    """Implements `port.Gateway`."""

    name = "invoice"
    takes_cards = False

    def minimum(self, currency: str) -> int:
        """Nothing is too small for an invoice."""
        return 0

    def maximum(self, currency: str) -> int | None:
        """Nor too large."""
        return None

    def exact(self, amount: int, currency: str) -> int:
        """Every amount."""
        return amount

    def ensure_customer(self, account_id: int, name: str, email: str, known: str) -> str:
        """There is no customer but the account itself."""
        return f"account-{account_id}"

    def begin_card(self, customer: str, key: str) -> Mapping[str, str]:
        """Raises GatewayRefused: no cards."""
        raise GatewayRefused("the gateway `invoice` takes no cards")

    def finish_card(self, customer: str, reference: str) -> Card:
        """Raises GatewayRefused: no cards."""
        raise GatewayRefused("the gateway `invoice` takes no cards")

    def remove_card(self, token: str) -> None:
        """There is none."""

    def create(self, charge: Charge) -> Intent:
        """The payment; its id is made of the charge, so the same one comes again."""
        return self.retrieve(f"on-account:{charge.key}:{charge.amount}:{charge.currency}")

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Granted now, paid later."""
        return replace(self.retrieve(intent_id), state=IntentState.ON_ACCOUNT)

    def retrieve(self, intent_id: str) -> Intent:
        """The payment, unconfirmed, since nobody here knows better: confirming again is free."""
        match intent_id.split(":"):
            case ["on-account", key, amount, currency] if amount.isdecimal():
                return Intent(intent_id, IntentState.UNCONFIRMED, int(amount), currency, key)
        raise GatewayRefused("no such payment")

    def cancel(self, intent_id: str) -> Intent:
        """Cancelled; nothing was taken."""
        return replace(self.retrieve(intent_id), state=IntentState.CANCELLED)

    def refund(self, intent_id: str, amount: int, key: str) -> Intent:
        """Raises GatewayRefused: nothing was taken here."""
        raise GatewayRefused("nothing was collected by the gateway `invoice`")

    def payments(self, since: datetime) -> Iterable[Intent]:
        """None is kept."""
        return ()

    def read_webhook(self, raw: bytes, headers: Mapping[str, str]) -> Notice:
        """Raises Forged: it sends none."""
        raise Forged("the gateway `invoice` sends no webhooks")

    def parse_webhook(self, raw: bytes) -> Notice:
        """Raises Forged: it sends none."""
        raise Forged("the gateway `invoice` sends no webhooks")
