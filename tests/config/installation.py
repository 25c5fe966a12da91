"""A real installation in a directory of its own, run by real `salotto` processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from salotto.core.postgres import lock

PATIENCE = 60.0
"""Seconds after which a thing that should have happened has not; nothing waits that long."""


def await_that(condition: Callable[[], Any], what: str) -> Any:
    """The condition's first true value, looked for again and again."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def clean_environment(**settings: str) -> dict[str, str]:
    """Ours without any setting of Salotto, so that the embedded database is used."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SALOTTO_", "DJANGO_", "PG"))}
    return {**kept, **settings}


def _as_reader(uid: int | None) -> list[str]:
    """Where the interpreter itself lies in root's closed home: permission to read it, no more."""
    home = Path(sys.executable).resolve()
    if uid is None or all(parent.stat().st_mode & 0o001 for parent in home.parents):
        return []
    read = "+dac_read_search"
    rights = ["--inh-caps", read, "--ambient-caps", read]
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *rights]


IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


class Command:
    """One `salotto …` process; its output is collected while it runs."""

    def __init__(
        self, *arguments: object, uid: int | None = None, terminal: bool = False, **settings: str
    ) -> None:
        as_user: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": []}
        if uid is None or _as_reader(uid):
            as_user = {}
        self.process = subprocess.Popen(
            [
                *([sys.executable, "-c", IN_A_TERMINAL] if terminal else _as_reader(uid)),
                *(sys.executable, "-m", "salotto", *map(str, arguments)),
            ],
            stdin=subprocess.PIPE if terminal else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=clean_environment(**settings),
            **as_user,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            for line in out:
                self.lines.append(line.rstrip())

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def await_line(self, pattern: str) -> "re.Match[str]":
        """The first line of output that matches; fails when the process ends without it."""

        def look() -> "re.Match[str] | None":
            found = next((m for line in list(self.lines) if (m := re.search(pattern, line))), None)
            assert found or self.process.poll() is None or self._reader.is_alive(), self.output
            return found

        found: re.Match[str] = await_that(look, f"{pattern} in {self.output}")
        return found

    def press(self, key: str) -> None:
        """Press a key in the command's terminal."""
        assert self.process.stdin is not None
        self.process.stdin.write(key)
        self.process.stdin.flush()

    def await_exit(self) -> int:
        """The exit code; all output is there then."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end."""
        self.process.send_signal(how)
        return self.await_exit()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        if self.process.stdin is not None:
            self.process.stdin.close()


class Installation:
    """A data directory, and the commands that were started on it."""

    def __init__(self, data: Path, uid: int | None = None) -> None:
        self.data, self.uid = data, uid
        self.port = free_port()
        self.commands: list[Command] = []

    def run(self, name: str, *arguments: object, terminal: bool = False, **settings: str) -> Command:
        """Start a command on this directory."""
        where = ("--data", self.data)
        command = Command(name, *where, *arguments, uid=self.uid, terminal=terminal, **settings)
        self.commands.append(command)
        return command

    def serve(self, *arguments: object, name: str = "serve", **settings: str) -> Command:
        """A server that answers."""
        command = self.run(name, "--port", self.port, *arguments, **settings)
        command.await_line("Ctrl-C stops it")
        return command

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def address(self, role: str = "salotto_app") -> str:
        """The running embedded database's."""
        sockets = (lock.holder(self.data) or {})["sockets"]
        return f"host={sockets} port=5432 user={role} dbname=salotto"

    def postgres(self) -> list[int]:
        """The processes of this directory's database server that are alive."""
        here = str(self.data.resolve() / "postgres")
        return [pid for pid in _processes() if _link(pid, "cwd") == here]

    def postgres_users(self) -> set[int]:
        """Who they run as; some end at any time."""
        return {uid for pid in self.postgres() if (uid := _owner(pid)) is not None}

    def close(self) -> None:
        """End whatever a test has left."""
        for command in self.commands:
            command.kill()
        await_that(lambda: not self.postgres(), "the database has ended too")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _link(pid: int, name: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/{name}").readlink())
    except OSError:
        return ""


def new_data(uid: int | None = None) -> Path:
    """A fresh directory that every user may enter."""
    data = Path(tempfile.mkdtemp(prefix="salotto-installation-"))
    data.chmod(0o755)
    if uid is not None:
        os.chown(data, uid, uid)
    return data
