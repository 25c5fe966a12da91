"""Jobs of this room; procrastinate finds them here."""

import logging

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from salotto.core.mail import send_mail

__all__ = ["forget_old_jobs", "retry_stalled_jobs", "send_mail", "take_up", "tidy"]

log = logging.getLogger("salotto.jobs")

KEEP_JOBS_HOURS = 24 * 30


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="core.retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Job: what a crashed worker had begun is begun again, every minute."""
    await take_up(context.app.job_manager)


async def take_up(manager: JobManager) -> None:
    """Begin again every job of a worker that has given no sign for thirty seconds.

    A job that waits once more in the queue already, under the same queueing lock, is closed as
    failed: what waits does its work. One job's trouble stops no other.
    """
    for job in await manager.get_stalled_jobs():
        try:
            await _begin_again(manager, job)
        except ConnectorException:  # it has ended meanwhile, or another worker was first
            log.warning("The stalled job %s (%s) was not begun again", job.id, job.task_name, exc_info=True)


async def _begin_again(manager: JobManager, job: Job) -> None:
    try:
        await manager.retry_job(job)
    except UniqueViolation:
        await manager.finish_job(job, Status.FAILED, delete_job=False)


@app.periodic(cron="23 4 * * *")
@app.task(queue="upkeep", queueing_lock="core.forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int) -> None:
    """Job: jobs that failed for good are kept for thirty days to be looked at."""
    await context.app.job_manager.delete_old_jobs(
        KEEP_JOBS_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="17 * * * *")
@app.task(queue="upkeep", queueing_lock="core.tidy")
def tidy(timestamp: int) -> None:
    """Job: expired sessions and cache entries go, every hour."""
    SessionStore.clear_expired()
    table = str(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as db:
        db.execute(f"DELETE FROM {connection.ops.quote_name(table)} WHERE expires < now()")  # noqa: S608
