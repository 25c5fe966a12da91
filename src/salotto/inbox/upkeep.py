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
