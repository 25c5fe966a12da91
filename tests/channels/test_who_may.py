"""Tokens, origins, sites: who may talk to the visitor's endpoints."""

from uuid import uuid4

import pytest

from salotto.channels.web import tokens
from tests.channels.sites import GETS, POSTS, Shop
from tests.servers import Answer, Server, Visitor, ask

NEEDS_TOKEN = [("POST", path) for path in POSTS if path != "/w/hello"] + [("GET", path) for path in GETS]


def forged(token: str) -> dict[str, str]:
    """Tokens that are nearly right."""
    site, visitor, signature = token.split(".")
    return {
        "another visitor": f"{site}.{uuid4().hex}.{signature}",
        "another site": f"{'x' * 12}.{visitor}.{signature}",
        "no signature": f"{site}.{visitor}.",
        "two parts": f"{site}.{visitor}",
        "four parts": f"{token}.x",
        "upper case": token.upper(),
        "too long": token + "x" * 300,
        "empty": "",
        "not ascii": f"{site}.{visitor}." + "\xe9" * 32,
        "only dots": "..",
    }


@pytest.mark.parametrize("name", sorted(forged("a.b.c")))
def test_a_forged_token_opens_nothing(mall: Shop, server: Server, name: str) -> None:
    wrong = forged(mall.visitor(server).token)[name]
    for method, path in NEEDS_TOKEN:
        answer = ask(server, method, path, {}, Authorization=f"Bearer {wrong}".strip())
        assert (answer.status, answer.code) == (401, "bad_token"), path


@pytest.mark.parametrize("header", ["", "Bearer", "Basic eDp5", "Token {token}", "{token}"])
def test_a_token_that_is_not_borne_opens_nothing(mall: Shop, server: Server, header: str) -> None:
    token = mall.visitor(server).token
    assert ask(server, "GET", "/w/messages", Authorization=header.format(token=token)).status == 401


def test_a_forged_token_at_the_hello_makes_a_new_visitor(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    for wrong in forged(visitor.token).values():
        answer = visitor.ask("POST", "/w/hello", {"site": mall.key, "token": wrong[:300]})
        assert answer.json["visitor"] != str(visitor.id)


def test_a_visitors_own_token_is_known_again(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    visitor.say("Hello")
    answer = visitor.ask("POST", "/w/hello", {"site": mall.key, "token": visitor.token}).json
    assert (answer["visitor"], answer["token"]) == (str(visitor.id), visitor.token)
    assert [m["body"] for m in answer["conversation"]["messages"]] == ["Hello"]


def test_a_token_of_another_site_shows_nothing_of_this_one(mall: Shop, shop: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    visitor.say("for the mall only")
    there = visitor.ask("POST", "/w/hello", {"site": shop.key, "token": visitor.token}).json
    assert there["conversation"] is None
    assert there["visitor"] != str(visitor.id)


def test_two_visitors_of_a_site_do_not_see_each_other(mall: Shop, server: Server) -> None:
    one, other = mall.visitor(server), mall.visitor(server)
    one.say("secret")
    other.say("mine")
    assert [m["body"] for m in other.ask("GET", "/w/messages").json["messages"]] == ["mine"]


def test_a_token_of_a_site_that_does_not_exist_is_of_no_use(server: Server) -> None:
    token, _ = tokens.issue("no-such-site")
    answer = ask(server, "GET", "/w/messages", Authorization=f"Bearer {token}")
    assert (answer.status, answer.code) == (404, "no_site")


def test_a_disabled_site_takes_nothing(shop: Shop, server: Server) -> None:
    token, _ = tokens.issue(shop.key)
    shop.change(enabled=False)
    visitor = Visitor(server, shop.key, token)
    for method, path in [("POST", "/w/hello"), *NEEDS_TOKEN]:
        answer = visitor.ask(method, path, {"site": shop.key})
        assert (answer.status, answer.code) == (404, "no_site"), path
    assert shop.rows() == (0, 0, 0)


def test_a_thousand_curious_visitors_write_no_row(shop: Shop, server: Server) -> None:
    seen = {shop.visitor(server).id for _ in range(300)}
    assert len(seen) == 300
    assert shop.rows() == (0, 0, 0)


# The same message again


def test_a_retry_gives_the_first_message_again(shop: Shop, server: Server) -> None:
    visitor, message = shop.visitor(server), uuid4()
    first, again = visitor.say("Hello", message), visitor.say("Hello", message)
    assert first.json["message"]["id"] == again.json["message"]["id"]
    assert first.json["message"]["at"] == again.json["message"]["at"]
    assert shop.bodies() == ["Hello"]


def test_a_replay_with_another_text_changes_nothing(shop: Shop, server: Server) -> None:
    visitor, message = shop.visitor(server), uuid4()
    first = visitor.say("I will pay", message).json["message"]["id"]
    assert visitor.say("I will not pay", message).json["message"]["id"] == first
    assert shop.bodies() == ["I will pay"]


def test_the_same_id_of_two_visitors_is_two_messages(shop: Shop, server: Server) -> None:
    message = uuid4()
    shop.visitor(server).say("one", message)
    shop.visitor(server).say("two", message)
    assert sorted(shop.bodies()) == ["one", "two"]


# Origins


@pytest.fixture(scope="module")
def choosy(database: str) -> Shop:
    """A site that one origin alone may use."""
    from tests.channels.sites import open_shop

    shop = open_shop()
    shop.change(origins="https://shop.example\nHTTPS://Second.example/")
    return shop


ALIENS = [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:444",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "null",
    "https://shop.example@evil.example",
]


@pytest.mark.parametrize("origin", ALIENS)
def test_a_page_of_another_origin_is_refused_and_cannot_read_why(
    choosy: Shop, server: Server, origin: str
) -> None:
    token, _ = tokens.issue(choosy.key)
    visitor = Visitor(server, choosy.key, token)
    for method, path in [("POST", "/w/hello"), *NEEDS_TOKEN]:
        answer = visitor.ask(method, path, {"site": choosy.key}, Origin=origin)
        assert (answer.status, answer.code) == (403, "origin"), path
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("origin", ["https://shop.example", "https://second.example", "HTTPS://SHOP.example"])
def test_a_page_of_an_allowed_origin_may_read_the_answer(choosy: Shop, server: Server, origin: str) -> None:
    answer = ask(server, "POST", "/w/hello", {"site": choosy.key}, Origin=origin)
    assert answer.status == 200
    assert_readable(answer, origin)


def assert_readable(answer: Answer, origin: str) -> None:
    """A page of this origin may read it, without cookies, and no cache mixes origins up."""
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "origin"
    assert "access-control-allow-credentials" not in answer.headers


def test_our_own_pages_are_always_allowed(choosy: Shop, server: Server) -> None:
    answer = ask(server, "POST", "/w/hello", {"site": choosy.key}, Origin="http://testserver")
    assert answer.status == 200


def test_a_site_without_a_list_is_open_to_every_origin(mall: Shop, server: Server) -> None:
    answer = ask(server, "POST", "/w/hello", {"site": mall.key}, Origin="https://anywhere.example")
    assert_readable(answer, "https://anywhere.example")


def test_a_refusal_can_be_read_by_the_page_that_asked(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    answer = visitor.ask(
        "POST", "/w/messages", {"id": str(uuid4()), "body": ""}, Origin="https://shop.example"
    )
    assert answer.status == 422
    assert_readable(answer, "https://shop.example")


@pytest.mark.parametrize("path", sorted({*POSTS, *GETS}))
def test_a_preflight_is_answered_and_sets_no_cookie(server: Server, path: str) -> None:
    answer = ask(server, "OPTIONS", path, Origin="https://shop.example", Access_Control_Request_Method="POST")
    assert answer.status == 204
    assert_readable(answer, "https://shop.example")
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "set-cookie" not in answer.headers


def test_no_answer_sets_a_cookie(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    answers = [
        visitor.ask("POST", "/w/hello", {"site": mall.key}),
        visitor.say("Hello"),
        visitor.ask("GET", "/w/messages"),
    ]
    assert not any("set-cookie" in answer.headers for answer in answers)


# What a visitor learns


def test_a_visitor_sees_first_names_and_no_note_or_status_line(shop: Shop, server: Server) -> None:
    from salotto.core.tenancy import account_scope
    from salotto.inbox import actions

    visitor = shop.visitor(server)
    visitor.say("Hello")
    conversation = shop.conversation_of(visitor.id)
    with account_scope(shop.owner.account.pk):
        actions.add_note(conversation, "rude customer", client_id=uuid4(), by=shop.owner)
        actions.reply(conversation, "Good morning", client_id=uuid4(), by=shop.owner)
        actions.complete(conversation, by=shop.owner)
    told = visitor.ask("GET", "/w/messages").json["messages"]
    assert [(m["from"], m["name"], m["body"]) for m in told] == [
        ("visitor", "", "Hello"),
        ("team", "Giulia", "Good morning"),
    ]
