"""Writing the audit log, inside the transaction of the act itself."""

from typing import Any

from salotto.core.models import AuditEntry


def record(account_id: int, actor_id: int | None, verb: str, subject: str = "", **detail: Any) -> None:
    """Append one audit row, e.g. `record(7, 12, "seat.assigned", "user 14", level="agent")`."""
    AuditEntry.objects.create(
        account_id=account_id,
        actor_id=actor_id,
        verb=verb,
        subject=subject,
        detail=detail,
    )
