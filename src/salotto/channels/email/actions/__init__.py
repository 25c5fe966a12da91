"""Every write of the email channel."""

from salotto.channels.email.actions.again import retry_many
from salotto.channels.email.actions.bulk import queue_many, unsubscribe
from salotto.channels.email.actions.queueing import (
    acknowledge,
    queue_auto,
    queue_forward,
    queue_mail,
    queue_new,
)
from salotto.channels.email.actions.sending import retry_mail
from salotto.channels.email.actions.stopping import cancel_mail, stop_many
from salotto.channels.email.actions.storing import Arrival, store, take_in_soon

__all__ = [
    "Arrival",
    "acknowledge",
    "cancel_mail",
    "queue_auto",
    "queue_forward",
    "queue_mail",
    "queue_many",
    "queue_new",
    "retry_mail",
    "retry_many",
    "stop_many",
    "store",
    "take_in_soon",
    "unsubscribe",
]
