"""(b) From a visitor's post to the agent's stream."""

from statistics import median
from typing import Any

from benchmarks import seed
from benchmarks.house import House, Load, Server
from benchmarks.report import Line, at_most, beside

RATE = 200
VISITORS = 40


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """Rounds of ours and the floor in turn, 200 posts a second on a fixed schedule."""
    rounds, seconds = (3, 3.0) if quick else (5, 8.0)
    company = seed.company()
    real = [seed.message(token) for token in seed.visitors(company, VISITORS)]
    bare = [seed.floor_message(n + 1, "/post-and-notify") for n in range(VISITORS)]
    seed.close()
    found: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}

    def one(name: str, server: Server, requests: list[dict[str, Any]], stream: dict[str, Any]) -> None:
        how = {"requests": requests, "stream": stream, "rate": RATE}
        took = load.do("latency", port=server.port, seconds=seconds, **how)
        if took["lost"]:
            raise RuntimeError(f"{took['lost']} messages never reached the stream of {name}.")
        found[name].append(took)

    with house.ours() as server, house.floor() as floor_server:
        sides = [
            ("ours", server, real, seed.agent_stream(company)),
            ("floor", floor_server, bare, seed.floor_stream()),
        ]
        for n in range(rounds + 1):
            for side in sides if n % 2 == 0 else sides[::-1]:
                one(*side)
    return _lines(*(found[name][1:] for name in ("ours", "floor")))


def _lines(ours: list[dict[str, float]], floor: list[dict[str, float]]) -> list[Line]:
    def middle(rounds: list[dict[str, float]], name: str) -> float:
        return median(took[name] for took in rounds)

    fifty = [middle(rounds, "p50_ms") for rounds in (ours, floor)]
    last = [middle(rounds, "p99_ms") for rounds in (ours, floor)]
    return [
        at_most("b", f"post to the agent's stream, {RATE}/s, p50", fifty[0], fifty[1], "ms", 2.0),
        beside("b", "the same, p99", last[0], "ms", last[1]),
    ]
