"""The real `salotto worker` reads mailboxes, is killed, and another one goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models.functions import Now

from salotto.channels.email.models import Position, RawState
from salotto.core.tenancy import account_scope, all_accounts
from salotto.inbox.models import Message
from tests.channels.email.imap.boxes import Letterbox, mail
from tests.mailservers.dovecot import Dovecot, await_that

SMALL_BATCHES = """
import sys
from salotto.cli import main
from salotto.channels.email.imap import look
look.MOST_MAILS = 5
sys.exit(main(["worker"]))
"""


LOOKS_ONCE = """
import asyncio, sys, threading
import django
django.setup()
from salotto.config import mail_station

async def main():
    found, look = [], mail_station._any
    mail_station._any = lambda: found.append(look()) or found[0]
    tending = asyncio.create_task(mail_station.tend())
    while not found:
        await asyncio.sleep(0.01)
    threads = any(thread.name.startswith("mail-") for thread in threading.enumerate())
    print(found[0], "imapclient" in sys.modules, threads)
    tending.cancel()
    await asyncio.gather(tending, return_exceptions=True)

asyncio.run(main())
"""


@contextmanager
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """A worker on the database of the tests, which stores five mails at a time."""
    command = [sys.executable, "-c", "import django; django.setup()\n" + SMALL_BATCHES]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SALOTTO_LOG_LEVEL": "warning"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def let_time_pass() -> None:
    """The lease of a dead process ends."""
    with all_accounts():
        Position.objects.exclude(lease_by=None).update(lease_until=Now() - timedelta(seconds=1))


def taken_in(box: Letterbox) -> int:
    return sum(raw.state == RawState.DONE for raw in box.raws())


def test_killed_between_batches_and_followed_by_another_every_mail_is_one_message(
    server: Dovecot, box: Letterbox
) -> None:
    server.deliver(box.user, *(mail(number) for number in range(400)))
    box.connect(server.port)
    with worker() as first:
        await_that(lambda: box.count() >= 20, "it has begun", 60)
        first.send_signal(signal.SIGKILL)
        first.wait()
    stored = box.count()
    assert 20 <= stored < 400
    let_time_pass()
    with worker() as second:
        await_that(lambda: box.count() == 400, "all are stored", 60)
        await_that(lambda: taken_in(box) == 400, "all are taken in", 90)
        second.send_signal(signal.SIGTERM)
        assert second.wait(15) == 0
    assert box.subjects() == [str(number) for number in range(400)]
    with account_scope(box.account):
        messages = Message.objects.filter(kind="visitor").count()
        assert not Position.objects.exclude(lease_by=None).exists()  # left in order
    assert messages == 400


def test_without_a_mailbox_nothing_is_loaded_for_it(box: Letterbox) -> None:
    command = [sys.executable, "-c", LOOKS_ONCE]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.split() == ["False", "False", "False"]
