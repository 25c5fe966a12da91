"""The benchmark's own PostgreSQL, databases and server processes; all end with it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import machine

HERE = Path(__file__).resolve().parent
FLOOR = "floor"
OURS_APP, FLOOR_APP = "benchmarks.probed:application", "benchmarks.floor:application"
UVICORN = "--loop uvloop --http httptools --ws none --no-access-log --no-server-header --lifespan on"
NO_LIMIT = "1000000000"


class House:
    """A durable embedded PostgreSQL (fsync and synchronous_commit on) with our schema."""

    def __init__(self, data: Path, port: int) -> None:
        from salotto.core.postgres import Cluster

        self.data = data
        self.port = port
        self.cluster = Cluster(data)

    def __enter__(self) -> "House":
        from salotto.core import database
        from salotto.core.postgres import cluster as clusters

        self.cluster.__enter__()
        with self.superuser() as db:
            database.make_roles(db, clusters.OWNER, clusters.APP, clusters.DATABASE)
            for name, wanted in (("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")):
                if db.execute(f"SHOW {name}").fetchone() != (wanted,):
                    raise RuntimeError(f"{name} is not {wanted}: these figures would mean nothing")
            db.execute("CREATE DATABASE floor")
        os.environ.update(self.environment())
        self._prepare()
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.stop()

    def _prepare(self) -> None:
        import django

        django.setup()
        from django.conf import settings

        from salotto.config import prepare

        prepare.run(settings.OPTIONS)
        prepare.after_start()

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """An autocommit connection that may do everything."""
        url = self.cluster.conninfo("postgres", database)
        return psycopg.connect(url, autocommit=True)

    def environment(self) -> dict[str, str]:
        """For our server and for Django in this process."""
        from salotto.core.postgres import cluster as clusters

        return {
            "SALOTTO_DATA": str(self.data),
            "SALOTTO_DATABASE_URL": self.cluster.conninfo(),
            "SALOTTO_MIGRATION_DATABASE_URL": self.cluster.conninfo(clusters.OWNER),
            "SALOTTO_URL": f"http://127.0.0.1:{self.port}",
            "SALOTTO_PORT": str(self.port),
            "SALOTTO_VISITOR_RATE": NO_LIMIT,
            "SALOTTO_ADDRESS_RATE": NO_LIMIT,
            "SALOTTO_ADDRESS_STREAMS": NO_LIMIT,
            "DJANGO_SETTINGS_MODULE": "salotto.config.settings",
        }

    @property
    def postmaster(self) -> int:
        """The process id of PostgreSQL."""
        return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])

    def version(self) -> str:
        """PostgreSQL's version."""
        with self.superuser() as db:
            return str(db.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]

    @contextmanager
    def ours(self) -> Iterator["Server"]:
        """Salotto's application, with a probe of its loop, on the server's core."""
        with Server(OURS_APP, self.port, {}) as server:
            yield server

    @contextmanager
    def floor(self, pool: int = 8) -> Iterator["Server"]:
        """The bare application, on the same core."""
        url = self.cluster.conninfo("postgres", FLOOR)
        with Server(FLOOR_APP, self.port + 1, {"FLOOR_URL": url, "FLOOR_POOL": str(pool)}) as server:
            yield server


class Server:
    """A uvicorn process of an application."""

    def __init__(self, app: str, port: int, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), *UVICORN.split()]
        self.port = port
        self._process = subprocess.Popen(
            [*command, "--log-level", "warning"], cwd=HERE.parent, env={**os.environ, **environment}
        )
        self.pid = self._process.pid
        os.sched_setaffinity(self.pid, machine.server_core())

    def __enter__(self) -> "Server":
        wait_for(f"http://127.0.0.1:{self.port}/health", self._process)
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def ask(self, path: str) -> Any:
        """The JSON at this path."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)


def wait_for(url: str, process: "subprocess.Popen[Any]", seconds: float = 30) -> float:
    """Wait until `url` answers; seconds waited. Raises RuntimeError when it never does."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}.")
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return time.monotonic() - began
    raise RuntimeError(f"{url} did not answer.")


def end(process: "subprocess.Popen[Any]") -> None:
    """Stop a process that we started."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Load:
    """The load generator: a process on the other core that takes one command at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=HERE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(self._process.pid, machine.load_core())

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def do(self, what: str, **how: Any) -> Any:
        """Run one command of `benchmarks.load` and return its result."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The load generator ended while doing {what}.")
        return json.loads(line)
