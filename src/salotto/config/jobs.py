"""The job worker, as a coroutine: in the server's event loop, or alone."""

import asyncio
import logging
import random

from procrastinate.contrib.django import DjangoApp, app, connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from salotto.config import mail_station

log = logging.getLogger("salotto.jobs")

CONCURRENCY = 4
GRACE = 5.0  # seconds that running jobs get at the end; then they are put back
LONGEST_PAUSE = 15.0


async def work() -> None:
    """Run jobs and read mailboxes until cancelled."""
    await asyncio.gather(_run_on(), mail_station.tend())


async def _run_on() -> None:
    """Run jobs; a lost database is waited for, with growing pauses."""
    pause = 0.5
    while True:
        try:
            await _run()
        except Exception as error:  # whatever it was, jobs must go on
            log.warning("The worker lost the database and tries again: %s", error)
        await asyncio.sleep(pause + random.random())  # noqa: S311
        pause = min(pause * 2, LONGEST_PAUSE)


async def stop(working: "asyncio.Task[None]") -> None:
    """End `work`, letting its jobs finish; repeats the request, because one that meets the
    opening of a connection gets lost."""
    while not working.done():
        working.cancel()
        await asyncio.wait([working], timeout=GRACE + 1)


async def _run() -> None:
    async with _worker_app().open_async() as worker:
        await worker.run_worker_async(
            concurrency=CONCURRENCY,
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE,
            delete_jobs="successful",
        )


def _worker_app() -> DjangoApp:
    """The same tasks on asynchronous connections; pages go on deferring in their transactions."""
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=CONCURRENCY + 2)
    worker = DjangoApp(connector=connector)
    worker.tasks = app.tasks
    worker.periodic_registry = app.periodic_registry
    return worker
