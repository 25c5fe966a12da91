"""Support and an account talk about a request (S13): the conversation in support's inbox, the
request's own history, and the mails tell both sides the same."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from salotto.accounts.members import Member
from salotto.channels.web.models import Site
from salotto.core import clock
from salotto.core.errors import Forbidden, Invalid, Missing, TooMany
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.inbox import actions as inbox
from salotto.inbox.models import Conversation, Inbox, Message
from salotto.inbox.support import carry_reply
from salotto.live.models import Event
from salotto.seats import actions
from salotto.seats.actions.talking import MOST, SPAN
from salotto.seats.errors import NoOpenRequest
from salotto.seats.models import RequestWord, SeatRequest, SupportTalk
from tests.billing.later import days_later
from tests.billing.shop import catalogue
from tests.cast import Cast, add_member, found_account, found_cast
from tests.inbox.threads import new_thread
from tests.mailbox import mails_to, text_of
from tests.seats.requests import operator, paying, request_now
from tests.threads import at_once


@contextmanager
def supported(cast: Cast, quantity: int = 2) -> Iterator[tuple[Member, SeatRequest]]:
    """Support has an account here, whose agent is the given member; the cast has asked."""
    paying(cast)
    support = found_account("Salotto Support", "Olga Ferri")
    with catalogue(support_account=support.account):
        yield support, actions.request_removal(quantity, "please", by=cast.primary_admin)


def reply(agent: Member, request: SeatRequest, text: str, client_id: UUID | None = None) -> int:
    """The agent answers in the conversation; the message's id."""
    assert request.support_conversation_id is not None
    with account_scope(agent.account.pk):
        conversation = request.support_conversation_id
        return inbox.reply(conversation, text, client_id=client_id or uuid4(), by=agent).message


def queued(account: int) -> list[dict[str, Any]]:
    """The jobs that carry a reply from this account, oldest first."""
    with connection.cursor() as db:
        db.execute(
            "SELECT args::text FROM procrastinate_jobs"
            " WHERE task_name LIKE '%%carry_reply' AND (args->>'account_id')::bigint = %s ORDER BY id",
            [account],
        )
        return [json.loads(row[0]) for row in db.fetchall()]


def carry(account: int) -> None:
    """Do every such job, as a worker does."""
    for args in queued(account):
        carry_reply(**args)


def thread(request: SeatRequest) -> list[tuple[str, str]]:
    """Kind and first line of what stands in the conversation, status lines left out."""
    with account_scope(request.support_account_id or 0):
        rows = Message.objects.filter(conversation_id=request.support_conversation_id).order_by("id")
        return [(m.kind, m.body.splitlines()[0]) for m in rows if m.kind != "status"]


def thread_bodies(request: SeatRequest) -> list[str]:
    """What stands in the conversation, oldest first."""
    with account_scope(request.support_account_id or 0):
        rows = Message.objects.filter(conversation_id=request.support_conversation_id).order_by("id")
        return list(rows.values_list("body", flat=True))


def words(cast: Cast) -> list[tuple[str, str]]:
    with account_scope(cast.account.pk):
        return list(RequestWord.objects.order_by("id").values_list("side", "text"))


def status(request: SeatRequest) -> str:
    with account_scope(request.support_account_id or 0):
        return str(Conversation.objects.get(pk=request.support_conversation_id).status)


def test_s13_a_reply_in_supports_inbox_reaches_the_primary_admin_once(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        message = reply(agent, request, "Which two\ndo you mean?")
        assert [job["message"] for job in queued(agent.account.pk)] == [message]
        for _ in range(3):  # a worker that was killed after its work does it again
            carry(agent.account.pk)
    told = [m for m in mails_to(cast.primary_admin.user.email) if "has answered" in m["Subject"]]
    assert len(told) == 1
    assert "Which two\ndo you mean?" in text_of(told[0])
    assert f"/a/{cast.slug}/settings/seats/requests/{request.pk}/" in text_of(told[0])
    assert words(cast) == [("support", "Which two\ndo you mean?")]
    now = request_now(cast)
    assert (now.state, now.answer, now.answered_by_id) == (
        "requested", "Which two\ndo you mean?", agent.user.pk,
    )  # fmt: skip
    entries = AuditEntry.objects.filter(account_id=cast.account.pk, verb="seats.request_answered")
    assert [entry.actor_id for entry in entries] == [agent.user.pk]


def test_s13_jobs_of_one_reply_that_run_at_once_bring_it_once() -> None:
    cast = found_cast()
    with supported(cast) as (agent, request):
        message = reply(agent, request, "Hello")
        job = partial(carry_reply, agent.account.pk, message)
        assert at_once(job, job, job) == [None, None, None]
    assert words(cast) == [("support", "Hello")]
    assert len([m for m in mails_to(cast.primary_admin.user.email) if "answered" in m["Subject"]]) == 1


def test_s13_a_reply_arrives_although_its_conversation_was_deleted_before(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        reply(agent, request, "It is done.\nGoodbye.")
        with account_scope(agent.account.pk):
            inbox.delete_conversation(request.support_conversation_id or 0, by=agent)
            assert not Message.objects.exists()
        for _ in range(2):
            carry(agent.account.pk)
    assert words(cast) == [("support", "It is done.\nGoodbye.")]
    assert request_now(cast).answered_by_id == agent.user.pk
    [told] = [m for m in mails_to(cast.primary_admin.user.email) if "has answered" in m["Subject"]]
    assert "It is done.\nGoodbye." in text_of(told)


def test_s13_a_deleted_reply_that_cannot_leave_any_more_stops_no_job(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        reply(agent, request, "Too late")
        with account_scope(agent.account.pk):
            inbox.delete_conversation(request.support_conversation_id or 0, by=agent)
        with catalogue(support_account=None):
            carry(agent.account.pk)
    assert words(cast) == []


def test_s13_a_job_of_before_that_names_the_message_alone_is_still_done(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        carry_reply(agent.account.pk, reply(agent, request, "Hello"))
    assert words(cast) == [("support", "Hello")]


def test_s13_both_sides_write_and_decide_at_once_and_nobody_waits_for_ever() -> None:
    cast, olga = found_cast(), operator()
    with supported(cast) as (agent, request):
        reply(agent, request, "First")
        results = at_once(
            partial(reply, agent, request, "Second"),
            partial(actions.answer_request, request.pk, "Third", olga),
            partial(actions.write_to_support, request.pk, "Fourth", uuid4(), by=cast.primary_admin),
            partial(carry, agent.account.pk),
        )
        carry(agent.account.pk)
    assert not [result for result in results if isinstance(result, Exception)]
    assert {text for _, text in words(cast)} == {"First", "Second", "Third", "Fourth"}
    assert {text for _, text in thread(request)[1:]} == {"First", "Second", "Third", "Fourth"}


def test_s13_a_reply_of_files_alone_is_said_to_have_stayed(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        message = reply(agent, request, "See the file")
        with account_scope(agent.account.pk):
            Message.objects.filter(pk=message).update(body="")
        carry(agent.account.pk)
        assert "files do not reach" in thread_bodies(request)[-1]
    assert words(cast) == []


def test_s13_a_reply_that_is_sent_twice_is_one_job(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        again = uuid4()
        assert reply(agent, request, "Hello", again) == reply(agent, request, "Hello", again)
        assert len(queued(agent.account.pk)) == 1


def test_s13_a_reply_that_is_rolled_back_leaves_no_job(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        with transaction.atomic():
            reply(agent, request, "Hello")
            transaction.set_rollback(True)
        assert queued(agent.account.pk) == []


def test_s13_the_mail_is_in_the_language_of_the_account(cast: Cast) -> None:
    type(cast.primary_admin.user).objects.filter(pk=cast.primary_admin.user.pk).update(language="it")
    with supported(cast) as (agent, request):
        reply(agent, request, "Certo")
        carry(agent.account.pk)
    [mail] = [m for m in mails_to(cast.primary_admin.user.email) if "Certo" in text_of(m)]
    assert "Support" not in mail["Subject"] and "risposto" in mail["Subject"]


def test_s13_notes_and_what_is_done_with_the_conversation_do_not_leave(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        colleague = add_member(agent.account, "Ugo Rossi", access="agent")
        conversation = request.support_conversation_id
        assert conversation is not None
        with account_scope(agent.account.pk):
            inbox.add_note(conversation, "They never pay.", client_id=uuid4(), by=agent)
            inbox.assign(conversation, colleague.user.pk, by=agent)
            inbox.mark_read(conversation, by=agent)
            inbox.complete(conversation, by=agent)
            note = Message.objects.get(conversation_id=conversation, kind="note")
        assert queued(agent.account.pk) == []
        carry_reply(agent.account.pk, note.pk)  # nor would a job that names one take it along
        carry_reply(agent.account.pk, 2**62)
    assert words(cast) == []
    assert not [m for m in mails_to(cast.primary_admin.user.email) if "never pay" in text_of(m)]


def test_s13_replies_in_other_conversations_of_supports_inbox_stay_there(cast: Cast) -> None:
    with supported(cast) as (agent, _request):
        other = new_thread(agent.account.pk)
        with account_scope(agent.account.pk):
            inbox.reply(other, "Hello", client_id=uuid4(), by=agent)
        assert queued(agent.account.pk) == []


def test_s13_what_the_account_writes_lands_in_the_same_conversation_and_opens_it_again(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        with account_scope(agent.account.pk):
            inbox.complete(request.support_conversation_id or 0, by=agent)
        before = Event.objects.filter(account_id=cast.account.pk, kind="seats.changed").count()
        key = uuid4()
        for _ in range(2):
            actions.write_to_support(request.pk, " The two in Rome. ", key, by=cast.primary_admin)
        assert thread(request)[1:] == [("visitor", "The two in Rome.")]
        assert status(request) == "open"
    assert words(cast) == [("account", "The two in Rome.")]
    assert Event.objects.filter(account_id=cast.account.pk, kind="seats.changed").count() == before + 1
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="seats.request_written")
    assert entry.actor_id == cast.primary_admin.user.pk
    posted = Event.objects.filter(account_id=agent.account.pk, kind="message.posted")
    assert posted.filter(conversation_id=request.support_conversation_id).exists()


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_s2_only_the_primary_admin_writes_to_support(who: str, cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(Forbidden):
        actions.write_to_support(request.pk, "hello", uuid4(), by=getattr(cast, who))


def test_s13_another_accounts_request_is_written_to_by_nobody(cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    for number in (request.pk, 2**62, 0, -1):
        with pytest.raises(Missing):
            actions.write_to_support(number, "hello", uuid4(), by=cast.outsider)


def test_s13_support_is_written_to_on_the_newest_request(cast: Cast) -> None:
    paying(cast)
    old = actions.request_removal(1, "", by=cast.primary_admin)
    actions.withdraw_request(by=cast.primary_admin)
    actions.write_to_support(old.pk, "It was a mistake.", uuid4(), by=cast.primary_admin)
    actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(NoOpenRequest):
        actions.write_to_support(old.pk, "hello", uuid4(), by=cast.primary_admin)


@pytest.mark.parametrize("text", ["", "  \n ", "\x00", "x" * 2001])
def test_s13_words_that_are_none_or_too_many_are_refused(text: str, cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(Invalid):
        actions.write_to_support(request.pk, text, uuid4(), by=cast.primary_admin)
    assert words(cast) == []


def test_s13_too_many_words_in_an_hour_are_refused_until_it_is_over(cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    write = partial(actions.write_to_support, request.pk, "hello", by=cast.primary_admin)
    first = uuid4()
    write(first)
    for _ in range(MOST - 1):
        write(uuid4())
    with pytest.raises(TooMany) as refused:
        write(uuid4())
    assert 0 < refused.value.retry_after <= SPAN.total_seconds()
    write(first)  # a retry is no new word
    with clock.at(clock.now() + SPAN):
        write(uuid4())
    assert len(words(cast)) == MOST + 1


def test_s13_without_an_account_of_supports_it_goes_by_mail(cast: Cast) -> None:
    paying(cast)
    address = f"talk-{cast.account.pk}@support.example"
    with catalogue(support_email=address):
        request = actions.request_removal(1, "", by=cast.primary_admin)
        key = uuid4()
        for _ in range(2):
            actions.write_to_support(request.pk, "Still there?", key, by=cast.primary_admin)
    told = mails_to(address)[1:]
    assert [mail["Subject"] for mail in told] == [f"{cast.account.name} has written about its request"]
    assert "Still there?" in text_of(told[0])
    assert told[0]["Reply-To"] == cast.primary_admin.user.email
    assert f"/operator/requests/{request.pk}/" in text_of(told[0])


def test_s13_with_an_account_of_supports_it_is_not_mailed_too(cast: Cast) -> None:
    address = f"inbox-{cast.account.pk}@support.example"
    with catalogue(support_email=address), supported(cast) as (_agent, request):
        before = len(mails_to(address))
        actions.write_to_support(request.pk, "hello", uuid4(), by=cast.primary_admin)
        assert len(mails_to(address)) == before


def test_s13_what_the_operators_page_says_stands_in_the_conversation_as_its_reply(cast: Cast) -> None:
    olga = operator()
    with supported(cast) as (agent, request):
        actions.answer_request(request.pk, "Which two?", olga)
        actions.decline(request.pk, "The contract runs on.", olga)
        again = actions.request_removal(1, "", by=cast.primary_admin)
        actions.schedule(again.pk, olga)
        actions.withdraw_request(by=cast.primary_admin)
        said = thread(request)
        with account_scope(agent.account.pk):
            replies = Message.objects.filter(conversation_id=request.support_conversation_id, kind="reply")
            assert {m.author_id for m in replies} == {olga.pk}
            assert Conversation.objects.get(pk=request.support_conversation_id).assignee_id is None
        assert queued(agent.account.pk) == []  # what has left by mail does not leave again
    assert [kind for kind, _ in said] == ["visitor", "reply", "reply", "visitor", "reply", "visitor"]
    assert said[1][1] == "Which two?"
    assert said[2][1] == "Support has declined your request."
    assert said[4][1].startswith("One seat ends with the paid period.")
    assert said[5][1] == f"{cast.account.name} has taken its request back"
    assert [side for side, _ in words(cast)] == ["support"] * 3
    assert words(cast)[1][1] == "Support has declined your request.\n\nThe contract runs on."


def test_s13_a_reply_after_the_request_is_settled_still_arrives(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        actions.decline(request.pk, "No.", operator())
        reply(agent, request, "Call us, please.")
        carry(agent.account.pk)
    assert words(cast)[-1] == ("support", "Call us, please.")
    assert request_now(cast).state == "declined"


def test_s13_when_support_moves_to_another_account_the_old_one_is_heard_no_more(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        reply(agent, request, "On its way")
        new = found_account("New Support", "Nina Neri")
        with catalogue(support_account=new.account):
            carry(agent.account.pk)
            carry(agent.account.pk)
            assert words(cast) == []
            assert [kind for kind, _ in thread(request)] == ["visitor", "reply", "note"]
            assert "not sent" in thread(request)[-1][1]
            actions.write_to_support(request.pk, "Who are you?", uuid4(), by=cast.primary_admin)
            moved = request_now(cast)
            assert moved.support_account_id == new.account.pk
            assert thread(moved) == [("visitor", f"{cast.account.name} has written about its request")]
            reply(new, moved, "The new ones.")
            carry(new.account.pk)
    assert words(cast) == [("account", "Who are you?"), ("support", "The new ones.")]


@pytest.mark.parametrize("gone", ["account", "conversation"])
def test_s13_when_supports_account_or_conversation_is_gone_words_find_another_way(
    gone: str, cast: Cast
) -> None:
    address = f"gone-{cast.account.pk}@support.example"
    with supported(cast) as (agent, request):
        if gone == "conversation":  # as after a restore of one account's rows
            link = {"support_account_id": agent.account.pk, "support_conversation_id": 2**61 + request.pk}
            with account_scope(cast.account.pk):
                SupportTalk.objects.create(
                    account=cast.account,
                    support_account_id=agent.account.pk,
                    conversation_id=link["support_conversation_id"],
                )
                SeatRequest.objects.filter(pk=request.pk).update(**link)
            actions.write_to_support(request.pk, "Hello?", uuid4(), by=cast.primary_admin)
            assert request_now(cast).support_conversation_id == request.support_conversation_id
            assert len(thread(request)) == 2
        with catalogue(support_account=None, support_email=address):
            actions.answer_request(request.pk, "By mail then.", operator())
            actions.write_to_support(request.pk, "Fine.", uuid4(), by=cast.primary_admin)
            actions.withdraw_request(by=cast.primary_admin)
    assert [text for _, text in words(cast)][-2:] == ["By mail then.", "Fine."]
    assert "Fine." in text_of(mails_to(address)[0])


def test_s13_an_account_of_supports_without_an_inbox_is_mailed(cast: Cast) -> None:
    address = f"noinbox-{cast.account.pk}@support.example"
    paying(cast)
    support = found_account("Salotto Support", "Olga Ferri")
    with account_scope(support.account.pk):
        Site.objects.all().delete()
        Inbox.objects.all().delete()
    with catalogue(support_account=support.account, support_email=address):
        request = actions.request_removal(1, "", by=cast.primary_admin)
        actions.write_to_support(request.pk, "Hello", uuid4(), by=cast.primary_admin)
    assert request.support_conversation_id is None
    assert "Hello" in text_of(mails_to(address)[-1])


def test_s13_supports_own_account_asks_itself(cast: Cast) -> None:
    paying(cast)
    with catalogue(support_account=cast.account):
        request = actions.request_removal(1, "", by=cast.primary_admin)
        actions.write_to_support(request.pk, "It is us.", uuid4(), by=cast.primary_admin)
        reply(cast.agent, request, "We know.")
        carry(cast.account.pk)
        actions.schedule(request.pk, operator())
    assert [text for _, text in words(cast)][:2] == ["It is us.", "We know."]
    assert [kind for kind, _ in thread(request)] == ["visitor", "visitor", "reply", "reply"]


def test_s13_a_conversation_of_another_account_is_linked_by_no_write(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        other = paying(found_cast())
        theirs = actions.request_removal(1, "", by=other.primary_admin)
    assert theirs.support_conversation_id != request.support_conversation_id
    link = {
        "support_account_id": agent.account.pk,
        "support_conversation_id": request.support_conversation_id,
    }
    with account_scope(other.account.pk):
        with pytest.raises(IntegrityError, match="seats_request_talk_fk"), transaction.atomic():
            SeatRequest.objects.filter(pk=theirs.pk).update(**link)
        with pytest.raises(IntegrityError, match="seats_talk_of_one_account"), transaction.atomic():
            SupportTalk.objects.create(
                account=other.account,
                support_account_id=agent.account.pk,
                conversation_id=request.support_conversation_id,
            )
        with pytest.raises(IntegrityError, match="seats_requestword_request_id_fk"), transaction.atomic():
            RequestWord.objects.create(
                account=other.account, request_id=request.pk, key=uuid4(), side="account",
                author=other.primary_admin.user, text="x", at=clock.now(),
            )  # fmt: skip


@pytest.mark.parametrize("table", ["seats_requestword", "seats_supporttalk"])
def test_what_was_said_and_where_is_never_changed(table: str, cast: Cast) -> None:
    with supported(cast) as (_agent, request):
        actions.write_to_support(request.pk, "hello", uuid4(), by=cast.primary_admin)
    for act in (f"UPDATE {table} SET account_id = account_id", f"DELETE FROM {table}"):
        refused = pytest.raises(DatabaseError, match=r"append-only|permission denied")
        with refused, transaction.atomic(), connection.cursor() as db:
            db.execute(act)


def test_words_are_dated_by_the_accounts_own_clock(cast: Cast) -> None:
    with supported(cast) as (_agent, request):
        days_later(cast.primary_admin, 3)
        actions.write_to_support(request.pk, "hello", uuid4(), by=cast.primary_admin)
    with account_scope(cast.account.pk):
        word: Any = RequestWord.objects.get()
    assert (word.at - clock.now()).days >= 2
