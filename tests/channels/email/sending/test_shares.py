"""Slow servers keep few senders, and everybody else's mail leaves meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from salotto.channels.email.actions.trying import begin_trial, send_trial
from salotto.channels.email.models import Mail, MailState, Trial
from salotto.channels.email.sending import delivering, shares
from salotto.channels.email.sending.lines import LINES, Target
from salotto.channels.email.sending.outcome import NotNow
from salotto.channels.email.sending.shares import ANSWERS, BULK, OURS, Place, Shares
from salotto.config.jobs import RESERVED
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.channels.email.sending.faulty import Faulty, Session, faulty, say_nothing
from tests.channels.email.sending.outbox import Outbox, jobs, open_outbox
from tests.servers import wait_for


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ANSWERS, "moment", 0.02)


@contextmanager
def in_hand(box: Outbox, mail: Mail, server: Faulty, moment: str = "MAIL") -> Iterator[None]:
    """A sender is at this mail, whose server says nothing at that moment for as long as the block
    lasts."""
    asked, over = Event(), Event()

    def hold(server: Faulty, session: Session, text: str) -> str:
        asked.set()
        assert over.wait(30)
        return "250 OK"

    def carry() -> None:
        box.sent(mail)
        connection.close()

    server.answers[moment] = hold
    with ThreadPoolExecutor(1) as sender:
        carried = sender.submit(carry)
        try:
            assert asked.wait(30)
            yield
        finally:
            over.set()
        carried.result()
    del server.answers[moment]


def test_others_mail_leaves_while_a_server_says_nothing() -> None:
    with faulty() as bad, faulty() as good:
        slow, fine = open_outbox(bad.port), open_outbox(good.port)
        held, waiting = slow.reply("One"), slow.reply("Two")
        with in_hand(slow, held, bad):
            before = clock.now()
            put_back = slow.sent(waiting)
            assert (put_back.state, put_back.attempts, put_back.error) == (MailState.QUEUED, 0, "")
            assert put_back.next_try_at is not None and put_back.next_try_at > before
            assert jobs("send_mail", slow.account) >= 1 and len(bad.sessions) == 1
            assert fine.sent(fine.reply()).state == MailState.SENT
        assert slow.now(held).state == MailState.SENT
        slow.due(waiting)
        assert slow.sent(waiting).state == MailState.SENT and len(bad.mails) == 2


def test_nor_does_a_test_mail_take_a_second_sender_to_it() -> None:
    with faulty() as bad:
        slow = open_outbox(bad.port)
        trial = begin_trial(slow.post.mailbox.pk, by=slow.post.owner)
        with in_hand(slow, slow.reply(), bad):
            send_trial(slow.account, trial.pk)
            with account_scope(slow.account):
                assert Trial.objects.get(pk=trial.pk).begun_at is None
            assert jobs("send_trial", slow.account) == 2 and len(bad.sessions) == 1
        send_trial(slow.account, trial.pk)
        with account_scope(slow.account):
            assert Trial.objects.get(pk=trial.pk).accepted_at is not None


def test_a_server_that_exceeded_its_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "MAIL_SECONDS", 0.3)

    with faulty(END=say_nothing) as bad:
        slow = open_outbox(bad.port)
        first, second = slow.sent(slow.reply("One")), slow.sent(slow.reply("Two"))
        assert len(bad.sessions) == 1
        assert first.state == second.state == MailState.QUEUED
        assert first.error == second.error == "The server takes too long for a mail."


def test_a_first_try_is_cut_off_in_time_and_the_next_one_is_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares, "FIRST_TRY", 0.5)
    monkeypatch.setattr(shares, "PROMPT", 0.4)

    with faulty(MAIL=say_nothing) as bad:
        slow = open_outbox(bad.port)
        mail = slow.reply()
        with half_is_slow(ANSWERS):
            assert slow.sent(mail).error == "The server takes too long for a mail."
            slow.due(mail)
            assert slow.sent(mail).attempts == 1 and len(bad.sessions) == 1
        LINES.forget()
        del bad.answers["MAIL"]
        slow.due(mail)
        assert slow.sent(mail).state == MailState.SENT


def test_once_a_mail_s_end_is_out_its_answer_is_awaited_and_the_next_first_try_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares, "FIRST_TRY", 1.0)
    with faulty() as bad, faulty() as good, half_is_slow(ANSWERS):
        slow, new = open_outbox(bad.port), open_outbox(good.port)
        kept, mail = slow.reply(), new.reply()

        def is_sent() -> bool:
            new.due(mail)
            return new.sent(mail).state == MailState.SENT

        with in_hand(slow, kept, bad, "END"):
            wait_for(is_sent)
        kept = slow.now(kept)
        assert (kept.state, kept.attempts) == (MailState.SENT, 1)
        assert [session.commands.count("DATA") for session in bad.sessions] == [1]


def test_a_mail_that_is_cut_off_is_cut_off_before_its_end() -> None:
    def until_cut() -> None:
        wait_for(lambda: not server.threads[-1].is_alive())

    with faulty() as server:
        target = Target("first", "127.0.0.1", server.port, "none", ours=True, at_most=0.2)
        with pytest.raises(NotNow, match="too long") as cut:
            delivering.deliver(target, b"Subject: One\n\n.", "a@a.example", ["b@b.example"], until_cut)
        assert cut.value.slow and server.mails == []


# Who gets a place


class Time:
    """What the shares take for the time; it passes when it is told to."""

    now = 1000.0

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(shares, "monotonic", lambda: made.now)
    return made


class Senders:
    """They take places one after the other, and stay."""

    def __init__(self, of: Shares, stack: ExitStack) -> None:
        self.of = of
        self.stack = stack

    def take(self, *places: tuple[int, str]) -> list[bool]:
        """Who got one of these."""
        return [self.one(*place).wait is None for place in places]

    def one(self, account: int, server: str) -> Place:
        return self.stack.enter_context(self.of.place(account, server))


@contextmanager
def senders(of: Shares) -> Iterator[Senders]:
    """Those of the block, who leave with it."""
    with ExitStack() as stack:
        yield Senders(of, stack)


@contextmanager
def half_is_slow(of: Shares) -> Iterator[Senders]:
    """Servers that nobody knows have all the senders that they may have together."""
    with senders(of) as slow:
        assert all(slow.take(*((-number, f"slow{number}") for number in range(1, of.senders // 2 + 1))))
        yield slow


def so_many(number: int, *prompt: str, moment: float = 0) -> Shares:
    """The shares of so many senders, to which these servers have answered at once."""
    made = Shares(number, moment)
    for server in prompt:
        with made.place(0, server) as place:
            place.answered()
    return made


def each(server: str, *accounts: int) -> list[tuple[int, str]]:
    return [(account, server) for account in accounts]


@pytest.mark.parametrize(
    ("prompt", "places", "got"),
    [
        pytest.param(
            [], [(1, "a"), (2, "a"), (1, "b"), (2, "c"), (3, "d")], [1, 0, 0, 1, 1], id="unknown: each one"
        ),
        pytest.param(
            ["known"],
            [(1, "a"), (2, "c"), (3, "d"), (4, "e"), (5, "f"), (4, "known"), (5, OURS)],
            [1, 1, 1, 1, 0, 1, 1],
            id="unknown: half of them, and one first try",
        ),
        pytest.param(["known"], each("known", 0, 1, 2, 3, 4), [1, 1, 1, 0, 0], id="prompt: half of them"),
        pytest.param(
            ["known", "another"],
            [*each("known", 0, 1, 2), (4, "another"), (5, "another"), (6, "new"), (7, OURS)],
            [1, 1, 1, 1, 0, 1, 1],
            id="few are left: each prompt one has one",
        ),
        pytest.param([], each(OURS, 1, 1, 1, 1, 2, 3), [1, 1, 1, 0, 1, 0], id="ours: half, all but two"),
    ],
)
def test_senders_are_shared(prompt: list[str], places: list[tuple[int, str]], got: list[int]) -> None:
    mine = so_many(6, *prompt)
    for _ in ("now", "again, as who has gone is in nobody's way"):
        with senders(mine) as there:
            assert there.take(*places) == got


def test_however_many_are_slow_a_server_that_nobody_knows_has_a_first_try(time: Time) -> None:
    mine = so_many(6)
    with half_is_slow(mine) as there:
        time.passes(300)
        with mine.place(10, "slow10") as place:
            assert (place.wait, place.at_most) == (None, shares.FIRST_TRY), "up to the end of the mail"
            time.passes(shares.FIRST_TRY)
            with mine.place(99, "good") as behind:
                assert behind.wait == timedelta(seconds=shares.FIRST_TRY)
        assert there.take((10, "slow11"), (11, "slow10")) == [0, 0], "neither has another one"
        with mine.place(99, "good") as place:
            assert (place.wait, place.at_most) == (None, shares.FIRST_TRY)
            place.answered()
        assert there.take((99, "good")) == [1], "now it is prompt"
        time.passes(shares.SLOW_FOR)
        assert there.take((10, "slow10")) == [1]


def test_however_many_keep_their_answer_a_quarter_is_left_for_prompt_servers(time: Time) -> None:
    mine = so_many(8, "known")
    with half_is_slow(mine) as there:
        for number, got in enumerate([1, 1, 0, 0]):
            assert there.take((number, f"keeps{number}")) == [got]
            time.passes(shares.FIRST_TRY + 1)
        assert there.take((20, "known"), (21, OURS)) == [1, 1]
    with half_is_slow(mine) as there:
        assert there.take((0, "new"), (10, "keeps1"), (11, "new")) == [0, 0, 1], "no further try for those"


def test_a_server_is_prompt_until_it_is_slow_and_then_waits_ever_longer(time: Time) -> None:
    mine = so_many(6, "known")
    with senders(mine) as there:
        assert there.take((1, "known"), (2, "known")) == [1, 1]
        for seconds, wait in ((11, 11), (600, 60)):
            time.passes(seconds)
            assert there.one(3, "known").wait == timedelta(seconds=wait)
    with senders(mine) as there:
        assert there.take((1, "known"), (2, "known")) == [1, 0]


def test_one_that_has_only_begun_is_waited_for() -> None:
    mine = so_many(6, moment=20)
    with ThreadPoolExecutor(1) as other, senders(mine) as there:
        with mine.place(1, "a"):
            waits = other.submit(there.take, (2, "a"))
        assert waits.result() == [True]


def test_every_queue_of_mails_has_senders_left_for_others() -> None:
    assert RESERVED["mail-out",] == ANSWERS.senders >= 4
    assert RESERVED["mail-bulk",] == BULK.senders >= 3
