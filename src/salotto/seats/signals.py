"""What rooms above hear from this one, inside the transaction of the change."""

from django.dispatch import Signal

seat_released = Signal()
"""An agent is no longer one: `account_id`, `user_id`, `hand_to` (user id of the agent who
takes over the open conversations, or None: they become unassigned) and `by` (Member)."""

support_asked = Signal()
"""An account has written to support about seats, and support has an account here: `request`
(SeatRequest), `support_account_id`, `text` (the prepared message) and `by` (Member). The
receiver that opens a conversation there answers with its id."""

support_said = Signal()
"""Something about a request that is talked about in support's account: `request`, `text`,
`user` (who said it), `from_support` (False: the account did) and `key` (UUID: said once). The
receiver that puts it into the conversation answers with the message's id; None: it is gone."""
