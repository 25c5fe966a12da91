"""Several threads that begin at the same moment, each with its own connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """What each task returned or raised, in order; all start together."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return task()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def await_waiting(pid: int) -> None:
    """Until somebody waits for what the connection `pid` holds."""
    with connection.cursor() as db:
        for _ in range(100_000):
            db.execute("SELECT pg_stat_clear_snapshot()")  # a transaction keeps its first look
            db.execute("SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))", [pid])
            if db.fetchone() is not None:
                return
    raise AssertionError("nobody waits")
