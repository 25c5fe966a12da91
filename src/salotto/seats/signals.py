"""What rooms above hear from this one, inside the transaction of the change."""

from django.dispatch import Signal

seat_released = Signal()
"""An agent is no longer one: `account_id`, `user_id`, `hand_to` (user id of the agent who
takes over the open conversations, or None: they become unassigned) and `by` (Member)."""
