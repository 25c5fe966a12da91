"""Every write about seats: who holds one, the ledger, and what is asked of support."""

from salotto.seats.actions.access import TRIAL_SEATS, seat_newcomer, set_access, start_trial
from salotto.seats.actions.asking import ask_primary_admin
from salotto.seats.actions.ledger import follow
from salotto.seats.actions.requests import (
    answer_request,
    decline,
    request_more,
    request_removal,
    schedule,
    withdraw_request,
)
from salotto.seats.actions.talking import hear_support, write_to_support
from salotto.seats.actions.unfinished import tell_unfinished
from salotto.seats.errors import NoFreeSeat

__all__ = [
    "TRIAL_SEATS",
    "NoFreeSeat",
    "answer_request",
    "ask_primary_admin",
    "decline",
    "follow",
    "hear_support",
    "request_more",
    "request_removal",
    "schedule",
    "seat_newcomer",
    "set_access",
    "start_trial",
    "tell_unfinished",
    "withdraw_request",
    "write_to_support",
]
