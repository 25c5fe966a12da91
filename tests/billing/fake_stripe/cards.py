"""What Stripe's test cards do, as its documentation says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """`code` and `decline_code` of a decline; `asks` for 3-D Secure: never, on session, always."""

    code: str = ""
    decline_code: str = ""
    asks: str = "never"


BEHAVIOURS = {
    "4242424242424242": Behaviour(),
    "5555555555554444": Behaviour(),
    "4000000000000002": Behaviour("card_declined", "generic_decline"),
    "4000000000009995": Behaviour("card_declined", "insufficient_funds"),
    "4000000000000069": Behaviour("expired_card", "expired_card"),
    "4000000000000127": Behaviour("incorrect_cvc", "incorrect_cvc"),
    "4000000000000119": Behaviour("processing_error", "processing_error"),
    "4000002500003155": Behaviour(asks="on session"),
    "4000002760003184": Behaviour(asks="always"),
}
