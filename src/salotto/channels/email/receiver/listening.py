"""The listeners: opened, closed, and opened again when their port was taken."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Barrier, BrokenBarrierError

from django.db import connections

from salotto.channels.email.receiver.handler import Handler
from salotto.channels.email.receiver.limits import Limits
from salotto.channels.email.receiver.protocol import Polite, kind_of

log = logging.getLogger("salotto.email")

THREADS = 4
GRACE = 3.0
"""Seconds that a mail which is being stored gets at the end."""
PAUSE = 15.0
_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class Door:
    """Where to listen, and in which protocol."""

    host: str
    port: int
    lmtp: bool


@dataclass(slots=True)
class Receiver:
    """All doors of a process; `bound` are their ports, once they are open."""

    doors: Sequence[Door]
    size: int
    name: str
    limits: Limits
    context: ssl.SSLContext | None = None
    bound: dict[Door, int] = field(default_factory=dict)
    _alive: set[Polite] = field(default_factory=set)
    _servers: list[asyncio.Server] = field(default_factory=list)

    async def run(self) -> None:
        """Receive until cancelled."""
        threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mail-in")
        try:
            await asyncio.gather(*(self._open(door, threads) for door in self.doors))
            await asyncio.Event().wait()
        finally:
            try:
                await self._close()
            finally:
                _leave_database(threads)

    async def _open(self, door: Door, threads: ThreadPoolExecutor) -> None:
        handler = Handler(threads, lmtp=door.lmtp)
        kind = kind_of(door.lmtp)
        context = None if door.lmtp else self.context

        def protocol() -> Polite:
            made: Polite = kind(handler, self.limits, self.size, self.name, context, self._alive)
            return made

        while door not in self.bound:
            try:
                server = await asyncio.get_running_loop().create_server(protocol, door.host, door.port)
            except OSError as error:
                log.warning("No mail is received at %s:%s: %s. Trying again.", door.host, door.port, error)
                await asyncio.sleep(PAUSE)
            else:
                self._servers.append(server)
                self.bound[door] = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        """No new mail; one that is being stored is stored and answered."""
        for server in self._servers:
            server.close()
        for _ in range(int(GRACE / _LOOK)):
            if not any(one.storing for one in self._alive):
                break
            await asyncio.sleep(_LOOK)
        for one in list(self._alive):
            one.leave("421 4.3.2 This server is going down. Try again later.")
        await asyncio.sleep(0)


def _leave_database(threads: ThreadPoolExecutor) -> None:
    """Each thread closes its own connection, once all of them have met."""
    together = Barrier(THREADS)

    def close() -> None:
        with suppress(BrokenBarrierError):
            together.wait(3 * GRACE)
        connections.close_all()

    for _ in range(THREADS):
        threads.submit(close)
    threads.shutdown(wait=False)


def certificate(path: str, key: str) -> ssl.SSLContext | None:
    """TLS with these two files; None without. Raises OSError for files that cannot be used."""
    if not path:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path, key)
    return context
