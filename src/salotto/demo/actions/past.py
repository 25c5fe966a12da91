"""The one thing that no action does: giving what was written a time in the past."""

from datetime import datetime

from django.db import connection


def was(account: int, conversation: int, after: int, at: datetime) -> int:
    """Give the messages written since `after` their time; the last one's id."""
    with connection.cursor() as db:
        db.execute(
            "WITH moved AS (UPDATE inbox_message SET created_at = %s"
            " WHERE account_id = %s AND conversation_id = %s AND id > %s RETURNING id)"
            " SELECT coalesce(max(id), %s) FROM moved",
            [at, account, conversation, after, after],
        )
        return int(db.fetchone()[0])
