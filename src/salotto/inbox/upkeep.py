"""Keeping the inbox's tables small, across accounts."""

from django.db import connection, transaction


def fold_tallies(most: int = 1000) -> int:
    """Fold the deltas of up to `most` counters into one row each; how many were folded.

    One statement per round: a delta is either deleted here and part of the sum, or not
    seen at all, so a reader never sees it twice or not at all.
    """
    with transaction.atomic(), connection.cursor() as db:
        db.execute(
            """
            WITH grown AS (
                SELECT account_id, owner, name FROM inbox_tally
                 GROUP BY account_id, owner, name HAVING count(*) > 8 OR sum(value) = 0 LIMIT %s
            ), gone AS (
                DELETE FROM inbox_tally t USING grown g
                 WHERE t.account_id = g.account_id AND t.owner = g.owner AND t.name = g.name
                RETURNING t.account_id, t.owner, t.name, t.value
            )
            INSERT INTO inbox_tally (account_id, owner, name, value)
            SELECT account_id, owner, name, sum(value) FROM gone
             GROUP BY account_id, owner, name
            """,
            [most],
        )
        return int(db.rowcount)


_USERS = """
    SELECT c.conrelid::regclass::text, a.attname
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
     WHERE c.confrelid = 'inbox_blob'::regclass AND c.contype = 'f' AND a.attname <> 'account_id'
"""
"""Every table that refers to bytes of a file, in whatever room, as the database knows them."""
_LOCK = """
    SELECT b.account_id, b.id FROM inbox_blob b
     WHERE (b.account_id, b.id) > (%s, %s) AND b.created_at < now() - interval '1 day' AND {unused}
     ORDER BY b.account_id, b.id
     LIMIT %s
       FOR UPDATE OF b SKIP LOCKED
"""
_DELETE = """
    DELETE FROM inbox_blob b USING unnest(%s::bigint[], %s::bigint[]) AS g(account_id, id)
     WHERE b.account_id = g.account_id AND b.id = g.id AND {unused}
"""


def forget_files(most: int = 500) -> int:
    """Remove the bytes of files that nothing has used for a day, and uploads that were not sent
    within a week; how many files' bytes went."""
    with connection.cursor() as db:
        db.execute(
            "DELETE FROM inbox_attachment WHERE message_id IS NULL AND created_at < now() - interval '7 days'"
        )
        db.execute(_USERS)
        unused = " AND ".join(
            f"NOT EXISTS (SELECT FROM {table} u WHERE u.account_id = b.account_id AND u.{column} = b.id)"
            for table, column in db.fetchall()
        )
    gone = 0
    place: tuple[int, int] | None = (0, 0)
    while place is not None:
        place, count = _forget_some(unused, place, most)
        gone += count
    return gone


def _forget_some(unused: str, place: tuple[int, int], most: int) -> tuple[tuple[int, int] | None, int]:
    """One round after this (account, id): where the next one begins, and how many went.

    Whoever brings the same bytes meanwhile (`actions.keep`) waits for the lock, and then makes
    a row of its own; whoever was first is seen by the second statement, or skipped.
    """
    with transaction.atomic(), connection.cursor() as db:
        db.execute(_LOCK.format(unused=unused), [*place, most])
        found = db.fetchall()
        db.execute(_DELETE.format(unused=unused), [[row[0] for row in found], [row[1] for row in found]])
        return (found[-1] if len(found) == most else None), int(db.rowcount)
