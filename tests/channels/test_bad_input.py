"""Whatever is sent to the visitor's endpoints is answered with the right status and a
sentence, and nothing is half-written."""

import json
import socket
from typing import Any
from uuid import uuid4

import pytest

from tests.channels.sites import GETS, POSTS, Shop
from tests.servers import HOST, Server, ask

NOT_JSON = {
    "binary": bytes(range(256)),
    "not utf-8": b'{"body": "\xff\xfe"}',
    "half a document": b'{"body": "hello',
    "a list": b"[1, 2]",
    "a word": b'"hello"',
    "null": b"null",
    "a form": b"body=hello&id=1",
    "nested 100,000 deep": b"[" * 60_000,
    "objects nested deep": b'{"a":' * 12_000,
    "utf-16": '{"body": "hello"}'.encode("utf-16"),
    "utf-16 without its mark": '{"body": "hello"}'.encode("utf-16-le"),
    "not a number": b'{"body": "hello", "message": NaN}',
    "an infinite number": b'{"body": "hello", "message": -Infinity}',
    "a number of 5,000 digits": b'{"message": ' + b"9" * 5000 + b"}",
}
STRANGE: list[Any] = [None, 7, -1, True, 1.5, 10**30, [], {}, ["x"], {"x": 1}, "\x00", "\ud800", "x" * 40_000]


def assert_refused(answer: Any, *statuses: int) -> None:
    """It has one of these statuses, and a code and a sentence for a person."""
    assert answer.status in statuses, answer
    error = answer.json["error"]
    assert error["code"].isascii()
    assert str(error["message"]).endswith(".")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", sorted(NOT_JSON))
def test_what_is_not_a_json_object_is_refused(mall: Shop, server: Server, path: str, name: str) -> None:
    visitor = mall.visitor(server)
    answer = visitor.ask("POST", path, NOT_JSON[name])
    if path == "/w/typing":  # takes no body
        assert answer.status == 204
    else:
        assert_refused(answer, 400)
        assert answer.code == "not_json"


@pytest.mark.parametrize("path", POSTS)
def test_an_empty_body_is_refused(mall: Shop, server: Server, path: str) -> None:
    answer = mall.visitor(server).ask("POST", path, b"")
    if path == "/w/typing":
        assert answer.status == 204
    else:
        assert_refused(answer, 400, 404, 422)


@pytest.mark.parametrize("value", STRANGE, ids=lambda v: repr(v)[:12])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/w/hello", "site"),
        ("/w/hello", "token"),
        ("/w/hello", "language"),
        ("/w/messages", "id"),
        ("/w/messages", "body"),
        ("/w/messages", "page"),
        ("/w/messages", "title"),
        ("/w/seen", "message"),
    ],
)
def test_a_field_of_a_strange_kind_is_refused_or_ignored(
    mall: Shop, server: Server, path: str, field: str, value: Any
) -> None:
    visitor = mall.visitor(server)
    good = {"site": mall.key, "id": str(uuid4()), "body": "Hello", "message": 1}
    answer = visitor.ask("POST", path, {**good, field: value})
    if answer.status not in (200, 204):
        assert_refused(answer, 400, 404, 413, 422)
    assert visitor.say("still here").status == 200


@pytest.mark.parametrize("field", ["page", "title"])
def test_a_broken_page_address_or_title_never_costs_the_message(
    mall: Shop, server: Server, field: str
) -> None:
    for value in ("https://shop.example/\ud800", "a\x00b", "javascript:alert(1)", "\x1b[31m"):
        assert mall.visitor(server).say("Hello", **{field: value}).status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 422, "empty"),
        (" \r\n\t ", 422, "empty"),
        ("x" * 5001, 413, "too_large"),
        ("a\x00b", 422, "not_text"),
        ("a\x1bb", 422, "not_text"),
        ("half a pair \ud83d", 422, "not_text"),
    ],
)
def test_a_text_that_cannot_be_is_refused_and_leaves_no_trace(
    shop: Shop, server: Server, body: str, status: int, code: str
) -> None:
    answer = shop.visitor(server).say(body)
    assert_refused(answer, status)
    assert answer.code == code
    assert shop.rows() == (0, 0, 0)


def test_any_text_that_people_write_comes_back_as_it_was(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    texts = [
        "Perché no? 😀 👩‍👩‍👧",
        "<script>alert(1)</script>",
        "مرحبا",
        "line\nline\tend",
        "'; DROP TABLE x; --",
        "x" * 5000,
    ]
    for text in texts:
        assert visitor.say(text).json["message"]["body"] == text
    assert [m["body"] for m in visitor.ask("GET", "/w/messages").json["messages"]] == texts


def test_a_declared_size_over_the_limit_is_refused_before_it_is_read(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    for path in ("/w/hello", "/w/messages", "/w/seen"):
        with socket.create_connection((HOST, server.port), timeout=10) as line:
            line.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {visitor.token}\r\n"
                f"X-Forwarded-For: {visitor.address}\r\nContent-Length: 10000000000\r\n\r\n".encode()
            )
            assert b" 413 " in line.recv(4096)


def test_a_chunked_body_is_cut_off_at_the_limit(mall: Shop, server: Server) -> None:
    visitor = mall.visitor(server)
    with socket.create_connection((HOST, server.port), timeout=10) as line:
        line.sendall(
            f"POST /w/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {visitor.token}\r\n"
            f"X-Forwarded-For: {visitor.address}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(9):
            line.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        assert b" 413 " in line.recv(4096)


def test_a_request_that_breaks_off_writes_nothing(shop: Shop, server: Server) -> None:
    visitor = shop.visitor(server)
    whole = json.dumps({"id": str(uuid4()), "body": "Hello"}).encode()
    with socket.create_connection((HOST, server.port), timeout=10) as line:
        line.sendall(
            f"POST /w/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {visitor.token}\r\n"
            f"Content-Length: {len(whole)}\r\n\r\n".encode()
            + whole[:-4]
        )
    assert visitor.say("after").status == 200
    assert shop.bodies() == ["after"]


def test_a_slow_body_keeps_nobody_waiting(mall: Shop, server: Server) -> None:
    slow = mall.visitor(server)
    whole = json.dumps({"id": str(uuid4()), "body": "slow"}).encode()
    with socket.create_connection((HOST, server.port), timeout=10) as line:
        line.sendall(
            f"POST /w/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {slow.token}\r\n"
            f"X-Forwarded-For: {slow.address}\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
            + whole[:5]
        )
        assert mall.visitor(server).say("quick").status == 200
        line.sendall(whole[5:])
        assert b" 200 " in line.recv(4096)


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "before=1e9", "after=" + "9" * 30, "after=%00", "before=%ff"]
)
def test_an_edge_of_the_history_that_is_no_id_is_refused(mall: Shop, server: Server, query: str) -> None:
    assert_refused(mall.visitor(server).ask("GET", f"/w/messages?{query}"), 400)


@pytest.mark.parametrize(
    "edge", ["after=0", "before=0", f"after={2**63 - 1}", f"before={2**63 - 1}", "after="]
)
def test_an_edge_far_away_is_answered(mall: Shop, server: Server, edge: str) -> None:
    visitor = mall.visitor(server)
    visitor.say("Hello")
    assert visitor.ask("GET", f"/w/messages?{edge}").status in (200, 400)


def test_seeing_more_than_there_is_moves_to_the_last_message(shop: Shop, server: Server) -> None:
    visitor = shop.visitor(server)
    visitor.say("Hello")
    assert visitor.ask("POST", "/w/seen", {"message": 2**63 - 1}).status == 204
    assert visitor.ask("POST", "/w/seen", {"message": 2**63}).status == 400


@pytest.mark.parametrize("path", sorted({*POSTS, *GETS}))
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "HEAD"])
def test_a_wrong_method_is_told_the_right_ones(server: Server, path: str, method: str) -> None:
    answer = ask(server, method, path)
    assert answer.status == 405
    right = {m for m, paths in (("POST", POSTS), ("GET", GETS)) if path in paths}
    assert {m.strip() for m in answer.headers["allow"].split(",")} == right | {"OPTIONS"}


@pytest.mark.parametrize("path", ["/w/", "/w/x", "/w/messages/", "/w/hello/../x", "/w/%00", "/w/Live"])
def test_an_unknown_path_is_not_there(server: Server, path: str) -> None:
    assert_refused(ask(server, "GET", path), 404)


def test_a_refusal_speaks_the_readers_language(server: Server) -> None:
    answers = {
        tongue: ask(server, "POST", "/w/messages", Accept_Language=tongue) for tongue in ("it", "en", "xx")
    }
    assert {a.status for a in answers.values()} == {401}
    assert answers["xx"].body == answers["en"].body
