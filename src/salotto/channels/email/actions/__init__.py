"""Every write of the email channel."""

from salotto.channels.email.actions.storing import Arrival, store, take_in_soon

__all__ = ["Arrival", "store", "take_in_soon"]
