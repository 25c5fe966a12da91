"""Rate limits: who writes too fast is told when to come back, and loses nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from tests.cast import some_address
from tests.channels.sites import Shop
from tests.servers import Server, Visitor, running, wait_for


@pytest.fixture(scope="module")
def strict(database: str) -> Iterator[Server]:
    """A server with the lowest limits: bursts of 10 per visitor, 30 per address."""
    with running(SALOTTO_VISITOR_RATE="6", SALOTTO_ADDRESS_RATE="60", SALOTTO_ADDRESS_STREAMS="3") as server:
        yield server


def test_a_fast_visitor_is_told_when_to_come_back(shop: Shop, strict: Server) -> None:
    visitor = shop.visitor(strict)
    answers = [visitor.say(f"message {n}") for n in range(12)]
    assert [a.status for a in answers] == [200] * 10 + [429] * 2
    assert answers[-1].code == "too_many_requests"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert len(shop.bodies()) == 10


def test_one_fast_visitor_does_not_limit_a_neighbour_behind_the_same_address(
    shop: Shop, strict: Server
) -> None:
    address = some_address()
    fast, calm = shop.visitor(strict, address=address), shop.visitor(strict, address=address)
    for n in range(15):
        fast.say(f"message {n}")
    assert calm.say("Hello").status == 200


def test_many_visitors_of_one_address_are_limited_together(shop: Shop, strict: Server) -> None:
    address = some_address()
    visitors = [shop.visitor(strict, address=address) for _ in range(5)]
    statuses = [v.say(f"message {n}").status for n in range(8) for v in visitors]
    assert statuses[:30] == [200] * 30
    assert 429 in statuses[30:]


def test_a_limited_message_is_taken_later_once(shop: Shop, strict: Server, server: Server) -> None:
    visitor, waiting = shop.visitor(strict), uuid4()
    while visitor.say("filling up").status == 200:
        pass
    assert visitor.say("the last one", waiting).status == 429
    elsewhere = Visitor(server, shop.key, visitor.token)
    assert elsewhere.say("the last one", waiting).status == 200
    assert shop.bodies().count("the last one") == 1


def test_reading_is_limited_by_address_too(shop: Shop, strict: Server) -> None:
    visitor = shop.visitor(strict)
    answers = [visitor.ask("GET", "/w/messages") for _ in range(260)]
    limited = [a for a in answers if a.status == 429]
    assert limited
    assert all(int(a.headers["retry-after"]) >= 1 for a in limited)
    assert answers[0].status == 200


def test_an_address_holds_so_many_streams_and_a_closed_one_makes_room(shop: Shop, strict: Server) -> None:
    address = some_address()
    visitors = [shop.visitor(strict, address=address) for _ in range(4)]
    with ExitStack() as held:
        first, *_ = [held.enter_context(v.stream().until_ready()) for v in visitors[:3]]
        refused = visitors[3].ask("GET", "/w/live")
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (
            429,
            "too_many_requests",
            "30",
        )
        with shop.visitor(strict).stream().until_ready() as elsewhere:
            assert elsewhere.status == 200
        first.close()
        wait_for(lambda: held.enter_context(visitors[3].stream()).status == 200)


def test_bad_tokens_are_limited_by_address(shop: Shop, strict: Server) -> None:
    visitor = shop.visitor(strict)
    visitor.token = visitor.token[:-1] + ("a" if visitor.token[-1] != "a" else "b")
    statuses = [visitor.ask("GET", "/w/messages").status for _ in range(260)]
    assert statuses[:60] == [401] * 60
    assert statuses[-1] == 429


def test_a_forged_forwarding_header_changes_nothing_without_a_trusted_proxy(shop: Shop) -> None:
    with running(
        SALOTTO_TRUSTED_PROXIES="", SALOTTO_VISITOR_RATE="1000", SALOTTO_ADDRESS_RATE="60"
    ) as server:
        visitors = [shop.visitor(server) for _ in range(4)]
        statuses = {v.say(f"message {n}").status for n in range(10) for v in visitors}
    assert statuses == {200, 429}
