"""What goes wrong while mails are taken in costs none of them, and stops no other."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from salotto.channels.email.actions import retrying, taking
from salotto.channels.email.actions.retrying import assign_raw, retry_raw, take_in_due
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.addresses import forwarding_address, reply_address
from salotto.channels.email.mime import parse
from salotto.channels.email.models import Mailbox, RawMail
from salotto.channels.email.queries.dead import dead_letters
from salotto.channels.email.queries.originals import original_of, raw_content
from salotto.core import clock, turns
from salotto.core.errors import Conflict, Forbidden, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation
from tests.cast import Cast
from tests.channels.email.post import Post, delete, letter, new_id, open_post, person
from tests.threads import at_once

POISON = b"X-Poison: yes"


@pytest.fixture
def post() -> Post:
    return open_post()


def poisoned(post: Post, body: str = "Poison") -> bytes:
    return POISON + b"\r\n" + letter(person(), post.address, body)


@contextmanager
def a_parser_that_breaks(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Iterator[list[bytes]]:
    """It raises this for every poisoned mail; the mails it was given."""
    given: list[bytes] = []

    def breaking(raw: bytes) -> Any:
        given.append(raw)
        if POISON in raw:
            raise error
        return parse(raw)

    with monkeypatch.context() as patched:
        patched.setattr("salotto.channels.email.actions.filing.parse", breaking)
        yield given


def test_a_mail_that_fails_steps_aside_with_its_reason_and_the_others_go_on(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = post.store(letter(person(), post.address), poisoned(post), letter(person(), post.address))
    with a_parser_that_breaks(monkeypatch, ValueError("a bad\0 byte")):
        taken = post.take_in()
    assert (taken.done, taken.failed, taken.more) == (2, 1, False)
    states = [post.raw(pk) for pk in ids]
    assert [raw.state for raw in states] == ["done", "waiting", "done"]
    assert states[1].attempts == 1
    assert states[1].error == "This mail could not be read.\nValueError: a bad byte"
    assert states[1].next_try_at > clock.now()


def test_it_is_tried_again_ever_later_and_then_waits_for_an_admin(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pk,) = post.store(poisoned(post))
    now, waited = clock.now(), []
    with a_parser_that_breaks(monkeypatch, MemoryError()):
        for _ in range(6):
            with clock.at(now):
                post.take_in()
                assert post.take_in().failed == 0
            after = post.raw(pk)
            waited.append(round((after.next_try_at - now) / timedelta(minutes=1)))
            now = after.next_try_at
    assert waited[:5] == [1, 5, 30, 120, 360]
    assert (after.state, after.error) == ("failed", "There was not enough memory to read this mail.")
    assert bytes(after.content) != b""


def test_an_admin_sees_what_failed_and_tries_it_again_when_the_fault_is_gone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = open_post(cast.primary_admin)
    (pk,) = post.store(poisoned(post, "At last"))
    with account_scope(post.account):
        RawMail.objects.filter(pk=pk).update(attempts=5)
    with a_parser_that_breaks(monkeypatch, RuntimeError("broken")):
        post.take_in()
    (dead,) = dead_letters(by=cast.primary_admin)
    assert (dead.id, dead.state, dead.subject, dead.size) == (
        pk,
        "failed",
        "A question",
        len(post.raw(pk).content),
    )
    assert (dead.mailbox, "broken" in dead.words, "customer.example" in dead.sender) == (
        post.mailbox.pk,
        True,
        True,
    )
    assert raw_content(pk, by=cast.primary_admin) == bytes(post.raw(pk).content)
    for member in (cast.admin, cast.agent, cast.viewer, cast.nobody):
        for refused in (dead_letters, lambda by: retry_raw(pk, by=by), lambda by: raw_content(pk, by=by)):
            with pytest.raises(Forbidden):
                refused(by=member)
    retry_raw(pk, by=cast.primary_admin)
    post.take_in()
    assert post.bodies(post.raw(pk).conversation_id) == ["At last"]
    assert dead_letters(by=cast.primary_admin) == []
    with pytest.raises(Conflict):
        retry_raw(pk, by=cast.primary_admin)
    with pytest.raises(Missing):
        retry_raw(pk, by=cast.outsider)
    with account_scope(post.account):
        assert (
            AuditEntry.objects.get(verb="mail.retried", account_id=post.account).actor_id
            == cast.primary_admin.user.pk
        )


def test_what_the_database_refuses_fails_alone(post: Post) -> None:
    """A subject that a constraint refuses, as a fault of ours might."""
    name = f"no_such_subject_{post.account}"
    ids = post.store(
        letter(person(), post.address), letter(person(), post.address, subject="Refuse me"),
        letter(person(), post.address),
    )  # fmt: skip
    with refusing(name, post.account):
        assert post.take_in().failed == 1
    assert [post.raw(pk).state for pk in ids] == ["done", "waiting", "done"]
    assert name in post.raw(ids[1]).error
    retry_raw(ids[1], by=post.owner)
    assert post.take_in().done == 1


@contextmanager
def refusing(name: str, account: int) -> Iterator[None]:
    """The table of mails refuses one subject of this account."""
    check = f"CHECK (account_id <> {account} OR subject <> 'Refuse me')"
    with connection.cursor() as db:
        db.execute(f"ALTER TABLE email_mail ADD CONSTRAINT {name} {check} NOT VALID")
    try:
        yield
    finally:
        with connection.cursor() as db:
            db.execute(f"ALTER TABLE email_mail DROP CONSTRAINT {name}")


def test_two_workers_at_one_mailbox_take_each_mail_once_and_in_order(post: Post) -> None:
    anna, first = person(), new_id()
    mails = [letter(anna, post.address, "0", id=first)]
    mails += [letter(anna, post.address, str(n), reply_to_id=first) for n in range(1, 130)]
    post.store(*mails)
    done = at_once(*[post.take_in] * 3)
    assert sum(taken.done for taken in done) == 130
    (found,) = post.conversations()
    assert post.bodies(found.pk) == [str(n) for n in range(130)]


def test_two_mailboxes_that_meet_the_same_person_make_one_contact(post: Post) -> None:
    other = open_post(post.owner, "Sales")
    people = [person() for _ in range(40)]
    post.store(*(letter(one, post.address) for one in people))
    other.store(*(letter(one, other.address) for one in reversed(people)))
    assert [taken.failed for taken in at_once(post.take_in, other.take_in)] == [0, 0]
    found = post.conversations()
    assert (len(found), len({one.contact_id for one in found})) == (80, 40)


def test_a_conversation_that_somebody_holds_stops_only_its_own_mail(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PATIENCE", "100ms")
    anna, first = person(), new_id()
    (raw,) = post.receive(letter(anna, post.address, id=first))
    ids = post.store(letter(anna, post.address, reply_to_id=first), letter(person(), post.address))
    held, done = Event(), Event()

    def hold() -> None:
        with account_scope(post.account), transaction.atomic():
            Conversation.objects.select_for_update(no_key=True).get(pk=raw.conversation_id)
            held.set()
            done.wait(30)

    def come() -> None:
        held.wait(30)
        post.take_in()
        done.set()

    assert at_once(hold, come) == [None, None]
    assert [post.raw(pk).state for pk in ids] == ["waiting", "done"]
    assert "lock timeout" in post.raw(ids[0]).error


def test_a_lost_database_ends_the_job_and_loses_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(raw: bytes) -> Any:
        with connection.cursor() as db:
            db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    ids = post.store(letter(person(), post.address), letter(person(), post.address))
    with monkeypatch.context() as patched:
        patched.setattr("salotto.channels.email.actions.filing.parse", losing)
        with pytest.raises(DatabaseError):
            post.take_in()
    assert post.take_in().done == 2
    assert [post.raw(pk).state for pk in ids] == ["done", "done"]


def jobs(post: Post) -> list[ProcrastinateJob]:
    found = ProcrastinateJob.objects.filter(task_name="salotto.channels.email.tasks.take_in", status="todo")
    return [job for job in found if job.args == {"account_id": post.account, "mailbox_id": post.mailbox.pk}]


def test_whoever_meets_another_at_work_looks_again_soon(post: Post) -> None:
    post.store(letter(person(), post.address))
    ProcrastinateJob.objects.filter(pk__in=[job.pk for job in jobs(post)]).delete()
    inside, done = Event(), Event()

    def hold() -> None:
        with turns.alone(f"email.take_in {post.mailbox.pk}"):
            inside.set()
            done.wait(30)

    def come() -> Any:
        inside.wait(30)
        taken = post.take_in()
        done.set()
        return taken

    _, taken = at_once(hold, come)
    assert (taken.done, taken.more) == (0, True)
    (job,) = jobs(post)
    assert job.scheduled_at is not None


def test_a_mail_whose_job_was_lost_is_found_by_the_clock(post: Post) -> None:
    post.store(letter(person(), post.address))
    ProcrastinateJob.objects.filter(pk__in=[job.pk for job in jobs(post)]).delete()
    take_in_due()
    assert len(jobs(post)) == 1


def test_a_job_lets_others_get_on(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST", 50)
    post.store(*(letter(person(), post.address) for _ in range(60)))
    ProcrastinateJob.objects.filter(pk__in=[job.pk for job in jobs(post)]).delete()
    taken = post.take_in()
    assert (taken.done, taken.more, len(jobs(post))) == (50, True, 1)
    assert post.take_in().done == 10


KILLER = """
import os, sys
import django
django.setup()
from salotto.channels.email.actions import filing, taking
parse = filing.parse
def deadly(raw):
    if b"X-Poison" in raw:
        os.kill(os.getpid(), 9)
    return parse(raw)
filing.parse = deadly
taking.take_in(int(sys.argv[1]), int(sys.argv[2]))
"""


def worker(post: Post) -> int:
    """A process of its own that takes in; its exit code."""
    command = [sys.executable, "-c", KILLER, str(post.account), str(post.mailbox.pk)]
    return subprocess.run(command, env=os.environ, timeout=60, check=False).returncode


def test_a_mail_that_ends_the_process_stops_nobody_for_long(post: Post) -> None:
    ids = post.store(letter(person(), post.address, "1"), poisoned(post), letter(person(), post.address, "3"))
    assert [worker(post) for _ in range(3)] == [-signal.SIGKILL, -signal.SIGKILL, 0]
    found = [post.raw(pk) for pk in ids]
    assert [raw.state for raw in found] == ["done", "waiting", "done"]
    assert (found[1].attempts, found[1].next_try_at > clock.now()) == (1, True)
    with account_scope(post.account):
        RawMail.objects.filter(pk=ids[1]).update(attempts=6, next_try_at=clock.now())
    assert worker(post) == 0
    assert (post.raw(ids[1]).state, "ended each time" in post.raw(ids[1]).error) == ("failed", True)


def unrouted(post: Post, mail: bytes, *recipients: str) -> int:
    with account_scope(post.account):
        store(post.account, None, [Arrival("smtp", mail, recipients=recipients)])
        return int(RawMail.objects.latest("id").pk)


def test_a_mail_for_no_inbox_is_seen_and_given_to_one(cast: Cast) -> None:
    post = open_post(cast.primary_admin)
    pk = unrouted(post, letter(person(), "someone@elsewhere.example", "Lost"), "someone@elsewhere.example")
    (dead,) = dead_letters(by=cast.primary_admin)
    assert (dead.id, dead.state, dead.mailbox, dead.recipients) == (
        pk, "unrouted", None, ("someone@elsewhere.example",),
    )  # fmt: skip
    with pytest.raises(Conflict):
        retry_raw(pk, by=cast.primary_admin)
    with pytest.raises(Missing):
        assign_raw(pk, open_post().mailbox.pk, by=cast.primary_admin)
    assign_raw(pk, post.mailbox.pk, by=cast.primary_admin)
    post.take_in()
    assert post.bodies(post.raw(pk).conversation_id) == ["Lost"]


@pytest.mark.parametrize("how", ["address", "tagged", "alias", "key", "signed", "delivered", "none"])
def test_a_mail_without_an_inbox_finds_it_by_its_recipients(post: Post, settings: Any, how: str) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"
    (first,) = post.receive(letter(person(), post.address))
    alias = person("help")
    with account_scope(post.account):
        Mailbox.objects.filter(pk=post.mailbox.pk).update(aliases=alias)
    open_post(post.owner, "Sales")
    assert first.conversation_id is not None
    to = {
        "address": post.address.upper(), "tagged": post.address.replace("@", "+spring@"), "alias": alias,
        "key": forwarding_address(post.mailbox.key),
        "signed": reply_address(post.account, first.conversation_id),
    }.get(how, "list@elsewhere.example")  # fmt: skip
    headers: dict[str, Any] = {"Delivered_To": post.address} if how == "delivered" else {}
    pk = unrouted(post, letter(person(), to, **headers))
    found = retrying.route_by_itself(post.account, pk, None)
    assert found == (None if how == "none" else post.mailbox.pk)
    assert post.raw(pk).state == ("unrouted" if how == "none" else "waiting")


def test_dead_letters_are_paged(cast: Cast) -> None:
    post = open_post(cast.primary_admin)
    ids = [unrouted(post, b"\xff" * 30_000) for _ in range(5)]
    first = dead_letters(by=cast.primary_admin, limit=2)
    rest = dead_letters(by=cast.primary_admin, before=first[-1].id)
    assert [dead.id for dead in (*first, *rest)] == ids[::-1]
    assert dead_letters(by=cast.outsider) == []


def test_the_original_is_one_click_away_for_who_may_read(cast: Cast) -> None:
    post = open_post(cast.primary_admin)
    mail = letter(person(), post.address)
    (raw,) = post.receive(mail)
    assert raw.message_id is not None
    assert original_of(raw.message_id, by=cast.viewer) == mail
    for member, error in ((cast.nobody, Forbidden), (cast.outsider, Missing)):
        with pytest.raises(error):
            original_of(raw.message_id, by=member)
    assert raw.conversation_id is not None
    delete(post, raw.conversation_id)
    with pytest.raises(Missing):
        raw_content(raw.pk, by=cast.primary_admin)
