"""The hub: one look at the log for all listeners of this process.

It wakes on the bell, and once a second without it; reads what is new since its cursor in
one query; encodes one frame per audience and writes it to each listener. Listeners of
other processes have hubs of their own: the bell rings for all, the log is the same.
"""

import asyncio
import json
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from salotto.core.pool import connect
from salotto.live import queries
from salotto.live.cursor import Cursor
from salotto.live.listener import Listener
from salotto.live.queries import Fact

log = logging.getLogger("salotto.live")

LOOK_EVERY = 1.0
"""Seconds between looks at the log when no bell rings."""

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]


def frame(cursor: Cursor, facts: Iterable[Fact]) -> bytes:
    """One server-sent event with all facts of one look, and the cursor that has seen them."""
    told = [{"kind": f.kind, "conversation": f.conversation, "data": f.data} for f in facts]
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f"id: {cursor}\ndata: {body}\n\n".encode()


def passing(fact: dict[str, Any]) -> bytes:
    """One passing fact (typing, presence), without a cursor."""
    return f"event: now\ndata: {json.dumps(fact, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


class Hub:
    """Listeners of one process, by audience: an account's team, or one visitor."""

    def __init__(self, connect: Connect = connect) -> None:
        self._connect = connect
        self.team: dict[int, set[Listener]] = defaultdict(set)
        self.visitors: dict[UUID, set[Listener]] = defaultdict(set)
        self.cursor: Cursor | None = None
        self.count = 0
        self._woken = asyncio.Event()
        self._looked: list[asyncio.Future[None]] = []

    # Listeners

    def add(self, listener: Listener) -> Cursor:
        """Register a listener; everything after the returned cursor will reach it."""
        if self.cursor is None:
            raise RuntimeError("the hub has not looked yet: await refresh() first")
        self._audience(listener).add(listener)
        self.count += 1
        self._woken.set()
        return self.cursor

    def remove(self, listener: Listener) -> None:
        """Forget a listener; harmless when it is not there."""
        audience = self._audience(listener)
        if listener in audience:
            audience.remove(listener)
            self.count -= 1
        if not audience:
            self._drop(listener)

    def _audience(self, listener: Listener) -> set[Listener]:
        if listener.visitor is not None:
            return self.visitors[listener.visitor]
        return self.team[listener.account]

    def _drop(self, listener: Listener) -> None:
        if listener.visitor is not None:
            self.visitors.pop(listener.visitor, None)
        else:
            self.team.pop(listener.account, None)

    def everyone(self) -> Iterable[Listener]:
        """All listeners, as a copy that may be changed while walking."""
        return [x for group in (*self.team.values(), *self.visitors.values()) for x in group]

    # Passing facts

    def tell_team(self, account: int, fact: dict[str, Any]) -> None:
        """Write a passing fact to the account's team, in this process."""
        self._tell(self.team.get(account), fact)

    def tell_visitor(self, visitor: UUID, fact: dict[str, Any]) -> None:
        """Write a passing fact to a visitor's streams, in this process."""
        self._tell(self.visitors.get(visitor), fact)

    def _tell(self, audience: set[Listener] | None, fact: dict[str, Any]) -> None:
        if audience:
            told = passing(fact)
            for listener in tuple(audience):
                if listener.backlog is None:
                    listener.deliver(told)

    # The log

    def wake(self) -> None:
        """Look at the log soon; call it in the loop's own thread."""
        self._woken.set()

    async def refresh(self) -> None:
        """Wait for a look that begins after now: the hub's cursor is then ahead of every
        cursor that anybody was given before."""
        looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._looked.append(looked)
        self._woken.set()
        await looked

    async def run(self) -> None:
        """Look until cancelled; survives a database that goes away, without a gap."""
        while True:
            try:
                async with await self._connect() as db:
                    await self._look_forever(db)
            except Exception as error:  # whatever it was, the stream must go on
                log.warning("The live stream lost its database connection and tries again: %s", error)
                await asyncio.sleep(0.3 + random.random())  # noqa: S311

    async def _look_forever(self, db: AsyncConnection[Any]) -> None:
        while True:
            await self._bell()
            self._woken.clear()
            waiting, self._looked = self._looked, []
            try:
                if self.count or waiting or self.cursor is None:
                    await self._look(db)
            except BaseException:
                self._looked[:0] = waiting
                raise
            for looked in waiting:
                if not looked.done():
                    looked.set_result(None)

    async def _bell(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _look(self, db: AsyncConnection[Any]) -> None:
        if self.cursor is None or not self.count:
            await self._start(db)
            return
        self.cursor, facts = await queries.news(db, self.cursor)
        try:
            self._hand_out(self.cursor, facts)
        except Exception:  # nobody may miss a fact: all come back and read from their cursors
            log.exception("Events could not be handed out; every listener starts over")
            for listener in self.everyone():
                listener.close()

    async def _start(self, db: AsyncConnection[Any]) -> None:
        """Nobody listens: what happened meanwhile is nobody's, so the cursor is just now."""
        moment = await queries.now(db, await queries.era(db))
        if not self.count:
            self.cursor = moment

    def _hand_out(self, cursor: Cursor, facts: list[Fact]) -> None:
        for account, told in _by(facts, lambda f: f.account).items():
            if audience := self.team.get(account):
                self._deliver(audience, frame(cursor, told))
        for visitor, told in _by(facts, lambda f: f.visitor).items():
            if audience := self.visitors.get(visitor):
                self._deliver(audience, frame(cursor, told))
        for fact in facts:
            if fact.kind == "member.changed":
                self._sign_out(fact.account, fact.data.get("user"))

    def _deliver(self, audience: set[Listener], told: bytes) -> None:
        for listener in tuple(audience):
            listener.deliver(told)

    def _sign_out(self, account: int, user: object) -> None:
        """The member's rights changed: the stream ends and is authorised anew."""
        for listener in tuple(self.team.get(account, ())):
            if listener.user == user:
                listener.close()


def _by(facts: Iterable[Fact], key: Callable[[Fact], Any]) -> dict[Any, list[Fact]]:
    groups: dict[Any, list[Fact]] = defaultdict(list)
    for fact in facts:
        if (k := key(fact)) is not None:
            groups[k].append(fact)
    return groups
