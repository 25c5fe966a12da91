"""Whether the books hold, on live data: each invariant of the money is one query.

The queries (`sql/verify.sql`) look at sets in the database, so that memory stays bounded
however many accounts there are; each is one statement and so one snapshot.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import connection

from salotto.core import clock

MOST = 1000
"""Violations that are named per invariant."""
NAMED = re.compile(r"^-- name: (\w+)\n(?:--[^\n]*\n)*(.*?);$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: whose row it is (0: the whole installation's), and the figures."""

    invariant: str
    account_id: int
    row: str
    figures: str

    def __str__(self) -> str:
        return f"{self.invariant}: account {self.account_id}, {self.row}: {self.figures}"


@cache
def invariants() -> dict[str, str]:
    """The query of each invariant, by its name."""
    text = (Path(__file__).parent / "sql" / "verify.sql").read_text(encoding="utf-8")
    return {name: query.strip() for name, query in NAMED.findall(text)}


def verify(account_id: int | None = None) -> list[Violation]:
    """Every violation in one account, or in all of them; at most a thousand per invariant."""
    return [found for name in invariants() for found in broken(name, account_id)]


def broken(name: str, account_id: int | None = None) -> list[Violation]:
    """The violations of one invariant."""
    given = {"account": account_id, "now": clock.now(), "most": MOST}
    query = f"SELECT * FROM ({invariants()[name]}) AS found LIMIT %(most)s"  # noqa: S608 (our own file)
    with connection.cursor() as db:
        db.execute(query, given)
        return [Violation(name, int(account), row, figures) for account, row, figures in db.fetchall()]
