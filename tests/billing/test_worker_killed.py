"""The real worker, killed in the middle of renewals and started again, on the real queue."""

from contextlib import suppress
from datetime import timedelta
from subprocess import Popen
from typing import Any

from django.db import connection
from procrastinate.exceptions import AlreadyEnqueued

from salotto.billing import tasks
from salotto.billing.models import Invoice, Payment, PaymentState, SandboxObject
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.tasks import retry_stalled_jobs
from salotto.core.tenancy import all_accounts
from tests.billing import test_killed, working
from tests.billing.later import change, on_plan
from tests.cast import found_account
from tests.servers import wait_for

ACCOUNTS = 40
KILLS = 2


def due_now() -> list[int]:
    """Accounts whose period has just ended, by their own clocks."""
    found = []
    for by in (found_account() for _ in range(ACCOUNTS)):
        end = on_plan(by, 1).period_end
        assert end is not None
        ahead = int((end - clock.now()).total_seconds()) + 1
        change(by, ahead=ahead, due_at=end - timedelta(seconds=ahead))
        found.append(by.account.pk)
    return found


def execute(query: str, *given: object) -> int:
    with connection.cursor() as db:
        db.execute(query, given)
        return int(db.rowcount)


def a_minute_passes() -> None:
    """What the queue's clock does: dead workers have been silent for long, and the jobs of the
    minute are queued, unless they wait already."""
    execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
    for task in (tasks.run_due, tasks.reconcile, tasks.give_back_open, retry_stalled_jobs):
        with suppress(AlreadyEnqueued):
            task.defer(timestamp=int(clock.now().timestamp()))


def kill(worker: "Popen[bytes]") -> None:
    worker.kill()
    worker.wait()


def under_way() -> int:
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE status = 'doing' OR (status = 'todo' AND queue_name = 'billing' AND scheduled_at IS NULL)"
        )
        return int(db.fetchone()[0])


def open_payments(accounts: list[int]) -> Any:
    return Payment.objects.filter(account_id__in=accounts, state=PaymentState.CHARGING)


def test_every_account_is_renewed_and_charged_once_though_workers_are_killed() -> None:
    execute("DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")  # other tests'
    accounts = due_now()
    execute("DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")  # the purchases' mails
    for number in range(1, KILLS + 1):
        a_minute_passes()
        worker = working.start()
        goal = number * ACCOUNTS // (KILLS + 2)
        wait_for(lambda goal=goal: test_killed.renewed(accounts) >= goal, within=60)
        kill(worker)
    assert test_killed.renewed(accounts) < ACCOUNTS  # it was the middle
    with connection.cursor() as db:
        db.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'doing'")
        assert (tasks.run_due.name,) in db.fetchall()
    _finish(accounts)
    _charged_once(accounts)


def _finish(accounts: list[int]) -> None:
    """A new worker, and the minutes that pass: nothing is done by hand."""
    with all_accounts():  # so long ago that the reconciler looks
        open_payments(accounts).update(created_at=clock.now() - timedelta(minutes=3))
    a_minute_passes()
    worker = working.start()
    try:
        wait_for(lambda: test_killed.renewed(accounts) == ACCOUNTS, within=60)
        wait_for(lambda: not under_way(), within=60)
    finally:
        kill(worker)


def _charged_once(accounts: list[int]) -> None:
    with all_accounts():
        assert not open_payments(accounts).exists()
        cycles = Invoice.objects.filter(account_id__in=accounts, cycle_start__isnull=False)
        assert sorted(cycles.values_list("account_id", flat=True)) == sorted(accounts)
        assert set(cycles.values_list("state", flat=True)) == {"paid"}
        paid = Payment.objects.filter(invoice_id__in=cycles.values("id"), account_id__in=accounts)
        assert paid.count() == ACCOUNTS
    taken = SandboxObject.objects.filter(kind="payment", data__account__in=accounts, data__captured__gt=0)
    assert taken.count() == 2 * ACCOUNTS  # the purchase, and one renewal
    assert [str(found) for account in accounts[::8] for found in verify(account)] == []
