"""Group commit: what arrived while the last batch was committing is the next batch.

No timer and no added latency: an idle lane starts at once. Two lanes, so that a message
waits for one flush of the disk and seldom for two (PostgreSQL flushes both together when
it can); a visitor's messages keep to one lane, and so to their order.

Each message succeeds or is refused on its own. A batch that fails as a whole is tried again
visitor by visitor; whoever fails again (a conversation that somebody holds locked, a text
that cannot be stored) is set aside, and whatever else that visitor sends queues up behind,
so that one stuck conversation delays nobody else.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from salotto.core.errors import Busy, Invalid, Refused
from salotto.core.pool import connect
from salotto.inbox.posting import CALL, Item, Posted, as_parameter, as_posted

log = logging.getLogger("salotto.inbox")

LANES = 2
BATCH = 200
WAITING = 5000
"""More messages than this in line: the server says so instead of taking more."""
BRISK = "-c statement_timeout=10s -c lock_timeout=250ms"
"""A lane does not wait for a locked conversation."""
PATIENT = "-c statement_timeout=10s -c lock_timeout=5s"
ASIDE = 4
"""Connections for those set aside, opened when needed."""

Waiting = tuple[Item, "asyncio.Future[Posted | None]"]
Sender = UUID | int | None


class Writer:
    """Writes visitors' messages of this process; `committed` is called after each commit."""

    def __init__(self, committed: Callable[[], None]) -> None:
        self._committed = committed
        self._lanes = [Lane(self) for _ in range(LANES)]
        self._aside: dict[Sender, list[Waiting]] = {}
        self._patience = asyncio.Semaphore(ASIDE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.count = 0

    async def post(self, item: Item) -> Posted | None:
        """Write one message; returns when it is committed. None: no such conversation.

        Raises Busy when it cannot be written now (the same client id may come again) and
        Invalid when it can never be.
        """
        if self.count >= WAITING:
            raise Busy
        waiting: Waiting = (item, asyncio.get_running_loop().create_future())
        self.count += 1
        try:
            self._queue(waiting)
            return await waiting[1]
        finally:
            self.count -= 1

    def _queue(self, waiting: Waiting) -> None:
        sender = _sender(waiting[0])
        if sender in self._aside:
            self._aside[sender].append(waiting)
        else:
            self._lanes[hash(sender) % LANES].add(waiting)

    async def run(self) -> None:
        """Write until cancelled; reconnects when the database was away."""
        async with asyncio.TaskGroup() as lanes:
            for lane in self._lanes:
                lanes.create_task(lane.run())

    def answer(self, batch: list[Waiting], results: list[Posted | None]) -> None:
        """These are committed: tell the hub, and whoever sent them."""
        self._committed()
        for (_, written), result in zip(batch, results, strict=True):
            if not written.done():
                written.set_result(result)

    def set_aside(self, sender: Sender, group: list[Waiting]) -> None:
        """Write these one by one, with patience, while the lanes go on."""
        if sender in self._aside:
            self._aside[sender].extend(group)
            return
        self._aside[sender] = group
        task = asyncio.create_task(self._write_aside(sender, group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_aside(self, sender: Sender, group: list[Waiting]) -> None:
        try:
            async with self._patience, await connect(PATIENT) as db:
                while group:
                    await self._write_alone(db, group[0])
                    del group[0]
        except psycopg.Error as error:
            log.warning("Messages could not be written and stay with their sender: %s", error)
        finally:
            del self._aside[sender]
            refuse(group, Busy)

    async def _write_alone(self, db: AsyncConnection[Any], waiting: Waiting) -> None:
        try:
            self.answer([waiting], await _write(db, [waiting]))
        except psycopg.OperationalError as error:
            log.warning("A message could not be written and stays with its sender: %s", error)
            refuse([waiting], Busy)
            if db.broken:
                raise
        except Exception:
            log.exception("A message cannot be written and is refused")
            refuse([waiting], Invalid)


class Lane:
    """One connection, and the line of what it writes next."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._line: list[Waiting] = []
        self._arrived = asyncio.Event()

    def add(self, waiting: Waiting) -> None:
        """Put a message at the end of the line."""
        self._line.append(waiting)
        self._arrived.set()

    async def run(self) -> None:
        """Write batches until cancelled; what waits while the database is away is refused."""
        while True:
            try:
                async with await connect(BRISK) as db:
                    while True:
                        await self._arrived.wait()
                        await self._write_batch(db, self._take())
            except psycopg.Error as error:
                log.warning("The writer lost its database connection and tries again: %s", error)
                refuse(self._take(WAITING), Busy)
                await asyncio.sleep(0.5)

    def _take(self, most: int = BATCH) -> list[Waiting]:
        batch, self._line = self._line[:most], self._line[most:]
        if not self._line:
            self._arrived.clear()
        return batch

    async def _write_batch(self, db: AsyncConnection[Any], batch: list[Waiting]) -> None:
        try:
            results = await _write(db, batch)
        except Exception:  # whatever one message has done, the others are written
            await self._write_by_sender(db, batch)
        else:
            self._writer.answer(batch, results)

    async def _write_by_sender(self, db: AsyncConnection[Any], batch: list[Waiting]) -> None:
        for sender, group in _by_sender(batch):
            try:
                results = await _write(db, group)
            except Exception:
                self._writer.set_aside(sender, group)
            else:
                self._writer.answer(group, results)
        if db.broken:
            raise psycopg.OperationalError("the connection broke")


async def _write(db: AsyncConnection[Any], batch: list[Waiting]) -> list[Posted | None]:
    results = await _call(db, batch)
    gone = [n for n, (item, _) in enumerate(batch) if results[n] is None and item.visitor is not None]
    if gone:  # a conversation was deleted while its visitor's messages waited: they begin another
        for n, posted in zip(gone, await _call(db, [batch[n] for n in gone]), strict=True):
            results[n] = posted
    return results


async def _call(db: AsyncConnection[Any], batch: list[Waiting]) -> list[Posted | None]:
    rows = await (await db.execute(CALL, [as_parameter([item for item, _ in batch])])).fetchall()
    return [as_posted(row) for row in rows]


def _sender(item: Item) -> Sender:
    return item.visitor or item.conversation


def _by_sender(batch: list[Waiting]) -> Iterable[tuple[Sender, list[Waiting]]]:
    groups: dict[Sender, list[Waiting]] = {}
    for waiting in batch:
        groups.setdefault(_sender(waiting[0]), []).append(waiting)
    return groups.items()


def refuse(group: list[Waiting], refusal: type[Refused]) -> None:
    """Tell the senders of these that nothing was written."""
    for _, written in group:
        if not written.done():
            written.set_exception(refusal())
