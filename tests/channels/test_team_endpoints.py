"""`/live` and `/live/typing`: by session cookie, for those who may read or act."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from salotto.accounts.models import Access
from tests.cast import Cast, add_member, client_of
from tests.inbox.threads import new_thread
from tests.servers import Answer, Server, Stream, ask, cookie_of, team_stream

OURS = {"Host": "desk.example", "Origin": "http://desk.example"}


def status_of(server: Server, cookie: str, slug: str) -> int:
    """What the stream is answered with."""
    with Stream(server, f"/live?account={slug}", Cookie=cookie) as stream:
        return stream.status


def typing(server: Server, cast: Cast, member: Any, conversation: Any, **headers: str) -> Answer:
    """ "I am typing", as the desk's page sends it."""
    body = {"account": cast.slug, "conversation": conversation}
    return ask(server, "POST", "/live/typing", body, **{"Cookie": cookie_of(member.user), **OURS, **headers})


def test_readers_hold_streams_and_nobody_else(cast: Cast, server: Server) -> None:
    statuses = {}
    for name, member in cast.members().items():
        statuses[name] = status_of(server, cookie_of(member.user), cast.slug)
    assert statuses == {
        "primary_admin": 200,
        "admin": 200,
        "agent": 200,
        "viewer": 200,
        "nobody": 403,
        "outsider": 401,
    }


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "salotto_session=",
        "salotto_session=" + "a" * 32,
        "salotto_session=' OR 1=1",
        "salotto_session=" + "é" * 8,
        "x" * 5000,
        "=;=;;",
    ],
    ids=range(7),
)
def test_a_cookie_that_is_none_of_ours_opens_nothing(cast: Cast, server: Server, cookie: str) -> None:
    assert status_of(server, cookie, cast.slug) == 401


@pytest.mark.parametrize("slug", ["", "no-such-account", "%00", "%ff", "a" * 500, "%ED%A0%80", "../x"])
def test_an_account_that_is_none_of_mine_opens_nothing(cast: Cast, server: Server, slug: str) -> None:
    assert status_of(server, cookie_of(cast.agent.user), slug) in (400, 401)


def test_a_session_that_was_signed_out_opens_nothing(cast: Cast, server: Server) -> None:
    client = client_of(cast.agent.user)
    cookie = f"salotto_session={client.cookies['salotto_session'].value}"
    assert status_of(server, cookie, cast.slug) == 200
    client.logout()
    assert status_of(server, cookie, cast.slug) == 401


def test_a_person_who_may_no_longer_sign_in_opens_nothing(cast: Cast, server: Server) -> None:
    cookie = cookie_of(cast.agent.user)
    cast.agent.user.is_active = False
    cast.agent.user.save()
    assert status_of(server, cookie, cast.slug) == 401


def test_a_stream_tells_nothing_of_another_account(cast: Cast, server: Server) -> None:
    with (
        team_stream(server, cast.outsider).until_ready() as other,
        team_stream(server, cast.agent).until_ready() as ours,
    ):
        new_thread(cast.account.pk)
        ours.until(lambda s: s.facts)
        new_thread(cast.outsider.account.pk)
        other.until(lambda s: s.facts)
        assert len(other.facts) == len(ours.facts) == 1


def test_agents_type_and_nobody_else(cast: Cast, server: Server) -> None:
    conversation = new_thread(cast.account.pk)
    statuses = {n: typing(server, cast, m, conversation).status for n, m in cast.members().items()}
    assert statuses == {
        "primary_admin": 204,
        "admin": 204,
        "agent": 204,
        "viewer": 403,
        "nobody": 403,
        "outsider": 401,
    }


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "http://desk.example.evil.example",
        "http://desk.example:81",
        "https://desk.example",
        "http://[::1",
        "//desk.example",
        "http://desk.example/",
    ],
)
def test_a_page_of_another_origin_cannot_type(cast: Cast, server: Server, origin: str) -> None:
    answer = typing(server, cast, cast.agent, new_thread(cast.account.pk), Origin=origin)
    assert (answer.status, answer.code) == (403, "origin")


def test_our_own_page_types_at_either_of_its_addresses(cast: Cast, server: Server) -> None:
    conversation = new_thread(cast.account.pk)
    for how in (
        {"X_Forwarded_Proto": "https", "Origin": "https://desk.example"},
        {"Origin": settings.PUBLIC_URL},
        {"Origin": "http://DESK.example"},
    ):
        assert typing(server, cast, cast.agent, conversation, **how).status == 204


@pytest.mark.parametrize("conversation", [None, "1", 0, -1, 1.5, True, 2**63, 10**30, [], {}])
def test_typing_in_what_is_no_conversation_is_refused(cast: Cast, server: Server, conversation: Any) -> None:
    assert typing(server, cast, cast.agent, conversation).status == 400


def test_typing_in_a_foreign_conversation_is_refused(cast: Cast, server: Server) -> None:
    foreign = new_thread(cast.outsider.account.pk)
    for conversation in (foreign, 10**12):
        assert typing(server, cast, cast.agent, conversation).status == 404


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff", b'{"account": "\\ud800", "conversation": 1}', b"[" * 1999, b"x" * 3000]
)
def test_typing_with_a_broken_body_is_refused(cast: Cast, server: Server, body: bytes) -> None:
    answer = ask(server, "POST", "/live/typing", body, Cookie=cookie_of(cast.agent.user), **OURS)
    assert answer.status in (400, 413)
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "method", "right"), [("/live", "POST", "GET"), ("/live/typing", "GET", "POST")]
)
def test_a_wrong_method_is_told_the_right_one(server: Server, path: str, method: str, right: str) -> None:
    answer = ask(server, method, path)
    assert (answer.status, answer.headers["allow"]) == (405, right)


def test_typing_reaches_the_visitor_by_first_name_only(cast: Cast, server: Server) -> None:
    from tests.servers import Visitor, site_key

    visitor = Visitor(server, site_key(cast.account.pk))
    visitor.say("Hello")
    with team_stream(server, cast.viewer).until_ready() as luca, visitor.stream().until_ready() as own:
        message = visitor.say("Hello?", uuid4()).json["message"]["id"]
        conversation = luca.until(lambda s: s.facts).facts[0]["conversation"]
        assert typing(server, cast, cast.agent, conversation).status == 204
        own.until(lambda s: any(e.name == "now" for e in s.events))
        assert [e.data for e in own.events if e.name == "now"] == [{"kind": "typing", "name": "Sara"}]
        assert luca.facts[0]["data"]["message"] == message


def test_a_forged_host_never_stands_in_a_page(cast: Cast, server: Server) -> None:
    for host in ("evil.example", "evil.example:80", "testserver.evil.example"):
        for path in ("/", f"/a/{cast.slug}/inbox", "/accounts/login/", "/nowhere"):
            answer = ask(server, "GET", path, Host=host, X_Forwarded_Host=host)
            assert b"evil" not in answer.body
            assert "evil" not in answer.headers.get("location", "")


def test_a_form_without_its_token_changes_nothing(cast: Cast, server: Server) -> None:
    cookie = cookie_of(cast.agent.user)
    kind = {"Content_Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = ask(server, "POST", reverse("account_logout"), b"x=y", Cookie=cookie, **kind)
    assert (answer.status, answer.code) == (403, "csrf")
    assert status_of(server, cookie, cast.slug) == 200


def test_the_newcomer_of_a_moment_ago_may_listen(cast: Cast, server: Server) -> None:
    newcomer = add_member(cast.account, "Nina Blu", access=Access.AGENT)
    assert status_of(server, cookie_of(newcomer.user), cast.slug) == 200
