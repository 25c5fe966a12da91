"""What rooms above hear from this one, inside the transaction of the change.

A receiver that raises undoes the change.
"""

from django.dispatch import Signal

quantity_changed = Signal()
"""The number of paid seats, now or at the next renewal, is another: `account_id`,
`actor_id` (None: the system), `kind` (of the seat ledger), `quantity`, `quantity_next`,
`reason` (a few words) and `at` (UTC)."""

FIRST_PURCHASE_FITS = "billing_first_purchase_fits"
"""What a trigger of a room above calls its check when it refuses the payment of a first purchase,
in the statement that writes it."""

checking_first = Signal()
"""A first purchase was refused so: `account`, `quantity`. The receiver whose trigger it was
raises the `Refused` that says why. Sent outside any transaction; nothing was written."""

renewing = Signal()
"""A period is about to begin: `account_id`, `quantity`. A receiver answers with the least
quantity that the account needs; the account renews at the largest of all."""
