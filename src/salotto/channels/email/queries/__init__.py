"""Reads of the email channel."""

from salotto.channels.email.queries.sending import mailbox_of

__all__ = ["mailbox_of"]
