"""Reading the event log, with psycopg's asynchronous connection: the hub's own reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from salotto.live.cursor import STAMP, Cursor

GAP_LIMIT = 2000
"""More missed events than this are not replayed: the page loads its state anew."""

CLOCK_SLACK = 1000
"""Milliseconds that the database's clock may have been put back without a listener noticing."""

_COLUMNS = "e.account_id, e.kind, e.conversation_id, e.visitor, e.data"

# One statement: the snapshot and the rows that it sees belong together.
_NEWS = f"""
    SELECT s.now, {_COLUMNS}
      FROM (SELECT {STAMP} AS now) s
      LEFT JOIN live_event e ON e.txid >= %(xmax)s::text::xid8 OR e.txid = ANY (%(xip)s::text[]::xid8[])
     ORDER BY e.id
"""  # noqa: S608 - built from constants

# One statement again: what was pruned a moment ago must not look like "nothing happened".
# `latest` is when the newest event was written that the cursor claims to have seen.
_GAP = f"""
    SELECT left(log.era::text, 8), log.pruned::text,
           (SELECT floor(extract(epoch FROM e.at) * 1000)
              FROM live_event e
             WHERE e.account_id = %(account)s AND e.txid < %(xmax)s::text::xid8
               AND e.txid <> ALL (%(xip)s::text[]::xid8[])
             ORDER BY e.txid DESC LIMIT 1) AS latest,
           missed.*
      FROM live_era log
      LEFT JOIN LATERAL (
           SELECT e.id, {_COLUMNS}
             FROM live_event e
            WHERE e.account_id = %(account)s
              AND (e.txid >= %(xmax)s::text::xid8 OR e.txid = ANY (%(xip)s::text[]::xid8[]))
              AND pg_visible_in_snapshot(e.txid, %(until)s::text::pg_snapshot)
              AND (%(visitor)s::uuid IS NULL OR e.visitor = %(visitor)s::uuid)
            ORDER BY e.id
            LIMIT %(limit)s) missed ON true
     ORDER BY missed.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as listeners get it."""

    account: int
    kind: str
    conversation: int | None
    visitor: UUID | None
    data: dict[str, Any]


async def era(db: AsyncConnection[Any]) -> str:
    """The log's era, eight hex digits."""
    row = await (await db.execute("SELECT left(era::text, 8) FROM live_era")).fetchone()
    if row is None:
        raise RuntimeError("live_era is empty: run `salotto migrate`")
    return str(row[0])


async def now(db: AsyncConnection[Any], log: str) -> Cursor:
    """A cursor that has seen everything committed until now."""
    row = await (await db.execute(f"SELECT {STAMP}")).fetchone()
    if row is None:
        raise RuntimeError("no snapshot")
    return Cursor.stamped(log, row[0])


async def news(db: AsyncConnection[Any], since: Cursor) -> tuple[Cursor, list[Fact]]:
    """All accounts' events that `since` has not seen, and the cursor that has."""
    rows = await (await db.execute(_NEWS, {"xmax": str(since.xmax), "xip": since.xip})).fetchall()
    facts = [Fact(*row[1:]) for row in rows if row[1] is not None]
    return Cursor.stamped(since.era, rows[0][0]), facts


async def gap(
    db: AsyncConnection[Any], account: int, since: Cursor, until: Cursor, visitor: UUID | None
) -> Sequence[Fact] | None:
    """What one listener missed between two cursors, in order; None when it is too much,
    when the log no longer reaches back to `since`, or when it is another history than the
    one `since` was taken in."""
    wanted = {
        "account": account,
        "visitor": visitor,
        "xmax": str(since.xmax),
        "xip": since.xip,
        "until": until.snapshot,
        "limit": GAP_LIMIT + 1,
    }
    rows = await (await db.execute(_GAP, wanted)).fetchall()
    log, pruned, latest = rows[0][:3]
    rewritten = bool(since.at and latest and latest > since.at + CLOCK_SLACK)
    if log != since.era or since.xmin < int(pruned) or rewritten or len(rows) > GAP_LIMIT:
        return None
    return [Fact(*row[4:]) for row in rows if row[3] is not None]
