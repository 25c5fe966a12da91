"""(d) The conversation list at two sizes: first page, a page far down, and how they are found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection

from benchmarks import bulk, seed
from benchmarks.house import House, Load
from benchmarks.report import Line, at_most, beside, holds

SMALL, LARGE, QUICK = 10_000, 1_000_000, 200_000
PAGE, DEEP = 50, 1000
TABLE = "inbox_conversation"


@dataclass(frozen=True)
class Size:
    """A database with one large account, and the agent who reads it."""

    database: str
    member: Any
    count: int

    def open(self) -> None:
        """Point Django's connection here."""
        connection.close()
        connection.settings_dict["NAME"] = self.database


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """Two databases of the same shape, read in turn."""
    sizes = [_made(house, count) for count in (SMALL, QUICK if quick else LARGE)]
    rounds = 60 if quick else 200
    try:
        return [*_times(sizes, rounds), *_how(sizes)]
    finally:
        sizes[0].open()
        connection.close()
        connection.settings_dict["NAME"] = "salotto"


def _made(house: House, count: int) -> Size:
    """A copy of the migrated database with this many conversations."""
    name = f"list_{count}"
    seed.close()
    with house.superuser() as db:
        db.execute(f'CREATE DATABASE "{name}" TEMPLATE salotto OWNER salotto_owner')
    size = Size(name, None, count)
    size.open()
    member, inbox, agents = _people()
    with house.superuser(name) as db:
        bulk.fill(db, member.account.pk, inbox, agents, count)
    return Size(name, member, count)


def _people() -> tuple[Any, int, list[int]]:
    """The reading agent, the inbox, and three agents of whom the reader is one."""
    from salotto.accounts.models import Account, Membership, User
    from salotto.accounts.queries import member_of
    from salotto.core.tenancy import account_scope
    from salotto.inbox.models import Inbox

    company = seed.company(3)
    with account_scope(company.account):
        agents = list(Membership.objects.order_by("id").values_list("user_id", flat=True))
        inbox = Inbox.objects.get().pk
    account = Account.objects.get(pk=company.account)
    return member_of(User.objects.get(pk=agents[0]), account.slug), inbox, agents


def _page(size: Size, view: Any, before: Any) -> Any:
    from salotto.core.tenancy import account_scope
    from salotto.inbox import queries

    with account_scope(size.member.account.pk):
        return queries.conversations(view, by=size.member, before=before, limit=PAGE)


def _far_down(size: Size, view: Any) -> Any:
    """The key with which the thousandth page begins, or the last full page of a shorter list."""
    from salotto.core.tenancy import account_scope
    from salotto.inbox.models import Conversation
    from salotto.inbox.queries import Place

    with account_scope(size.member.account.pk):
        found = Conversation.objects.filter(**view.conditions(size.member))
        skip = min(PAGE * (DEEP - 1), found.count() - PAGE - 1) - 1
        newest = found.order_by("-last_activity", "-id").values_list("last_activity", "id")
        return Place(*newest[skip])


def _times(sizes: list[Size], rounds: int) -> list[Line]:
    """Median milliseconds of each page at each size, in turn."""
    from salotto.inbox.boxes import View

    lines = []
    for view in View:
        keys: list[Any] = []
        for size in sizes:
            size.open()
            keys.append(_far_down(size, view))
        first = _in_turn(sizes, view, [None, None], rounds)
        deep = _in_turn(sizes, view, keys, rounds)
        names = f"{sizes[1].count:,} against {sizes[0].count:,}"
        lines += [
            at_most("d", f"{view.value}: first page, {names}", first[1], first[0], "ms", 1.5),
            at_most("d", f"{view.value}: page {DEEP:,} by key", deep[1], deep[0], "ms", 1.5),
            beside("d", f"{view.value}: page {DEEP:,} against the first", deep[1], "ms", first[1]),
        ]
    return lines


def _in_turn(sizes: list[Size], view: Any, keys: list[Any], rounds: int) -> list[float]:
    """Median milliseconds at each size; both connections stay open, warm, and take turns."""
    took: list[list[float]] = [[], []]
    for n in range(6):
        for which, size in enumerate(sizes):
            size.open()
            for _ in range(rounds // 5):
                began = time.perf_counter()
                page = _page(size, view, keys[which])
                if len(page.rows) != PAGE:
                    raise RuntimeError(f"{view} at {size.count}: {len(page.rows)} rows")
                took[which] += [(time.perf_counter() - began) * 1000] if n else []
    return [median(each) for each in took]


def _how(sizes: list[Size]) -> list[Line]:
    """What each page asks of PostgreSQL, and how that answers."""
    from salotto.inbox.boxes import View

    texts: list[str] = []
    nodes: list[dict[str, Any]] = []
    for size in sizes:
        size.open()
        for view in View:
            for before in (None, _far_down(size, view)):
                text, plan = _explained(size, view, before)
                texts.append(text)
                nodes += _nodes(plan)
    whole = [n for n in nodes if n["Node Type"] == "Seq Scan" and n.get("Relation Name") == TABLE]
    sorts = [n for n in nodes if "Sort" in n["Node Type"]]
    read = max(n["Actual Rows"] for n in nodes if n.get("Relation Name") == TABLE)
    return [
        holds(
            "d",
            "no OFFSET and no COUNT in any of them",
            not any(w in t for t in texts for w in ("OFFSET", "COUNT(")),
        ),
        holds("d", "no scan of the whole table, no sort", not whole and not sorts),
        holds("d", f"no more than {PAGE + 1} conversations read for a page", read <= PAGE + 1),
    ]


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """What Django executes meanwhile."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        found.append((statement, values))
        return execute(statement, values, many, context)

    with connection.execute_wrapper(note):
        yield found


def _explained(size: Size, view: Any, before: Any) -> tuple[str, dict[str, Any]]:
    """The page's one statement, and its plan as PostgreSQL ran it."""
    with _statements() as found:
        _page(size, view, before)
    if len(found) != 1:
        raise RuntimeError(f"a page of {view} takes {len(found)} statements")
    statement, values = found[0]
    with connection.cursor() as db:
        db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        return statement.upper(), db.fetchone()[0][0]["Plan"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
