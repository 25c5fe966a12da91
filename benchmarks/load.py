"""The load generator: `python -m benchmarks.load`, one JSON command per line, one result each.

A process of its own, on a core of its own, so that it does not slow what it measures.
"""

import asyncio
import json
import re
import sys
import time
from typing import Any

import uvloop

from benchmarks import machine, wire
from benchmarks.wire import Caller, Stream

MESSAGE = re.compile(rb'"message": ?(\d+)')
NUMBER = re.compile(rb'"id": ?(\d+)')


class Held:
    """Streams kept open from one command to the next, and what they hear."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.heard = 0
        self.last = 0.0
        self.everyone: asyncio.Event = asyncio.Event()

    def hear(self, stream: Stream, frame: bytes) -> None:
        """Count frames with events, not heartbeats."""
        if b"data: [" in frame:
            self.heard += 1
            if self.heard == len(self.streams):
                self.last = time.perf_counter()
                self.everyone.set()

    def expect(self) -> None:
        """From now on, one frame for each."""
        self.heard = 0
        self.everyone.clear()


held: dict[str, Held] = {}


async def posts(port: int, requests: list[dict[str, Any]], seconds: float) -> dict[str, float]:
    """Each visitor posts as fast as it is answered; how many were answered in `seconds`."""
    loop = asyncio.get_running_loop()
    took: list[float] = []
    wrong: list[int] = []
    until = time.perf_counter() + seconds

    def begin(caller: Caller, request: bytes) -> None:
        def again(status: int, body: bytes) -> None:
            moment = time.perf_counter()
            took.append(moment - sent[0])
            if status != 200:
                wrong.append(status)
            if moment < until:
                go()
            else:
                running.discard(caller)
                if not running:
                    over.set_result(None)

        def go() -> None:
            sent[0] = time.perf_counter()
            caller.call(wire.fresh(request), again)

        sent = [0.0]
        running.add(caller)
        go()

    over: asyncio.Future[None] = loop.create_future()
    running: set[Caller] = set()
    open_callers = await wire.callers(port, len(requests))
    began, used = time.perf_counter(), time.process_time()
    for caller, request in zip(open_callers, map(wire.prepare, requests), strict=True):
        begin(caller, request)
    await over
    lasted = time.perf_counter() - began
    for caller in open_callers:
        caller.transport.close()
    took.sort()
    return {
        "count": len(took),
        "wrong": len(wrong),
        "per_second": len(took) / lasted,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "load_busy": (time.process_time() - used) / lasted,
    }


class Schedule:
    """Posts at fixed moments, whatever the answers do, and when a stream heard of each.

    Time runs from the moment a post was due, so that a server that stops for a while pays
    for every message that should have been sent meanwhile.
    """

    def __init__(self) -> None:
        self.due: dict[int, float] = {}
        self.heard: dict[int, float] = {}
        self.wrong = 0

    def hear(self, stream: Stream, frame: bytes) -> None:
        """A frame names messages."""
        moment = time.perf_counter()
        for number in MESSAGE.findall(frame):
            self.heard.setdefault(int(number), moment)

    async def run(self, free: list[tuple[Caller, bytes]], rate: float, seconds: float) -> None:
        """Post `rate` times a second; `free` are idle connections, each with its request."""
        began = time.perf_counter() + 0.05
        for n in range(int(rate * seconds)):
            due = began + n / rate
            while (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait if wait > 0.002 else 0)
            while not free:
                await asyncio.sleep(0)
            self._post(free, due)

    def _post(self, free: list[tuple[Caller, bytes]], due: float) -> None:
        caller, request = free.pop(0)

        def answered(status: int, body: bytes) -> None:
            free.append((caller, request))
            if status != 200:
                self.wrong += 1
            elif found := NUMBER.search(body):
                self.due[int(found[1])] = due

        caller.call(wire.fresh(request), answered)


async def latency(
    port: int, requests: list[dict[str, Any]], stream: dict[str, Any], rate: float, seconds: float
) -> dict[str, float]:
    """Milliseconds from when a post was due to when the agent's stream told of it."""
    schedule = Schedule()
    streams = await wire.hold(port, [wire.prepare(stream)], schedule.hear)
    open_callers = await wire.callers(port, len(requests))
    free = list(zip(open_callers, map(wire.prepare, requests), strict=True))
    await schedule.run(free, rate, seconds)
    await asyncio.sleep(1.5)
    for each in (*open_callers, *streams):
        each.transport.close()
    took = sorted(schedule.heard[m] - due for m, due in schedule.due.items() if m in schedule.heard)
    return {
        "count": len(took),
        "lost": int(rate * seconds) - len(took),
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
    }


async def hold(port: int, requests: list[dict[str, Any]], name: str) -> dict[str, float]:
    """Open streams and keep them, as `name`."""
    began = time.perf_counter()
    group = held[name] = Held()
    group.streams = await wire.hold(port, [wire.prepare(request) for request in requests], group.hear)
    return {"held": len(group.streams), "per_second": len(group.streams) / (time.perf_counter() - began)}


async def release(name: str) -> dict[str, float]:
    """Close the streams of `name`."""
    for stream in held.pop(name).streams:
        stream.transport.close()
    return {}


async def fan_out(port: int, request: dict[str, Any], name: str, times: int) -> list[float]:
    """Milliseconds from a post's answer until the last of `name`'s streams has its frame."""
    caller = (await wire.callers(port, 1))[0]
    took, group, prepared = [], held[name], wire.prepare(request)
    for _ in range(times):
        group.expect()
        answered: list[float] = []
        caller.call(wire.fresh(prepared), lambda status, body, at=answered: at.append(time.perf_counter()))  # type: ignore[misc]
        await asyncio.wait_for(group.everyone.wait(), 5)
        took.append((group.last - answered[0]) * 1000)
        await asyncio.sleep(0.03)
    caller.transport.close()
    return took


async def watch(
    port: int, requests: list[dict[str, Any]], seconds: float, every: float = 0.005
) -> dict[str, float]:
    """Ask /health every few milliseconds, and post now and then meanwhile; the longest wait."""
    asking, posting = await wire.callers(port, 2)
    health = wire.prepare({"method": "GET", "path": "/health"})
    prepared = [wire.prepare(request) for request in requests]
    took, until, n = [], time.perf_counter() + seconds, 0
    while (began := time.perf_counter()) < until:
        await asking.ask(health)
        took.append(time.perf_counter() - began)
        if n % 20 == 0:
            posting.call(wire.fresh(prepared[n // 20 % len(prepared)]), lambda status, body: None)
        n += 1
        await asyncio.sleep(max(0.0, every - took[-1]))
    for caller in (asking, posting):
        caller.transport.close()
    took.sort()
    return {"asked": n, "p50_ms": took[n // 2] * 1000, "longest_ms": took[-1] * 1000}


COMMANDS: dict[str, Any] = {
    "posts": posts,
    "latency": latency,
    "hold": hold,
    "release": release,
    "fan_out": fan_out,
    "watch": watch,
}


async def main() -> None:
    """Take commands until the input ends."""
    machine.raise_file_limit()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        how = json.loads(line)
        result = await COMMANDS[how.pop("do")](**how)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
