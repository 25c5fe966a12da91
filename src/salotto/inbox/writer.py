"""Group commit: what arrived while the last batches were committing is the next batch.

No timer and no added latency: an idle writer starts at once, and while one batch waits for
the disk a second one may start, so that a message waits for one flush and not for two
(PostgreSQL flushes both together when it can). Each message succeeds or is
refused on its own; a batch that fails as a whole is tried again one by one, each on a
connection of the pool, so that one stuck conversation delays nobody else.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from salotto.core.errors import Busy, Invalid, Refused
from salotto.core.pool import connect
from salotto.inbox.posting import CALL, Item, Posted, as_parameter, as_posted

log = logging.getLogger("salotto.inbox")

LANES = 2
"""Connections, and so batches under way at once."""
BATCH = 200
WAITING = 5000
"""More messages than this in line: the server says so instead of taking more."""
TIMEOUTS = "-c statement_timeout=10s -c lock_timeout=250ms"
"""A batch does not wait for a locked conversation: see `_one_by_one`."""

Waiting = tuple[Item, "asyncio.Future[Posted | None]"]


class Writer:
    """Writes visitors' messages of this process; `committed` is called after each batch."""

    def __init__(self, pool: "AsyncConnectionPool[Any]", committed: Callable[[], None]) -> None:
        self._pool = pool
        self._committed = committed
        self._line: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._connected = 0
        self._retries: set[asyncio.Task[None]] = set()

    async def post(self, item: Item) -> Posted | None:
        """Write one message; returns when it is committed. None: no such conversation.
        Raises Busy when it cannot be written now; the same client id may come again."""
        if len(self._line) >= WAITING:
            raise Busy
        written: asyncio.Future[Posted | None] = asyncio.get_running_loop().create_future()
        self._line.append((item, written))
        self._arrived.set()
        return await written

    async def run(self) -> None:
        """Write batches until cancelled; reconnects when the database was away."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane())

    async def _lane(self) -> None:
        while True:
            try:
                async with await connect(TIMEOUTS) as db:
                    await self._write_forever(db)
            except psycopg.Error as error:
                log.warning("The writer lost its database connection and tries again: %s", error)
                if not self._connected:
                    self._refuse_all()
                await asyncio.sleep(0.5)

    async def _write_forever(self, db: AsyncConnection[Any]) -> None:
        self._connected += 1
        try:
            while True:
                await self._arrived.wait()
                if self._line:
                    await self._write_batch(db)
        finally:
            self._connected -= 1

    async def _write_batch(self, db: AsyncConnection[Any]) -> None:
        batch, self._line = self._line[:BATCH], self._line[BATCH:]
        if not self._line:
            self._arrived.clear()
        try:
            rows = await (await db.execute(CALL, [as_parameter([item for item, _ in batch])])).fetchall()
        except Exception as error:  # whatever one message has done, the others are written
            self._one_by_one(batch)
            if db.broken:
                raise psycopg.OperationalError(str(error)) from error
        else:
            self._answer(batch, [as_posted(row) for row in rows])

    def _answer(self, batch: list[Waiting], results: list[Posted | None]) -> None:
        self._committed()
        for (_, written), result in zip(batch, results, strict=True):
            if not written.done():
                written.set_result(result)

    def _one_by_one(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            retry = asyncio.create_task(self._retry(waiting))
            self._retries.add(retry)
            retry.add_done_callback(self._retries.discard)

    async def _retry(self, waiting: Waiting) -> None:
        try:
            async with self._pool.connection() as db:
                row = await (await db.execute(CALL, [as_parameter([waiting[0]])])).fetchone()
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("A message could not be written and stays with its sender: %s", error)
            _refuse(waiting, Busy())
        except Exception:
            log.exception("A message cannot be written and is refused")
            _refuse(waiting, Invalid())
        else:
            self._answer([waiting], [as_posted(row) if row else None])

    def _refuse_all(self) -> None:
        line, self._line = self._line, []
        self._arrived.clear()
        for waiting in line:
            _refuse(waiting, Busy())


def _refuse(waiting: Waiting, refusal: Refused) -> None:
    if not waiting[1].done():
        waiting[1].set_exception(refusal)
