"""What a cursor may look like, and what is answered to one that is of no use."""

from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection

from salotto.live.cursor import Cursor, current, parse
from tests.cast import Cast
from tests.servers import Server, Visitor, site_key, team_stream


def test_a_cursor_reads_as_it_is_written() -> None:
    now = current()
    cursor = parse(now)
    assert cursor is not None
    assert str(cursor) == now
    assert cursor.xmin <= cursor.xmax


def test_the_parts_of_a_cursor() -> None:
    cursor = parse("0a1b2c3d-100:120:101,117")
    assert cursor == Cursor("0a1b2c3d", "100:120:101,117")
    assert (cursor.xmin, cursor.xmax, cursor.xip) == (100, 120, ["101", "117"])


GARBAGE = [
    "x",
    "0a1b2c3d",
    "0a1b2c3d-1:2",
    "0a1b2c3d-2:1:",
    "0a1b2c3d-1:2:,",
    "0A1B2C3D-1:2:",
    "0a1b2c3d--1:2:",
    "0a1b2c3d-1:2:\n",
    "0a1b2c3d-1:2:' OR true",
    "0a1b2c3d-" + "9" * 21 + ":" + "9" * 21 + ":",
    "0a1b2c3d-1:9:" + ",".join(["2"] * 1001),
    "0a1b2c3d-١:٢:",
    "0a1b2c3d-100:120:99",
    "0a1b2c3d-100:120:120",
    "0a1b2c3d-100:120:" + "9" * 20,
    "",
]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda t: repr(t)[:20])
def test_what_is_not_a_cursor_is_none(text: str) -> None:
    assert parse(text) is None


def useless() -> dict[str, str]:
    """Cursors of the right shape that cannot be resumed from."""
    here = current()
    era, snapshot = here.split("-")
    return {
        "of another log": f"{'0' * 8 if era != '0' * 8 else '1' * 8}-{snapshot}",
        "from the future": f"{era}-1:{10**15}:",
        "of a running transaction that cannot be": f"{era}-1:2:{'9' * 20}",
        "of another history": f"{here.split('@')[0]}@1000",
        "garbage": "hello",
    }


@pytest.mark.parametrize(
    "name",
    [
        "of another log",
        "from the future",
        "of a running transaction that cannot be",
        "of another history",
        "garbage",
    ],
)
def test_a_listener_with_it_is_told_to_load_its_page_anew(cast: Cast, server: Server, name: str) -> None:
    # "of another history" claims to have seen the account's first events, and to be older than they are.
    since = quote(useless()[name])
    visitor = Visitor(server, site_key(cast.account.pk))
    with team_stream(server, cast.agent, since) as agent, visitor.stream(since) as own:
        for stream in (agent, own):
            stream.until(lambda s: s.events)
            assert [e.name for e in stream.events] == ["reset"]
            assert parse(stream.cursor) is not None
        message = visitor.say("after the reset").json["message"]["id"]
        for stream in (agent, own):
            assert stream.until(lambda s: s.facts).facts[0]["data"]["message"] == message


def test_a_cursor_from_before_the_pruned_log_is_answered_with_a_reset(cast: Cast, server: Server) -> None:
    """Even when the hub has not heard of the pruning yet."""
    from salotto.live import era

    visitor = Visitor(server, site_key(cast.account.pk))
    with team_stream(server, cast.viewer).until_ready():  # so that the hub goes on, and does not start anew
        since = current()
        assert visitor.say("old news").status == 200
        with connection.cursor() as db:
            db.execute(
                "UPDATE live_event SET at = now() - interval '9 days' WHERE account_id = %s",
                [cast.account.pk],
            )
        assert era.prune(3) >= 1
        with team_stream(server, cast.agent, since) as agent:
            assert [e.name for e in agent.until(lambda s: s.events).events] == ["reset"]
        with team_stream(server, cast.agent, current()) as agent:
            visitor.say("new")
            assert agent.until(lambda s: s.facts).facts


def test_a_page_that_was_loaded_just_before_misses_nothing(cast: Cast, server: Server) -> None:
    since = current()
    visitor = Visitor(server, site_key(cast.account.pk))
    posted = [visitor.say(f"message {n}", uuid4()).json["message"]["id"] for n in range(3)]
    with team_stream(server, cast.agent, since) as agent:
        agent.until(lambda s: len(s.facts) == 3)
        assert [f["data"]["message"] for f in agent.facts] == posted
