"""Reads of the inbox for the raw endpoints, on psycopg's asynchronous connections."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection


async def visitor_of(db: AsyncConnection[Any], account: int, conversation: int) -> tuple[bool, UUID | None]:
    """Whether the account has this conversation, and its visitor if it came by web chat."""
    asked = await db.execute(
        "SELECT visitor FROM inbox_conversation WHERE account_id = %s AND id = %s", [account, conversation]
    )
    row = await asked.fetchone()
    return (False, None) if row is None else (True, row[0])
