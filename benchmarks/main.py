"""The command: start everything, run the parts, print the page, end everything."""

import argparse
import importlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.house import House, Load
from benchmarks.report import Line

PARTS = {
    "a": ("posts", "visitors' messages per second"),
    "b": ("latency", "from post to the agent's stream"),
    "c": ("streams", "memory, fan-out and pauses with thousands of streams"),
    "d": ("lists", "the conversation list, first and thousandth page"),
    "e": ("start", "start time and idle memory"),
    "f": ("widget", "the widget's bytes"),
    "g": ("renewals", "thousands of accounts that renew at the same instant"),
    "h": ("intake", "mails that wait on an IMAP server, taken in"),
    "i": ("mime", "reading a mail, against the standard library's own parse"),
}


def _arguments() -> argparse.Namespace:
    parts = "; ".join(f"{letter}: {what}" for letter, (_, what) in PARTS.items())
    top = argparse.ArgumentParser(prog="benchmarks/run", description=f"Parts — {parts}.")
    top.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help="a … i; all unless named")
    top.add_argument("--quick", action="store_true", help="fewer and shorter rounds, a smaller big table")
    top.add_argument("--port", type=int, default=8160, help="the first of three ports to use (default 8160)")
    top.add_argument("--data", type=Path, help="where to put the databases (default: a temporary directory)")
    return top.parse_args()


def main() -> int:
    """Exit code 1 when a limit is exceeded."""
    given = _arguments()
    machine.raise_file_limit()
    facts: dict[str, Any] = {**machine.facts(), "quick": given.quick}
    folder = tempfile.TemporaryDirectory(prefix="salotto-bench-", dir=given.data or "/var/tmp")
    with folder as name:
        os.chmod(name, 0o755)
        lines = _measure(Path(name), given, facts)
    facts["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    report.keep(lines, facts)
    print("\n" + _heading(facts) + "\n\n" + report.table(lines))
    over = [line for line in lines if line.ok is False]
    print(f"\n{len(over)} over its limit." if over else "\nAll within their limits.")
    return 1 if over else 0


def _measure(folder: Path, given: argparse.Namespace, facts: dict[str, Any]) -> list[Line]:
    facts["fsync_ms"] = round(machine.fsync_ms(folder), 3)
    lines: list[Line] = []
    house = House(folder / "house", given.port)
    house.data.mkdir(mode=0o755)
    with house, Load() as load:
        facts["postgresql"] = house.version()
        for letter in given.parts or PARTS:
            module, what = PARTS[letter]
            print(f"({letter}) {what} …", flush=True)
            found = importlib.import_module(f"benchmarks.{module}").run(house, load, given.quick)
            print(report.table(found), flush=True)
            lines += found
    return lines


def _heading(facts: dict[str, Any]) -> str:
    words = (
        f"{facts['date']}, {facts['cores']} cores ({facts['processor']}), Python {facts['python']},"
        f" PostgreSQL {facts['postgresql']}, fsync {facts['fsync_ms']} ms;"
        " server on one core, load on another, PostgreSQL on any."
    )
    return words + (" Quick run." if facts["quick"] else "")
