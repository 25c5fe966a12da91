"""Several senders at one queue, and workers that are killed while they send."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes

from django.db import connection, connections
from procrastinate.exceptions import AlreadyEnqueued

from salotto.channels.email import statuses, tasks
from salotto.channels.email.actions.sending import _claim, _try, send
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.sending.shares import Place
from salotto.config.jobs import _lanes
from salotto.core import clock
from salotto.core.tasks import retry_stalled_jobs
from salotto.core.tenancy import account_scope
from tests.billing import working
from tests.channels.email.sending.faulty import Faulty, Session, faulty
from tests.channels.email.sending.outbox import open_outbox
from tests.servers import wait_for


def ids(server: Faulty) -> list[str]:
    return [str(message_from_bytes(raw)["Message-ID"]).strip("<>") for _, _, raw in server.mails]


def test_two_senders_at_one_queue_send_each_mail_once() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mails = [box.reply(f"Number {number}") for number in range(12)]

        def work() -> None:
            for mail in mails:
                send(box.account, mail.pk)
            connections.close_all()

        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(work) for _ in range(3)]:
                done.result()
        assert sorted(ids(server)) == sorted(mail.header_id for mail in mails)
        assert {box.now(mail).state for mail in mails} == {MailState.SENT}


def test_a_mail_whose_sender_was_lost_is_sent_again_after_a_while() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        now = clock.now()
        box.due(mail, state=MailState.SENDING, attempts=1, next_try_at=now + timedelta(minutes=15))
        assert box.sent(mail).state == MailState.SENDING and server.mails == []
        with clock.at(now + timedelta(minutes=15)):
            assert box.sent(mail).state == MailState.SENT
        assert ids(server) == [mail.header_id]


def test_a_sender_that_comes_back_late_sends_and_changes_nothing() -> None:
    def meanwhile(server: Faulty, session: Session, text: str) -> str:
        with ThreadPoolExecutor(1) as other:
            other.submit(claimed_anew).result()
        return "250 taken"

    def claimed_anew() -> None:
        with account_scope(box.account):
            Mail.objects.filter(pk=mail.pk).update(attempts=5)
        connections.close_all()

    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        server.answers["MAIL"] = meanwhile
        mail = box.sent(mail)
        assert (mail.state, mail.attempts, server.mails) == (MailState.SENDING, 5, [])


def test_a_server_that_is_changed_while_a_mail_waits_for_its_place_has_to_have_one_of_its_own() -> None:
    with faulty() as server, account_scope((box := open_outbox(server.port)).account):
        place = Place(box.account, "elsewhere.example:25")
        mail = _claim(box.reply().pk, place)
        assert mail is not None
        _try(mail, place)()
        put_back = box.now(mail)
        assert (put_back.state, server.mails) == (MailState.QUEUED, [])
        assert put_back.error in statuses._OURS


def execute(query: str) -> None:
    with connection.cursor() as db:
        db.execute(query)


def a_minute_passes() -> None:
    """Dead workers have been silent for long, lost mails have waited long enough, and the jobs
    of the minute are queued."""
    execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
    execute("UPDATE email_mail SET next_try_at = now() WHERE state = 'sending'")
    for task in (tasks.send_due, retry_stalled_jobs):
        with suppress(AlreadyEnqueued):
            task.defer(timestamp=int(clock.now().timestamp()))


def test_every_mail_is_sent_though_workers_are_killed_with_kill_9() -> None:
    execute("DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")  # other tests'
    execute("UPDATE email_mail SET state = 'failed', next_try_at = NULL WHERE state IN ('queued', 'sending')")
    with faulty() as server:
        box = open_outbox(server.port)
        mails = [box.reply(f"Number {number}") for number in range(30)]
        for goal in (8, 16):
            a_minute_passes()
            worker = working.start()
            wait_for(lambda goal=goal: len(server.mails) >= goal, within=90)
            worker.kill()
            worker.wait()
        assert any(box.now(mail).state != MailState.SENT for mail in mails)
        a_minute_passes()
        worker = working.start()
        try:
            wait_for(lambda: {box.now(mail).state for mail in mails} == {MailState.SENT}, within=90)
        finally:
            worker.kill()
            worker.wait()
        assert set(ids(server)) == {mail.header_id for mail in mails}
        assert len(server.mails) <= len(mails) + 6  # at least once: what a killed worker had in hand


def test_replies_do_not_share_workers_with_mail_to_many_or_with_anything_else() -> None:
    lanes = _lanes()
    assert lanes["mail-out",] >= 2 and lanes["mail-in",] >= 2 and lanes["mail-bulk",] >= 2
    shared = next(queues for queues in lanes if "upkeep" in queues)
    assert not {"mail-out", "mail-in", "mail-bulk"} & set(shared) and "billing" in shared
