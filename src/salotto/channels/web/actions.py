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


_EMAIL = """
    WITH kept AS (
        UPDATE inbox_contact c SET email = %(email)s
          FROM inbox_conversation v
         WHERE v.account_id = %(account)s AND v.id = %(conversation)s
           AND c.account_id = v.account_id AND c.id = v.contact_id AND c.email = ''
        RETURNING v.account_id, v.id
    ), moved AS (
        UPDATE inbox_conversation v SET version = v.version + 1
          FROM kept WHERE v.account_id = kept.account_id AND v.id = kept.id
        RETURNING v.account_id, v.id, v.version
    )
    INSERT INTO live_event (account_id, txid, at, kind, conversation_id, data)
    SELECT account_id, pg_current_xact_id(), now(), 'conversation.changed', id,
           jsonb_build_object('what', 'contact', 'version', version)
      FROM moved
"""


async def keep_email(db: AsyncConnection[Any], account: int, conversation: int, email: str) -> bool:
    """The address that a visitor left: kept if the contact has none; whether it was.

    A visitor's word changes nothing that the team knows already. Harmless when repeated.
    """
    wanted = {"account": account, "conversation": conversation, "email": email}
    return (await db.execute(_EMAIL, wanted)).rowcount > 0
