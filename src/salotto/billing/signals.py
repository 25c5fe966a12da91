"""What rooms above hear from this one, inside the transaction of the change.

A receiver that raises undoes the change.
"""

from django.dispatch import Signal

quantity_changed = Signal()
"""The number of paid seats, now or at the next renewal, is another: `account_id`,
`actor_id` (None: the system), `kind` (of the seat ledger), `quantity`, `quantity_next`,
`reason` (a few words) and `at` (UTC)."""

checking_first = Signal()
"""Somebody is about to buy for the first time: `account`, `quantity`. A receiver raises a
`Refused` if that quantity cannot be."""

renewing = Signal()
"""A period is about to begin: `account_id`, `quantity`. A receiver answers with the least
quantity that the account needs; the account renews at the largest of all."""
