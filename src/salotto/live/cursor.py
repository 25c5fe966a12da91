"""Where a listener stands in the event log: a snapshot, not a number.

A transaction that took its number first may commit last, so "everything after number n"
loses events. A PostgreSQL snapshot names exactly the transactions that had finished when
it was taken; what a listener has missed is what its snapshot did not see:

    txid >= xmax OR txid = ANY (xip)

(PostgreSQL manual, "Transaction ID and Snapshot Information Functions": xids below xmin
have finished; xip lists those between xmin and xmax still running at that time.)

A database that was put back to an earlier state (a copied directory, a snapshot of the
machine) gives the same transaction ids to other transactions. So a cursor also carries
when it was taken: an event that it claims to have seen, and that was written later than
that, belongs to another history (see `queries.gap`).
"""

import re
from dataclasses import dataclass

from django.db import connection

_SHAPE = re.compile(
    r"([0-9a-f]{8})-(\d{1,20}):(\d{1,20}):((?:\d{1,20},){0,999}\d{1,20})?(?:@(\d{1,15}))?", re.ASCII
)

STAMP = "(pg_current_snapshot()::text || '@' || ceil(extract(epoch FROM clock_timestamp()) * 1000)::text)"
"""SQL for the part of a cursor after the era."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`era` names the log, eight hex digits; `snapshot` is `xmin:xmax:xip,…`; `at` is when
    it was taken, in milliseconds since 1970 by the database's clock, 0 if unknown."""

    era: str
    snapshot: str
    at: int = 0

    @classmethod
    def stamped(cls, era: str, stamp: str) -> "Cursor":
        """The cursor of this log with what `STAMP` gave."""
        snapshot, _, at = stamp.partition("@")
        return cls(era, snapshot, int(at or 0))

    def __str__(self) -> str:
        return f"{self.era}-{self.snapshot}" + (f"@{self.at}" if self.at else "")

    @property
    def xmin(self) -> int:
        """Every transaction below had finished."""
        return int(self.snapshot.split(":")[0])

    @property
    def xmax(self) -> int:
        """No transaction at or above had finished."""
        return int(self.snapshot.split(":")[1])

    @property
    def xip(self) -> list[str]:
        """The transactions between, still running, as decimal strings."""
        running = self.snapshot.split(":")[2]
        return running.split(",") if running else []


def parse(text: str) -> Cursor | None:
    """The cursor in `text`, or None when it is not one (an old page, a forged request)."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    cursor = Cursor.stamped(match[1], text.split("-", 1)[1])
    between = range(cursor.xmin, cursor.xmax)
    possible = cursor.xmin <= cursor.xmax and all(int(txid) in between for txid in cursor.xip)
    return cursor if possible else None


def current() -> str:
    """The cursor of now. Take it before reading what the page shows: an event in between
    is then told once more, which is harmless, and none is missed."""
    with connection.cursor() as db:
        db.execute(f"SELECT left(era::text, 8) || '-' || {STAMP} FROM live_era")  # noqa: S608
        row: tuple[str] = db.fetchone()
    return row[0]
