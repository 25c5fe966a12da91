"""The visitor's writes other than messages, on psycopg's asynchronous connections."""

from typing import Any

from psycopg import AsyncConnection

# Moves only forward, and not beyond what there is; the event goes with the change.
_SEEN = """
    WITH moved AS (
        UPDATE inbox_conversation
           SET seen_by_visitor = least(%(message)s, last_message), version = version + 1
         WHERE account_id = %(account)s AND id = %(conversation)s
           AND seen_by_visitor < least(%(message)s, last_message)
        RETURNING account_id, id, version
    )
    INSERT INTO live_event (account_id, txid, at, kind, conversation_id, data)
    SELECT account_id, pg_current_xact_id(), now(), 'conversation.changed', id,
           jsonb_build_object('what', 'seen', 'version', version)
      FROM moved
"""


async def mark_seen(db: AsyncConnection[Any], account: int, conversation: int, message: int) -> bool:
    """The visitor has seen everything up to this message; True if that is news."""
    wanted = {"account": account, "conversation": conversation, "message": message}
    return (await db.execute(_SEEN, wanted)).rowcount > 0
