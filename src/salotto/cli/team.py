"""Several server processes on one port, kept alive by this one."""

import asyncio
import signal
import socket
import subprocess
import sys
import time

from salotto.cli.house import House
from salotto.config.probe import answers
from salotto.core.postgres.children import spawn
from salotto.core.start import pause, stopping

PAUSE = 1.0  # seconds before a process that died is started again
GRACE = 12.0  # seconds that a process gets to end


def serve(home: House, sock: socket.socket, *, with_worker: bool) -> int:
    """Run `workers` processes until a signal comes; the first one also runs the jobs."""
    children = {n: _start(sock, with_worker and n == 0) for n in range(home.options.workers)}
    try:
        _wait_until_ready(home, sock)
        while home.alive():
            pause(PAUSE)
            for n, child in children.items():
                if child.poll() is not None:
                    print(f"A server process ended ({child.returncode}) and is replaced.", file=sys.stderr)
                    children[n] = _start(sock, with_worker and n == 0)
        print("The embedded PostgreSQL has stopped; Salotto stops too.", file=sys.stderr)
        return 1
    finally:
        _stop(list(children.values()))


def _start(sock: socket.socket, with_worker: bool) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "salotto", "web", "--socket", str(sock.fileno())]
    return spawn(command + ([] if with_worker else ["--no-worker"]), pass_fds=[sock.fileno()])


def _wait_until_ready(home: House, sock: socket.socket) -> None:
    if asyncio.run(answers(sock.getsockname(), give_up=stopping)):
        home.announce()


def _stop(children: "list[subprocess.Popen[bytes]]") -> None:
    for child in children:
        child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
