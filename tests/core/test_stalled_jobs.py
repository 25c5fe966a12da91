"""Jobs of a worker that was killed: taken up again, on the real table of jobs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from salotto.billing import tasks as billing
from salotto.config.jobs import _worker_app
from salotto.core.tasks import take_up

PERIODIC = [billing.reconcile, billing.give_back_open, billing.run_due, billing.check_books]


def rows(query: str, *given: object) -> list[Any]:
    with connection.cursor() as db:
        db.execute(query, given)
        return list(db.fetchall()) if db.description else []


def killed(task: Any) -> int:
    """A job of this task that a worker was doing when it was killed a minute ago."""
    rows("DELETE FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing')", task.name)
    job = int(task.defer(timestamp=1))
    ((worker,),) = rows(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
    )
    rows("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", worker, job)
    return job


def status(job: int) -> str:
    ((found,),) = rows("SELECT status::text FROM procrastinate_jobs WHERE id = %s", job)
    return str(found)


def can_be_fetched(job: int) -> bool:
    """What the queue's own function asks of a job before a worker gets it."""
    return bool(
        rows(
            "SELECT 1 FROM procrastinate_jobs j WHERE id = %s AND status = 'todo' AND NOT EXISTS ("
            "SELECT 1 FROM procrastinate_jobs o WHERE o.lock = j.lock AND o.status = 'doing')",
            job,
        )
    )


def take_up_all() -> None:
    async def run() -> None:
        async with _worker_app().open_async() as worker:
            await take_up(worker.job_manager)

    asyncio.run(run())


@pytest.mark.parametrize("task", PERIODIC, ids=lambda task: str(task.name))
def test_the_next_minutes_job_runs_though_a_killed_worker_never_ended_its_own(task: Any) -> None:
    killed(task)
    following = task.defer(timestamp=2)
    assert can_be_fetched(following)


@pytest.mark.parametrize("task", PERIODIC, ids=lambda task: str(task.name))
def test_a_stalled_job_is_closed_when_the_next_one_waits_already(task: Any) -> None:
    job = killed(task)
    following = task.defer(timestamp=2)
    take_up_all()
    assert (status(job), status(following)) == ("failed", "todo")


def test_a_stalled_job_is_begun_again_when_none_waits() -> None:
    job = killed(billing.reconcile)
    take_up_all()
    assert status(job) == "todo"


def test_one_stalled_job_stops_no_other() -> None:
    first, second, third = killed(billing.reconcile), killed(billing.check_books), killed(billing.run_due)
    billing.reconcile.defer(timestamp=2)
    take_up_all()
    assert [status(job) for job in (first, second, third)] == ["failed", "todo", "todo"]


def test_no_task_keeps_a_lock_that_a_killed_worker_would_hold_for_good() -> None:
    found: dict[str, Callable[..., Any]] = dict(app.tasks)
    locked = [
        name for name, task in found.items() if name.startswith("salotto.") and getattr(task, "lock", None)
    ]
    assert locked == []
