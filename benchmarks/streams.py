"""(c) Thousands of held streams: memory, fan-out, and the loop's longest pause."""

import time
from statistics import median
from typing import Any

from benchmarks import machine, seed
from benchmarks.house import House, Load, Server
from benchmarks.report import Line, at_most, below, beside

ACCOUNTS = 40
VISITORS = 100
"""Visitors' streams of each account."""
LISTENERS, AGENTS = 1000, 50
"""Streams of one account's team, and how many agents hold them."""
HELD = ACCOUNTS * VISITORS + LISTENERS

FRAME = (
    'id: 00000000-123456:123456:\ndata: [{"kind":"message.posted","conversation":1234,'
    '"data":{"message":123456,"from":"visitor","version":12}}]\n\n'
)


class People:
    """Who holds the streams."""

    def __init__(self) -> None:
        self.team = seed.company(AGENTS)
        self.companies = [seed.company() for _ in range(ACCOUNTS)]
        self.writer = seed.visitors(self.team, 1)[0]
        self.tokens = [token for c in self.companies for token in seed.visitors(c, VISITORS)]
        self.warm = [token for c in self.companies for token in seed.visitors(c, 5)]
        seed.close()


def _settled(server: Server) -> int:
    """Resident memory once nothing moves."""
    time.sleep(3)
    return machine.resident(server.pid)


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """Fan-out in turn with the floor first, then everything held at once."""
    people = People()
    with house.ours() as server, house.floor() as floor:
        empty = _warm(load, server, people)
        floor_empty = _settled(floor)
        _hold(load, server, "team", [seed.agent_stream(people.team, n) for n in range(LISTENERS)])
        _hold(load, floor, "floor", [seed.floor_stream()] * LISTENERS)
        floor_each = (_settled(floor) - floor_empty) / LISTENERS
        lines = _fan_out(load, server, floor, people, 6 if quick else 20)
        load.do("release", name="floor")
        opened = _hold(load, server, "visitors", [seed.visitor_stream(token) for token in people.tokens])
        each = (_settled(server) - empty) / HELD
        pauses = _pauses(load, server, floor, people, 25.0 if quick else 45.0)
        for name in ("team", "visitors"):
            load.do("release", name=name)
    memory = below("c", f"memory per stream, {HELD:,} held", each / 1024, "kB", 16, floor_each / 1024)
    return [memory, *lines, *pauses, beside("c", "streams opened", opened, "/s")]


def _warm(load: Load, server: Server, people: People) -> int:
    """Everything was used once before memory is counted; the bytes of the process then."""
    requests = [seed.visitor_stream(token) for token in people.warm]
    requests += [seed.agent_stream(people.team, n) for n in range(AGENTS)]
    _hold(load, server, "warm", requests)
    load.do("posts", port=server.port, requests=[seed.message(people.writer)], seconds=0.5)
    load.do("release", name="warm")
    time.sleep(4)  # presence waits three seconds before it lets go
    return _settled(server)


def _hold(load: Load, server: Server, name: str, requests: list[dict[str, Any]]) -> float:
    return float(load.do("hold", port=server.port, requests=requests, name=name)["per_second"])


def _fan_out(load: Load, server: Server, floor: Server, people: People, times: int) -> list[Line]:
    ours: list[float] = []
    bare: list[float] = []
    frame = {"method": "POST", "path": "/fan-out", "headers": seed.BROWSER, "body": FRAME}
    message = seed.message(people.writer)
    for n in range(6):
        took = load.do("fan_out", port=server.port, request=message, name="team", times=times)
        ours += took if n else []
        took = load.do("fan_out", port=floor.port, request=frame, name="floor", times=times)
        bare += took if n else []
    what = f"one message to {LISTENERS:,} listeners"
    return [at_most("c", what, median(ours), median(bare), "ms", 1.5)]


def _pauses(load: Load, server: Server, idle: Server, people: People, seconds: float) -> list[Line]:
    """A heartbeat round and more, with messages coming in for all of them; the floor's
    server idles beside it, and shows what the machine does to a loop that does nothing."""
    writers = [people.writer, *people.tokens[:: VISITORS // 2]]
    for each in (server, idle):
        each.ask("/bench/loop")
    requests = [seed.message(token) for token in writers]
    found = load.do("watch", port=server.port, requests=requests, seconds=seconds)
    ours, other = server.ask("/bench/loop"), idle.ask("/bench/loop")
    window = f"in {seconds:.0f} s, {HELD:,} held"
    return [
        below("c", f"the loop's longest pause {window}", ours["own"], "ms", 100, other["own"]),
        beside(
            "c",
            "the same with the wait for a core taken by other programs",
            ours["real"],
            "ms",
            other["real"],
        ),
        beside("c", "most processor time between two looks at the loop", ours["busy"], "ms", other["busy"]),
        beside("c", "longest wait for /health, asked every 5 ms", found["longest_ms"], "ms"),
        beside("c", "median wait for /health", found["p50_ms"], "ms"),
    ]
