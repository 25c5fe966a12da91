"""(a) Visitors' messages per second, and what one costs."""

from statistics import median
from typing import Any

from benchmarks import machine, seed
from benchmarks.house import House, Load, Server
from benchmarks.report import Line, at_least, beside

VISITORS = 64
POOLS = (2, 4, 8, 16)


class Side:
    """One server under the load, and its rounds."""

    def __init__(self, house: House, load: Load, server: Server, requests: list[dict[str, Any]]) -> None:
        self.house, self.load, self.server, self.requests = house, load, server, requests
        self.rounds: list[dict[str, float]] = []

    def round(self, seconds: float, *, keep: bool = True) -> float:
        """One round; messages per second."""
        pids = (self.server.pid, self.house.postmaster)
        before = (machine.cpu(pids[0]), machine.family_cpu(pids[1]))
        found = self.load.do("posts", port=self.server.port, requests=self.requests, seconds=seconds)
        if found["wrong"]:
            raise RuntimeError(f"{found['wrong']} posts were refused.")
        after = (machine.cpu(pids[0]), machine.family_cpu(pids[1]))
        found["server_us"] = (after[0] - before[0]) / found["count"] * 1e6
        found["database_us"] = (after[1] - before[1]) / found["count"] * 1e6
        if keep:
            self.rounds.append(found)
        return float(found["per_second"])

    def middle(self, name: str) -> float:
        """The median of the rounds."""
        return median(found[name] for found in self.rounds)


def best_pool(house: House, load: Load, requests: list[dict[str, Any]], seconds: float) -> int:
    """The number of connections with which the floor is fastest here."""
    rates = dict.fromkeys(POOLS, 0.0)
    for size in (*POOLS, *reversed(POOLS)):  # twice, apart: the machine's moods must not choose
        with house.floor(size) as server:
            side = Side(house, load, server, requests)
            side.round(seconds / 2, keep=False)
            rates[size] = max(rates[size], side.round(seconds))
    return max(rates, key=lambda size: rates[size])


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """Rounds of ours and the floor in turn."""
    rounds, seconds = (3, 2.0) if quick else (7, 4.0)
    company = seed.company()
    bare = [seed.floor_message(n + 1) for n in range(VISITORS)]
    real = [seed.message(token) for token in seed.visitors(company, VISITORS)]
    seed.close()
    size = best_pool(house, load, bare, seconds / 2)
    with house.ours() as server, house.floor(size) as floor_server:
        ours, floor = Side(house, load, server, real), Side(house, load, floor_server, bare)
        for side in (ours, floor):
            side.round(seconds, keep=False)
        for n in range(rounds):
            for side in (ours, floor) if n % 2 == 0 else (floor, ours):
                side.round(seconds)
    return _lines(ours, floor, size)


def _lines(ours: Side, floor: Side, size: int) -> list[Line]:
    def both(what: str, name: str, unit: str) -> Line:
        return beside("a", what, ours.middle(name), unit, floor.middle(name))

    rate = "per_second"
    return [
        at_least("a", f"messages, {VISITORS} visitors", ours.middle(rate), floor.middle(rate), "/s", 1.0),
        both("server's CPU per message", "server_us", "µs"),
        both("PostgreSQL's CPU per message", "database_us", "µs"),
        both("answered after, p50", "p50_ms", "ms"),
        both("answered after, p99", "p99_ms", "ms"),
        both("load generator busy (of 1 core)", "load_busy", "cores"),
        beside("a", "the floor's best pool", size, "connections"),
    ]
