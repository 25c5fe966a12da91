"""Salotto's application with a probe of its loop, under `/bench/loop`.

The probe asks to be called every five milliseconds and notes how late it was: in real time,
and in processor time of the loop's own thread. The first counts waiting for a core too, so
on a machine with other work it says more than the loop did; the second cannot.
"""

import asyncio
import json
import time
from typing import Any

from salotto.config.asgi import application as salotto

EVERY = 0.005


class Probe:
    """The longest pause since the last question."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.reset()
        self._next()

    def reset(self) -> None:
        """Begin anew."""
        self.real = self.busy = 0.0

    def _next(self) -> None:
        self._at, self._used = self._loop.time(), time.thread_time()
        self._loop.call_later(EVERY, self._look)

    def _look(self) -> None:
        self.real = max(self.real, self._loop.time() - self._at - EVERY)
        self.busy = max(self.busy, time.thread_time() - self._used)
        self._next()

    def told(self) -> bytes:
        """The longest pause in milliseconds, real and of processor time; begins anew."""
        found = json.dumps({"real": self.real * 1000, "busy": self.busy * 1000}).encode()
        self.reset()
        return found


_probe: Probe | None = None


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Salotto, but for the one path."""
    if scope["type"] == "http" and scope["path"] == "/bench/loop":
        await _answer(send)
    else:
        await salotto(scope, receive, send)


async def _answer(send: Any) -> None:
    global _probe
    _probe = _probe or Probe()
    body = _probe.told()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
