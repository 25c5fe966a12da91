"""Mails whose sender was lost: tried again one at a time, and given up in the end."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from salotto.channels.email.actions import retry_mail
from salotto.channels.email.actions.sending import _SUSPECT, _claim, _keep
from salotto.channels.email.models import Mail, MailState
from salotto.channels.email.sending import patience
from salotto.channels.email.sending.outcome import NotNow
from salotto.channels.email.sending.shares import Place
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.channels.email.sending.faulty import faulty
from tests.channels.email.sending.outbox import Outbox, jobs, open_outbox
from tests.mailservers.dovecot import await_that


def die(box: Outbox, mail: Mail) -> None:
    """A sender takes the mail, and ends; its connection to the database ends with it."""

    def taken() -> None:
        with account_scope(box.account):
            assert _claim(mail.pk, Place(box.account, "")) is not None
        connection.close()

    with ThreadPoolExecutor(1) as process:
        process.submit(copy_context().run, taken).result()
    await_that(is_free, "the database has noticed it")


def is_free() -> bool:
    """Whether nobody is at a mail that has cost senders."""
    with connection.cursor() as db:
        key = "hashtextextended(%s, 0)"
        db.execute(f"SELECT pg_try_advisory_lock({key}) AND pg_advisory_unlock({key})", [_SUSPECT] * 2)
        return bool(db.fetchone()[0])


def test_a_mail_that_ends_its_sender_each_time_is_given_up_with_the_reason() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        mail = box.reply()
        at = clock.now()
        for number in range(patience.MOST_LOST):
            with clock.at(at):
                die(box, mail)
            mail = box.now(mail)
            assert (mail.state, mail.losses, mail.attempts) == (MailState.SENDING, number, number + 1)
            at += patience.LOST_AFTER
        with clock.at(at):
            mail = box.sent(mail)
        assert mail.state == MailState.FAILED and server.mails == [] and mail.next_try_at is None
        assert "has ended 6 times while it was at this one" in mail.error
        assert at - clock.now() < patience.GIVE_UP_AFTER
        retry_mail(mail.pk, by=box.post.owner)
        mail = box.sent(mail)
        assert (mail.state, mail.losses, len(server.mails)) == (MailState.SENT, 0, 1)


def test_a_mail_is_its_sender_s_for_as_long_as_the_answer_to_its_end_may_take() -> None:
    box = open_outbox()
    began = clock.now()
    with account_scope(box.account), clock.at(began):
        mail = _claim(box.reply().pk, Place(box.account, ""))
        assert mail is not None
        for minutes, renewed in ((0, 0), (19, 19)):
            with clock.at(began + timedelta(minutes=minutes)):
                _keep(mail)
            assert box.now(mail).next_try_at == began + timedelta(minutes=renewed) + patience.LOST_AFTER
        box.due(mail, attempts=2)
        with pytest.raises(NotNow):
            _keep(mail)


def test_losses_count_only_in_a_row() -> None:
    with faulty(MAIL="451 Later") as server:
        box = open_outbox(server.port)
        mail = box.reply()
        now = clock.now()
        with clock.at(now):
            die(box, mail)
        with clock.at(now + patience.LOST_AFTER):
            mail = box.sent(mail)
        assert (mail.state, mail.losses, mail.attempts) == (MailState.QUEUED, 0, 2)
        assert len(server.sessions) == 1


def test_others_that_were_in_the_same_hands_do_not_go_under_with_it_again() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        bad, good, fresh = (box.reply(name) for name in ("bad", "good", "fresh"))
        now = clock.now()
        for mail in (bad, good):
            box.due(mail, state=MailState.SENDING, attempts=1, changed_at=now - patience.LOST_AFTER)

        release, taken = Event(), Event()

        def in_hand() -> None:
            with account_scope(box.account):
                assert _claim(bad.pk, Place(box.account, "")) is not None
            taken.set()
            assert release.wait(30)
            connection.close()

        with ThreadPoolExecutor(1) as process:
            held = process.submit(in_hand)
            assert taken.wait(30)
            assert box.sent(fresh).state == MailState.SENT, "what is new waits for nobody"
            waiting = box.sent(good)
            assert (waiting.losses, waiting.attempts, len(server.mails)) == (0, 1, 1)
            release.set()
            held.result()
        assert jobs("send_mail", box.account) >= 1
        with clock.at(clock.now() + patience.SOON + timedelta(seconds=1)):
            assert box.sent(good).state == MailState.SENT


def test_the_place_of_one_that_is_sent_is_free_again() -> None:
    with faulty() as server:
        box = open_outbox(server.port)
        for number in range(2):
            mail = box.reply(f"Number {number}")
            box.due(mail, state=MailState.SENDING, attempts=1)
            assert box.sent(mail).state == MailState.SENT
            with connection.cursor() as db:
                db.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                )
                assert db.fetchone()[0] == 0, _SUSPECT


def test_patience_begins_with_the_first_attempt_however_long_the_mail_has_waited() -> None:
    with faulty(MAIL="450 4.7.1 Greylisted") as server:
        box = open_outbox(server.port)
        mail = box.reply()
        late = clock.now() + timedelta(days=3)
        with clock.at(late):
            mail = box.sent(mail)
            assert mail.state == MailState.QUEUED and mail.next_try_at == late + timedelta(minutes=1)
        with clock.at(late + timedelta(days=1)):
            assert box.sent(mail).state == MailState.QUEUED
        with clock.at(late + timedelta(days=2)):
            assert box.sent(mail).state == MailState.FAILED
