"""Is this still the log that the cursors out there came from?"""

import uuid

from django.db import connection, transaction


def check() -> bool:
    """Compare the database cluster with the one the log was written in; True if it changed.

    A log restored from a dump has transaction ids of another cluster, which would make
    snapshots lie: the old events are dropped, the era changes, listeners start afresh.
    """
    with transaction.atomic(), connection.cursor() as db:
        db.execute("SELECT system_identifier::text FROM pg_control_system()")
        here = db.fetchone()[0] + "/" + _database_oid()
        db.execute("SELECT system FROM live_era FOR UPDATE")
        known = db.fetchone()[0]
        if known == here:
            return False
        if known:
            db.execute("DELETE FROM live_event")
        db.execute("UPDATE live_era SET system = %s, era = %s, pruned = '0'", [here, uuid.uuid4()])
        return True


def _database_oid() -> str:
    with connection.cursor() as db:
        db.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        return str(db.fetchone()[0])


def prune(keep_days: int = 3) -> int:
    """Delete events older than `keep_days`; the number deleted. In slices, so that no
    writer waits; cursors from before are answered with a reset."""
    deleted = 0
    while True:
        with transaction.atomic(), connection.cursor() as db:
            db.execute(
                """
                WITH old AS (
                    DELETE FROM live_event WHERE ctid = ANY (ARRAY(
                        SELECT ctid FROM live_event WHERE at < now() - make_interval(days => %s)
                        ORDER BY txid LIMIT 5000))
                    RETURNING txid
                ), last AS (SELECT max(txid::text::numeric) + 1 AS beyond, count(*) AS gone FROM old)
                UPDATE live_era
                   SET pruned = greatest(pruned::text::numeric, coalesce(last.beyond, 0))::text::xid8
                  FROM last RETURNING last.gone
                """,
                [keep_days],
            )
            gone = int(db.fetchone()[0])
        deleted += gone
        if gone < 5000:
            return deleted
