"""Mail that cannot be sent is tried again, for as long as the documents say."""

from datetime import timedelta
from itertools import count, takewhile

from procrastinate import RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.utils import utcnow

from salotto.core.mail import send_mail


def wait_after(attempts: int) -> timedelta | None:
    """How long a job waits that has failed after so many earlier attempts; None: no longer."""
    job = Job(id=1, queue="mail", lock=None, queueing_lock=None, task_name="send_mail", attempts=attempts)
    task = app.tasks[send_mail.name]
    assert task.retry_strategy is not None
    decision = task.retry_strategy.get_retry_decision(exception=OSError(), job=job)
    if decision is None:
        return None
    assert isinstance(decision, RetryDecision) and decision.retry_at is not None
    return timedelta(minutes=round((decision.retry_at - utcnow()) / timedelta(minutes=1)))


def test_mail_is_tried_seventeen_times_in_twelve_hours_at_most_an_hour_apart() -> None:
    waits = [wait for wait in takewhile(lambda wait: wait is not None, map(wait_after, count())) if wait]
    assert len(waits) == 16
    assert sum(waits, timedelta()) == timedelta(hours=12)
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1) and waits[-1] == timedelta(hours=1)
