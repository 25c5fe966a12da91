"""Writing the event log, inside the transaction of the change itself."""

from typing import Any
from uuid import UUID

from django.db import transaction

from salotto.live import bell
from salotto.live.models import Event


def emit(
    account_id: int,
    kind: str,
    *,
    conversation: int | None = None,
    visitor: UUID | None = None,
    **data: Any,
) -> None:
    """Append one event and ring the bell after the commit.

    `visitor` is given when that visitor may know of it. Raises TransactionManagementError
    outside a transaction: an event without its change must not exist.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("emit() belongs in the transaction of its change")
    Event.objects.create(
        account_id=account_id, kind=kind, conversation_id=conversation, visitor=visitor, data=data
    )
    transaction.on_commit(bell.ring)
