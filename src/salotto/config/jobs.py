"""The job worker, as a coroutine: in the server's event loop, or alone."""

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor

from procrastinate import App
from procrastinate.contrib.django import DjangoApp, app, connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from salotto.channels.email.sending import shares
from salotto.config import mail_station

log = logging.getLogger("salotto.jobs")

CONCURRENCY = 4
RESERVED: dict[tuple[str, ...], int] = {
    ("mail-out",): shares.ANSWERS_SENDERS,
    ("mail-in",): 2,
    ("mail-bulk",): shares.BULK_SENDERS,
}
"""Queues that have workers of their own, and how many: a reply never waits behind a mailbox that
is being read or a mail to many, nor does anything else wait behind a mail server that is slow."""
FURTHER_THREADS = 6
"""Besides one for each job: for what else the loop has done in threads."""
GRACE = 5.0  # seconds that running jobs get at the end; then they are put back
LONGEST_PAUSE = 15.0


async def work() -> None:
    """Run jobs and read mailboxes until cancelled."""
    _have_threads()
    await asyncio.gather(_run_on(), mail_station.tend())


def _have_threads() -> None:
    """One for each job that may run: the loop's own are as few as the machine's cores, and jobs
    would wait for those of slow mail servers after all."""
    threads = ThreadPoolExecutor(sum(_lanes().values()) + FURTHER_THREADS, thread_name_prefix="jobs")
    asyncio.get_running_loop().set_default_executor(threads)


async def _run_on() -> None:
    """Run jobs; a lost database is waited for, with growing pauses."""
    pause = 0.5
    while True:
        try:
            await _run()
        except Exception as error:  # whatever it was, jobs must go on
            log.warning("The worker lost the database and tries again: %s", _first(error))
        await asyncio.sleep(pause + random.random())  # noqa: S311
        pause = min(pause * 2, LONGEST_PAUSE)


def _first(error: Exception) -> Exception:
    """What went wrong, of several lanes that fell together."""
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    return inner if isinstance(inner, Exception) else error


async def stop(working: "asyncio.Task[None]") -> None:
    """End `work`, letting its jobs finish; repeats the request, because one that meets the
    opening of a connection gets lost."""
    while not working.done():
        working.cancel()
        await asyncio.wait([working], timeout=GRACE + 1)


async def _run() -> None:
    async with _worker_app().open_async() as worker, asyncio.TaskGroup() as lanes:
        for queues, concurrency in _lanes().items():
            lanes.create_task(_lane(worker, queues, concurrency))


async def _lane(worker: App, queues: tuple[str, ...], concurrency: int) -> None:
    await worker.run_worker_async(
        queues=list(queues),
        concurrency=concurrency,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE,
        delete_jobs="successful",
    )


def _lanes() -> dict[tuple[str, ...], int]:
    """Queues and how many of their jobs run at once; what has no lane of its own shares one."""
    own = {queue for queues in RESERVED for queue in queues}
    shared = sorted({task.queue for task in app.tasks.values()} - own)
    return {tuple(shared): CONCURRENCY, **RESERVED}


def _worker_app() -> DjangoApp:
    """The same tasks on asynchronous connections; pages go on deferring in their transactions."""
    connector = PsycopgConnector(
        kwargs=connector_params(), min_size=1, max_size=sum(_lanes().values()) + 2 * len(_lanes())
    )
    worker = DjangoApp(connector=connector)
    worker.tasks = app.tasks
    worker.periodic_registry = app.periodic_registry
    return worker
