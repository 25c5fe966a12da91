"""The live part of one server process: hub, bell, whispers between processes, heartbeat.

One object, started and stopped with the server (`config.asgi`). Its connections are its
own: one looks at the log, one listens, one rings.
"""

import asyncio
import gc
import json
import logging
import random
import secrets
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from salotto.core.limits import RateLimit
from salotto.core.pool import connect
from salotto.live import bell
from salotto.live.hub import Hub
from salotto.live.presence import ANNOUNCE, GRACE, present

log = logging.getLogger("salotto.live")

WHISPERS = "salotto_now"
HEARTBEAT = 20.0
STUCK = 60.0
"""Seconds after which a listener that takes nothing is dropped."""


class Station:
    """Hub, bell and whispers of this process."""

    def __init__(self, pool: "AsyncConnectionPool[Any]") -> None:
        self.hub = Hub()
        self.pool = pool
        self.name = secrets.token_hex(4)
        self._loop = asyncio.get_running_loop()
        self._out: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)
        self._rung = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._once_a_second = RateLimit(per_minute=60, burst=1)
        self._frozen_at = 0

    def start(self) -> None:
        """Begin to listen, look, ring and beat."""
        jobs = (self.hub.run(), self._listen(), self._ring(), self._beat(), self._announce())
        self._tasks = [asyncio.create_task(job) for job in jobs]
        bell.answer_with(self.ring_from_thread)

    async def stop(self) -> None:
        """End every stream and the tasks."""
        bell.answer_with(None)
        self.close_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close_streams(self) -> None:
        """End every held stream politely: the browsers come back with their cursors."""
        for listener in self.hub.everyone():
            listener.close()

    # The bell

    def ring(self) -> None:
        """Something was committed: look now, and tell the other processes."""
        self.hub.wake()
        self._rung.set()

    def ring_from_thread(self) -> None:
        """`ring`, from a thread that serves a page."""
        self._loop.call_soon_threadsafe(self.ring)

    async def _ring(self) -> None:
        """Many rings become one NOTIFY; whispers go the same way."""
        while True:
            try:
                async with await connect() as db:
                    while True:
                        await self._rung.wait()
                        self._rung.clear()
                        await db.execute("SELECT pg_notify(%s, %s)", (bell.CHANNEL, self.name))
                        while not self._out.empty():
                            await db.execute("SELECT pg_notify(%s, %s)", (WHISPERS, self._out.get_nowait()))
            except Exception as error:  # whatever it was, the stream must go on
                await self._lost("bell", error)

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect() as db:
                    await db.execute(f"LISTEN {bell.CHANNEL}")
                    await db.execute(f"LISTEN {WHISPERS}")
                    self.hub.wake()
                    async for heard in db.notifies():
                        self._heard(heard.channel, heard.payload)
            except Exception as error:  # whatever it was, the stream must go on
                await self._lost("listening", error)

    async def _lost(self, what: str, error: Exception) -> None:
        log.warning("The %s connection was lost and is opened again: %s", what, error)
        await asyncio.sleep(0.3 + random.random())  # noqa: S311

    # Whispers: passing facts between processes

    def whisper(self, account: int, fact: dict[str, Any], visitor: UUID | None = None) -> None:
        """Tell a passing fact to an account's team, or to one visitor, in every process."""
        self._tell(account, fact, visitor)
        self._send({"account": account, "fact": fact, "visitor": visitor and str(visitor)})

    def whisper_once(self, key: str, account: int, fact: dict[str, Any], visitor: UUID | None = None) -> None:
        """`whisper`, at most once a second for the same key."""
        if not self._once_a_second.wait(key):
            self.whisper(account, fact, visitor)

    def _tell(self, account: int, fact: dict[str, Any], visitor: UUID | None) -> None:
        if visitor is None:
            self.hub.tell_team(account, fact)
        else:
            self.hub.tell_visitor(visitor, fact)

    def _send(self, message: dict[str, Any]) -> None:
        if not self._out.full():  # they may be lost: that is what makes them cheap
            self._out.put_nowait(json.dumps({"by": self.name, **message}))
            self._rung.set()

    def _heard(self, channel: str, payload: str) -> None:
        if channel == bell.CHANNEL:
            if payload != self.name:
                self.hub.wake()
            return
        message = json.loads(payload)
        if message["by"] == self.name:
            return
        if "here" in message:
            self._heard_presence(message)
        else:
            visitor = message["visitor"]
            self._tell(message["account"], message["fact"], UUID(visitor) if visitor else None)

    # Presence

    def came(self, visitor: UUID, account: int) -> None:
        """A visitor's stream began."""
        if present.came(visitor, account):
            self._presence(account, visitor, True)
        self._send({"here": [[account, str(visitor)]], "gone": []})

    def left(self, visitor: UUID, account: int) -> None:
        """A visitor's stream ended; told after a grace, since a reload ends one too."""
        self._loop.call_later(GRACE, self._gone, visitor, account)

    def _gone(self, visitor: UUID, account: int) -> None:
        if present.left(visitor):
            self._presence(account, visitor, False)
        if visitor not in present.own:
            self._send({"here": [], "gone": [[account, str(visitor)]]})

    def _presence(self, account: int, visitor: UUID, here: bool) -> None:
        self.hub.tell_team(account, {"kind": "presence", "visitor": str(visitor), "here": here})

    def _heard_presence(self, message: dict[str, Any]) -> None:
        for here, visitors in ((True, message["here"]), (False, message["gone"])):
            for account, text in visitors:
                visitor = UUID(text)
                present.accounts_elsewhere[visitor] = account
                if present.heard(message["by"], visitor, here):
                    self._presence(account, visitor, here)

    async def _announce(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE)
            own = [[present.accounts[v], str(v)] for v in list(present.own)]
            for start in range(0, len(own), 100):  # a notification holds 8,000 bytes
                self._send({"here": own[start : start + 100], "gone": []})
            for visitor in present.expire():
                account = present.accounts_elsewhere.pop(visitor, 0)
                self._presence(account, visitor, False)

    # The heartbeat

    async def _beat(self) -> None:
        """One timer for all listeners: a comment keeps proxies awake and moves the cursor of
        quiet streams along; stuck and expired listeners are let go."""
        while True:
            for _ in range(int(HEARTBEAT)):
                await asyncio.sleep(1)
                self._spare_the_collector()
            cursor = self.hub.cursor
            beat = f"id: {cursor}\n:\n\n".encode() if cursor else b":\n\n"
            moment = monotonic()
            for n, listener in enumerate(self.hub.everyone()):
                if (listener.blocked_at and moment - listener.blocked_at > STUCK) or moment > listener.until:
                    listener.close()
                elif listener.backlog is None:
                    listener.deliver(beat)
                if n % 200 == 199:
                    await asyncio.sleep(0)
                    beat = f"id: {self.hub.cursor}\n:\n\n".encode()

    def _spare_the_collector(self) -> None:
        """Held streams are old objects that no collection frees: with thousands of them a
        full collection stops the loop for most of a second, so they are set aside."""
        if self.hub.count > self._frozen_at + 200:
            gc.collect(1)
            gc.freeze()
            self._frozen_at = self.hub.count
        elif self.hub.count < self._frozen_at // 2:
            gc.unfreeze()
            self._frozen_at = self.hub.count
