"""How much an account may send by the installation's own server within an hour."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail as outgoing

from salotto.channels.email import troubles
from salotto.channels.email.actions import allowance, bulk
from salotto.channels.email.actions.trying import begin_trial, send_trial
from salotto.channels.email.models import Mail, MailState, Server, Trial
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.inbox.signals import Draft
from tests.channels.email.post import person
from tests.channels.email.sending.faulty import faulty, to
from tests.channels.email.sending.outbox import Outbox, open_outbox, transport


@pytest.fixture(autouse=True)
def at_most_four(settings: Any) -> None:
    settings.MAIL_PER_HOUR = 4


def states(box: Outbox, mails: list[Mail]) -> list[str]:
    return [box.sent(mail).state for mail in mails]


def answers(box: Outbox, number: int) -> list[Mail]:
    return [box.reply(f"Number {one}") for one in range(number)]


def many(box: Outbox, number: int) -> list[Mail]:
    people = [person(f"p{one}") for one in range(number)]
    batch = bulk.queue_many(box.post.mailbox.pk, people, "News", "Spring", box.post.owner, uuid4())
    bulk.continue_batch(box.account, batch.pk)
    with account_scope(box.account):
        return list(Mail.objects.filter(kind="bulk").order_by("id"))


def test_what_is_more_than_an_hour_allows_waits_for_the_next_and_says_so() -> None:
    box, start = open_outbox(None), clock.now()
    mails = answers(box, 5)
    assert states(box, mails) == ["sent"] * 4 + ["queued"]
    waiting = box.now(mails[4])
    assert (waiting.attempts, waiting.error) == (0, troubles.MANY)
    assert waiting.next_try_at is not None and waiting.next_try_at > start + timedelta(minutes=59)
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        assert states(box, [waiting, *answers(box, 4)]) == ["sent"] * 4 + ["queued"]


def test_mail_to_many_leaves_half_of_the_hour_to_answers() -> None:
    box = open_outbox(None)
    assert states(box, many(box, 3)) == ["sent", "sent", "queued"]
    assert states(box, answers(box, 3)) == ["sent", "sent", "queued"]


def test_the_test_mail_counts_as_well() -> None:
    box = open_outbox(None)
    states(box, answers(box, 4))
    before = len(outgoing.outbox)
    trial = begin_trial(box.post.mailbox.pk, by=box.post.owner)
    send_trial(box.account, trial.pk)
    with account_scope(box.account):
        assert Trial.objects.get(pk=trial.pk).error == troubles.MANY
    assert len(outgoing.outbox) == before


def test_other_accounts_own_servers_and_no_limit_are_left_alone(settings: Any) -> None:
    full, other = open_outbox(None), open_outbox(None)
    assert states(full, answers(full, 5))[4] == MailState.QUEUED
    assert states(other, answers(other, 1)) == [MailState.SENT]
    with faulty() as server:
        own = open_outbox(server.port)
        assert states(own, answers(own, 6)) == ["sent"] * 6
    settings.MAIL_PER_HOUR = 0
    assert states(full, answers(full, 1)) == [MailState.SENT]


def test_what_an_own_server_has_put_off_counts_when_the_installation_sends_it() -> None:
    with faulty(MAIL="451 4.3.0 Later") as server:
        box = open_outbox(server.port)
        mails = answers(box, 6)
        assert states(box, mails) == ["queued"] * 6
        with account_scope(box.account):
            Server.objects.filter(mailbox=box.post.mailbox).delete()
        for mail in mails:
            box.due(mail)
        assert states(box, mails) == ["sent"] * 4 + ["queued"] * 2


def test_whom_the_installation_s_server_has_put_off_counts_once(settings: Any) -> None:
    with faulty(MAIL="451 4.3.0 Later", RCPT=to({"late@b.example": "451 4.3.0 Later"})) as server:
        settings.MAIL_TRANSPORT = transport(server.port)
        box = open_outbox(None)
        mail = box.reply(draft=Draft(to=("a@b.example", "late@b.example")))
        for refusing, state in (("MAIL", "queued"), ("RCPT", "queued"), ("", "sent")):
            box.due(mail)
            assert states(box, [mail]) == [state]
            server.answers.pop(refusing, None)
        assert states(box, answers(box, 2)) == ["sent", "queued"], "each is for both of them"


def test_no_hour_holds_more_than_is_allowed_wherever_it_begins(settings: Any) -> None:
    settings.MAIL_PER_HOUR = 1000
    account, start = 9_000_000_000 + uuid4().int % 10**9, clock.now()
    went: list[tuple[float, int]] = []
    for minute, people in [(0, 1), (59.99, 100), (60, 100), (75, 70), (120, 90)]:
        now = start + timedelta(minutes=minute)
        tries = [allowance.take(account, people, now) is None for _ in range(20)]
        went.append((minute, people * sum(tries)))
    assert went[:3] == [(0, 20), (59.99, 900), (60, 100)]
    assert went[3:] == [(75, 0), (120, 990)]


def test_a_mail_to_more_people_than_are_allowed_goes_alone() -> None:
    account, start = 9_000_000_000 + uuid4().int % 10**9, clock.now()
    assert allowance.take(account, 1, start) is None
    free = start + timedelta(hours=1)
    assert allowance.take(account, 9, start) == free
    assert allowance.take(account, 9, free) is None
    assert allowance.take(account, 1, free) == free + timedelta(hours=1)
