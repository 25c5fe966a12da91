"""What rooms above hear from this one, always inside the transaction of the change.

A receiver that raises undoes the change. Register receivers in the app's `ready`.
"""

from django.dispatch import Signal

account_founded = Signal()
"""A new account: `account`, `user` (its primary admin, already a member without access)."""

member_joined = Signal()
"""A user has joined as a member without access: `account`, `user`, `wanted` (access level)."""

member_leaving = Signal()
"""A membership is about to be deleted: `account_id`, `user_id`, `access` (what it is now),
`hand_to` (user id of the member who takes over open work, or None) and `by` (Member)."""
