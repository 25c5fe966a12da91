"""The sandbox's test cards: Stripe's well-known numbers, and two for answers that get lost.

A card is chosen from this list and never typed, so that no real number can be entered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from salotto.billing.gateways.port import IntentState


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a try to collect."""

    state: IntentState
    reason: str = ""


PAID = Outcome(IntentState.SUCCEEDED)
ASKED = Outcome(IntentState.CHALLENGE)


def declined(reason: str) -> Outcome:
    """Declined for one of `port.REASONS`."""
    return Outcome(IntentState.DECLINED, reason)


@dataclass(frozen=True, slots=True)
class TestCard:
    """A simulated card. `lost`: "request" never arrives, the "answer" never comes back."""

    number: str
    label: Any
    on_session: Outcome = PAID
    off_session: Outcome = PAID
    brand: str = "visa"
    lost: str = ""

    def tried(self, on_session: bool) -> Outcome:
        """What comes of trying to collect, with the customer there or not."""
        return self.on_session if on_session else self.off_session


def _declines(number: str, label: Any, reason: str) -> TestCard:
    return TestCard(number, label, declined(reason), declined(reason))


TEST_CARDS: Mapping[str, TestCard] = {
    card.number: card
    for card in (
        TestCard("4242424242424242", _("Succeeds")),
        TestCard("5555555555554444", _("Succeeds, another brand"), brand="mastercard"),
        _declines("4000000000000002", _("Is declined"), "declined"),
        _declines("4000000000009995", _("Has not enough money"), "insufficient_funds"),
        TestCard("4000002500003155", _("Asks for 3-D Secure while you are there"), ASKED),
        TestCard("4000002760003184", _("Always asks for 3-D Secure"), ASKED, declined("challenge_failed")),
        _declines("4000000000000069", _("Has expired"), "expired_card"),
        _declines("4000000000000127", _("Has a wrong security code"), "incorrect_cvc"),
        _declines("4000000000000119", _("Meets an error at the bank"), "processing_error"),
        TestCard("4000000000007726", _("Is charged, but the answer gets lost"), lost="answer"),
        TestCard("4000000000007734", _("Is not charged: the request gets lost"), lost="request"),
    )
}
"""By number. The last two are ours: Stripe has none for a network that fails."""
