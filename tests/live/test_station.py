"""A server's live part under trouble: lost bells, lost connections, changed rights, the end."""

import signal
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.db import connection

from salotto.channels.web import tokens
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Message
from salotto.live.actions import emit
from salotto.live.cursor import current
from salotto.live.models import Event
from salotto.seats.actions import set_access
from tests.cast import Cast
from tests.servers import Server, Stream, Visitor, cookie_of, running, site_key, team_stream, wait_for


@pytest.fixture
def visitor(cast: Cast, server: Server) -> Visitor:
    """Somebody on the cast's site."""
    return Visitor(server, site_key(cast.account.pk))


def write_without_a_bell(cast: Cast, n: int) -> None:
    """One event whose bell nobody hears."""
    Event.objects.create(account_id=cast.account.pk, kind="seats.changed", data={"n": n})


def numbers(stream: Stream) -> list[int]:
    return [fact["data"]["n"] for fact in stream.facts if "n" in fact["data"]]


def test_without_the_bell_an_event_arrives_within_a_look(cast: Cast, server: Server) -> None:
    with team_stream(server, cast.agent).until_ready() as agent:
        write_without_a_bell(cast, 1)
        assert numbers(agent.until(lambda s: s.facts, within=4)) == [1]


def test_an_event_without_its_change_cannot_be(cast: Cast) -> None:
    from django.db.transaction import TransactionManagementError

    with pytest.raises(TransactionManagementError):
        emit(cast.account.pk, "seats.changed")


def test_an_event_that_was_rolled_back_is_told_to_nobody(cast: Cast, server: Server) -> None:
    from django.db import transaction

    with team_stream(server, cast.agent).until_ready() as agent:
        with transaction.atomic():
            emit(cast.account.pk, "seats.changed", n=1)
            transaction.set_rollback(True)
        with transaction.atomic():
            emit(cast.account.pk, "seats.changed", n=2)
        assert numbers(agent.until(lambda s: s.facts)) == [2]


def connections() -> set[int]:
    """The process ids of the database's connections."""
    with connection.cursor() as db:
        db.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {row[0] for row in db.fetchall()}


class Victim(NamedTuple):
    """A server whose database connections a test may kill."""

    server: Server
    others: set[int]

    def cut_off(self) -> None:
        """Kill all its connections."""
        with connection.cursor() as db:
            for pid in connections() - self.others:
                db.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.fixture(scope="module")
def victim(servers: tuple[Server, Server]) -> Iterator[Victim]:
    others = connections()
    with running() as server:
        yield Victim(server, others)


def test_killed_database_connections_leave_no_gap(cast: Cast, victim: Victim) -> None:
    agent = wait_for(lambda: (found := team_stream(victim.server, cast.agent)).status == 200 and found)
    with agent.until_ready():
        write_without_a_bell(cast, 1)
        agent.until(lambda s: numbers(s) == [1])
        victim.cut_off()
        for n in (2, 3):
            write_without_a_bell(cast, n)
        agent.until(lambda s: numbers(s) == [1, 2, 3], within=10)


def test_a_request_without_a_database_is_told_to_come_again_and_is_taken_then(
    cast: Cast, victim: Victim
) -> None:
    key = site_key(cast.account.pk)
    visitor = Visitor(victim.server, key, tokens.issue(key)[0])
    victim.cut_off()
    answers = []

    def taken() -> bool:
        answers.append(visitor.say("Hello", "0" * 32))
        return answers[-1].status == 200

    wait_for(taken)
    assert {(a.status, a.code, a.headers["retry-after"]) for a in answers[:-1]} <= {(503, "busy", "2")}
    with account_scope(cast.account.pk):
        assert [m.body for m in Message.objects.all()] == ["Hello"]


def test_changed_rights_end_the_members_streams_and_no_others(cast: Cast, server: Server) -> None:
    with (
        team_stream(server, cast.agent).until_ready() as sara,
        team_stream(server, cast.admin).until_ready() as marco,
    ):
        set_access(cast.agent.user.pk, "none", by=cast.admin)
        assert sara.until_end().events[-1].name == "resume"
        marco.until(lambda s: "member.changed" in [f["kind"] for f in s.facts])
        assert not marco.ended
    with team_stream(server, cast.agent) as again:
        assert again.status == 403


def test_a_resumed_stream_begins_where_the_old_one_ended(cast: Cast, server: Server) -> None:
    with team_stream(server, cast.agent).until_ready() as before:
        write_without_a_bell(cast, 1)
        before.until(lambda s: s.facts)
    write_without_a_bell(cast, 2)
    with team_stream(server, cast.agent, before.cursor) as after:
        assert numbers(after.until(lambda s: s.facts)) == [2]


def test_the_browsers_own_header_resumes_too(cast: Cast, server: Server) -> None:
    since = current()
    write_without_a_bell(cast, 1)
    with team_stream(server, cast.agent, Last_Event_ID=since) as agent:
        assert numbers(agent.until(lambda s: s.facts)) == [1]


def test_more_than_can_be_replayed_is_answered_with_a_reset(cast: Cast, server: Server) -> None:
    since = current()
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO live_event (account_id, txid, at, kind, data)"
            " SELECT %s, pg_current_xact_id(), now(), 'seats.changed', '{}' FROM generate_series(1, 2001)",
            [cast.account.pk],
        )
    with team_stream(server, cast.agent, since) as agent:
        assert [e.name for e in agent.until(lambda s: s.events).events] == ["reset"]


def test_nobody_holds_more_than_24_streams(cast: Cast, visitor: Visitor) -> None:
    held = [visitor.stream().until_ready() for _ in range(24)]
    try:
        with visitor.stream() as one_more:
            assert one_more.status == 429
            assert int(one_more.headers["retry-after"]) >= 1
    finally:
        for stream in held:
            stream.close()


def test_a_note_and_a_status_line_never_reach_a_visitors_stream(cast: Cast, visitor: Visitor) -> None:
    from uuid import uuid4

    from salotto.inbox import actions
    from salotto.inbox.models import Conversation

    visitor.say("Hello")
    with account_scope(cast.account.pk), visitor.stream().until_ready() as own:
        conversation = Conversation.objects.get(visitor=visitor.id).pk
        actions.add_note(conversation, "internal", client_id=uuid4(), by=cast.agent)
        actions.assign(conversation, cast.admin.user.pk, by=cast.agent)
        actions.reply(conversation, "Good morning", client_id=uuid4(), by=cast.agent)
        own.until(lambda s: s.facts)
        assert [f["data"]["from"] for f in own.facts] == ["reply"]


# Passing facts


def passing(stream: Stream, kind: str) -> list[dict[str, object]]:
    return [e.data for e in stream.events if e.name == "now" and e.data["kind"] == kind]


def test_presence_is_seen_at_every_server_and_survives_a_reload(
    cast: Cast, servers: tuple[Server, Server]
) -> None:
    here, there = servers
    visitor = Visitor(here, site_key(cast.account.pk))
    with (
        team_stream(here, cast.agent).until_ready() as near,
        team_stream(there, cast.admin).until_ready() as far,
    ):
        first = visitor.stream().until_ready()
        for stream in (near, far):
            stream.until(lambda s: any(f.get("visitor") == str(visitor.id) for f in passing(s, "presence")))
        first.close()
        second = visitor.stream().until_ready()  # the page was loaded again
        second.close()
        for stream in (near, far):
            stream.until(
                lambda s: any(
                    f.get("visitor") == str(visitor.id) and not f["here"] for f in passing(s, "presence")
                ),
                within=8,
            )
            told = [f["here"] for f in passing(stream, "presence") if f["visitor"] == str(visitor.id)]
            assert told == [True, False]


def test_typing_is_told_at_most_once_a_second(cast: Cast, servers: tuple[Server, Server]) -> None:
    here, there = servers
    visitor = Visitor(here, site_key(cast.account.pk))
    visitor.say("Hello")
    with team_stream(there, cast.agent).until_ready() as agent:
        for _ in range(10):
            assert visitor.ask("POST", "/w/typing", {}).status == 204
        visitor.say("done")
        agent.until(lambda s: s.facts)
        assert 1 <= len(passing(agent, "typing")) <= 2


def test_typing_before_the_first_message_is_nothing(cast: Cast, visitor: Visitor) -> None:
    assert visitor.ask("POST", "/w/typing", {}).status == 204
    with account_scope(cast.account.pk):
        from salotto.inbox.models import Conversation

        assert not Conversation.objects.exists()


# The end


@pytest.fixture
def own_server(database: str) -> Iterator[Server]:
    """A server that the test may end."""
    with running() as server:
        yield server


def test_a_server_that_is_stopped_sends_everybody_away_politely(cast: Cast, own_server: Server) -> None:
    visitor = Visitor(own_server, site_key(cast.account.pk))
    with team_stream(own_server, cast.agent).until_ready() as agent, visitor.stream().until_ready() as own:
        own_server.tell(signal.SIGTERM)
        for stream in (agent, own):
            assert [e.name for e in stream.until_end(within=2).events if e.name != "now"] == ["resume"]
    assert own_server.stop() == 0


def test_signing_out_is_seen_when_the_stream_comes_back(cast: Cast, server: Server) -> None:
    cookie = cookie_of(cast.agent.user)
    path = f"/live?account={cast.slug}"
    with Stream(server, path, Cookie=cookie) as agent:
        assert agent.until_ready().status == 200
    cast.agent.user.set_password("another good password")
    cast.agent.user.save()
    with Stream(server, path, Cookie=cookie) as again:
        assert again.status == 401
