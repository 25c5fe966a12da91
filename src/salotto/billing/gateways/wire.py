"""What holds for every call over the wire."""

from django.db import connection


def must_be_outside_transactions() -> None:
    """Raises RuntimeError inside a transaction, which the answer could not undo."""
    if connection.in_atomic_block:
        raise RuntimeError("A gateway is never called inside a transaction.")
