"""Why billing refuses: each reason a class, with its status, code and sentence."""

from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from salotto.billing.money import Money
from salotto.core.errors import BadRequest, Busy, Conflict, Forbidden, Invalid


class BadQuantity(Invalid):
    """422: no whole number of seats from 1 on."""

    code = "bad_quantity"
    sentence = _("Enter a whole number of seats, 1 or more. Nothing was changed.")


class OverGatewayLimit(Invalid):
    """422: more than the gateway takes in one charge (rule S5)."""

    code = "over_gateway_limit"

    def __init__(self, limit: Money) -> None:
        super().__init__(
            gettext(
                "One payment can be %(limit)s at most. Nothing was changed. Buy in several steps,"
                " or write to support for an invoice."
            )
            % {"limit": limit.shown(get_language() or "en")}
        )


class NoPrice(Invalid):
    """422: nothing is sold in this currency."""

    code = "no_price"
    sentence = _("There is no price in this currency. Nothing was changed. Choose another one.")


class NoSuchCycle(Invalid):
    """422: neither monthly nor yearly."""

    code = "no_such_cycle"
    sentence = _("Choose monthly or yearly. Nothing was changed.")


class ForgedQuote(BadRequest):
    """400: not a quote of ours, or a changed one."""

    code = "forged_quote"
    sentence = _("This offer is not one of ours. Nothing was charged. Open the page again.")


class ForeignQuote(Forbidden):
    """403: another account's quote."""

    code = "foreign_quote"
    sentence = _("This offer belongs to another account. Nothing was charged.")


class QuoteOver(Conflict):
    """409: the quote is too old, or something that it rests on has changed."""

    code = "quote_over"
    sentence = _("This price is no longer held. Nothing was charged. Ask for it again.")


class OtherQuantity(Conflict):
    """409: the quote is for another number of seats than the request."""

    code = "other_quantity"
    sentence = _("The offer is for another number of seats. Nothing was charged. Ask for it again.")


class RenewalFirst(Conflict):
    """409: the period has ended and its renewal is not made yet."""

    code = "renewal_first"
    sentence = _("The plan is being renewed. Nothing was charged. Try again in a minute.")


class PurchaseUnderWay(Conflict):
    """409: one purchase at a time."""

    code = "purchase_under_way"
    sentence = _("Another payment of this account is under way. Wait until it is done.")


class PastDue(Conflict):
    """409: rule 21."""

    code = "past_due"
    sentence = _(
        "An invoice is not paid yet. Pay it first; then more seats can be bought. Nothing was charged."
    )


class SaleOver(Conflict):
    """409: rule S14, the product is not sold any more."""

    code = "sale_over"
    sentence = _(
        "Conversations is no longer sold. Nothing was charged. Accounts that have it keep it and renew."
    )


class SelfServiceOver(Conflict):
    """409: rule S14, the second date: more seats by Email support only."""

    code = "self_service_over"
    sentence = _("More seats are now sold by support only. Nothing was charged. Use Email support.")


class NoMethod(Conflict):
    """409: no current payment method."""

    code = "no_payment_method"
    sentence = _("There is no payment method. Nothing was charged. Add a card, then buy.")


class NoCards(Conflict):
    """409: the account pays by invoice."""

    code = "no_cards"
    sentence = _("This account pays by invoice and needs no card. Nothing was changed.")


class CardRefused(Invalid):
    """422: the gateway does not have this card for this account."""

    code = "card_refused"
    sentence = _("The card could not be added. Nothing was changed. Try again, or use another card.")


class CardNeeded(Conflict):
    """409: the plan is paid with this card."""

    code = "card_needed"
    sentence = _("This card pays for the plan. Nothing was changed. Make another card current first.")


class GatewaySilent(Busy):
    """503: no answer from the gateway, outside of any payment."""

    code = "gateway_silent"
    sentence = _("The payment service does not answer. Nothing was changed. Try again in a moment.")


class QuantityNext(Conflict):
    """409: the next renewal cannot take this number of seats."""

    code = "quantity_next"
    sentence = _("This number of seats is not possible at the next renewal. Nothing was changed.")


class NoRenewal(Conflict):
    """409: the account has no plan that renews."""

    code = "no_renewal"
    sentence = _("There is no renewal that it could take effect with: the account is not active.")


class Declined(Invalid):
    """422: the gateway has declined; `reason` is one of `gateways.port.REASONS`."""

    code = "declined"

    def __init__(self, reason: str) -> None:
        super().__init__(why_declined(reason))
        self.reason = reason


def why_declined(reason: str) -> Any:
    """The sentence for a decline, with what to do."""
    return DECLINES.get(reason, DECLINES["declined"])


DECLINES: dict[str, Any] = {
    "declined": _("The bank has declined the card. Nothing was charged. Try another card, or ask your bank."),
    "insufficient_funds": _("The card has not enough money. Nothing was charged. Try another card."),
    "expired_card": _("The card has expired. Nothing was charged. Add a new card."),
    "incorrect_cvc": _("The card's security code is wrong. Nothing was charged. Add the card again."),
    "challenge_failed": _("The bank could not confirm that it is you. Nothing was charged. Try again."),
    "processing_error": _("The bank could not process it. Nothing was charged. Try again in a moment."),
    "challenge_needed": _("The bank wants to hear from you. Nothing was charged. Pay on the page Billing."),
    "method_missing": _("The card is no longer known. Nothing was charged. Add a card, then buy."),
}
