"""A probe of an event loop, from inside: how long was it away?

It asks to be called every five milliseconds and notes how late that was. Real time counts
the time too in which the system ran other programs on our core; the kernel says how long
that was (the second figure of schedstat), so the pause of the loop itself can be told.
"""

import asyncio
import json
import os
import time
from typing import Any

EVERY = 0.005


class Probe:
    """The longest pauses since the last question."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._reset()
        self._next()

    def _reset(self) -> None:
        self.real = self.own = self.busy = 0.0

    def _waited(self) -> float:
        """Seconds that this thread was ready to run and had no core, so far."""
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9

    def _next(self) -> None:
        self._at, self._used, self._without = self._loop.time(), time.thread_time(), self._waited()
        self._loop.call_later(EVERY, self._look)

    def _look(self) -> None:
        real = self._loop.time() - self._at - EVERY
        self.real = max(self.real, real)
        self.own = max(self.own, real - (self._waited() - self._without))
        self.busy = max(self.busy, time.thread_time() - self._used)
        self._next()

    def told(self) -> bytes:
        """Milliseconds: the longest pause in real time, without the wait for a core, and the
        most processor time between two looks. Begins anew."""
        found = {"real": self.real * 1000, "own": self.own * 1000, "busy": self.busy * 1000}
        self._reset()
        return json.dumps(found).encode()


_probes: list[Probe] = []


async def answer(send: Any) -> None:
    """The endpoint `/bench/loop`; the first question starts the probe."""
    if not _probes:
        _probes.append(Probe())
    body = _probes[0].told()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
