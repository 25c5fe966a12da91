"""(e) `salotto serve` on an existing database: how soon it answers, and what it holds when idle."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from benchmarks import machine
from benchmarks.house import House, Load, end, wait_for
from benchmarks.report import Line, below, beside

PAGES = ("/", "/widget.js", "/login", "/health")


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """A first start that prepares everything, then ordinary ones."""
    data = house.data.parent / "start"
    port = house.port + 2
    first, _ = _start(data, port, idle=False)
    times, memory = [], 0
    for n in range(3 if quick else 7):
        took, held = _start(data, port, idle=n == 0)
        times.append(took)
        memory = memory or held
    return [
        below("e", "start on an existing database", median(times), "s", 2),
        beside("e", "first start, the database made and migrated", first, "s"),
        below("e", "idle, all Python processes together", memory / 1e6, "MB", 150),
    ]


def command(data: Path, port: int) -> "subprocess.Popen[bytes]":
    """`salotto serve` with its embedded database, in an environment without our settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SALOTTO_", "DJANGO_"))}
    arguments = ["serve", "--data", str(data), "--port", str(port)]
    return subprocess.Popen(
        [sys.executable, "-m", "salotto", *arguments], env=clean, stdout=subprocess.DEVNULL
    )


def _start(data: Path, port: int, *, idle: bool) -> tuple[float, int]:
    """Seconds until it answers; bytes of its Python processes once pages were served and it
    had five quiet seconds, if `idle`."""
    process = command(data, port)
    try:
        took = wait_for(f"http://127.0.0.1:{port}/health", process, 120)
        return took, _idle(process.pid, port) if idle else 0
    finally:
        end(process)


def _idle(pid: int, port: int) -> int:
    for path in PAGES * 5:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).close()
        except urllib.error.HTTPError as error:
            error.close()
    time.sleep(5)
    ours = [each for each in (pid, *machine.descendants(pid)) if machine.is_python(each)]
    return sum(machine.resident(each) for each in ours)
