"""What the desk shows, and refuses, while an account is read-only (rules 20 and 21)."""

from uuid import uuid4

import pytest
from django.db import transaction

from salotto.accounts.actions import set_read_only
from salotto.accounts.members import Member
from tests.cast import Cast
from tests.desk.talk import begin
from tests.servers import Server, ask, cookie_of, team_stream

JSON = {"HTTP_ACCEPT": "application/json"}
NOTICE = "This account is read-only: the trial has ended, or an invoice is unpaid. Nothing is lost."
WRITES = ("reply", "note", "assign", "complete", "reopen", "read", "unread")


def stand(cast: Cast, read_only: bool) -> None:
    """As billing sets it, in its transaction."""
    with transaction.atomic():
        set_read_only(cast.account.pk, read_only)


def page(cast: Cast, member: Member, conversation: int) -> str:
    return cast.client(member).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()


def test_rule_20_a_notice_stands_in_place_of_the_composer(cast: Cast) -> None:
    conversation = begin(cast.agent)
    assert NOTICE not in page(cast, cast.agent, conversation)
    stand(cast, True)
    shown = page(cast, cast.agent, conversation)
    assert NOTICE in shown and "Giulia, the primary admin, can change that." in shown
    assert 'data-role="viewer"' in shown
    for gone in ("data-composer", 'data-act="complete"', 'id="assign"', "Manage seats</a>"):
        assert gone not in shown
    stand(cast, False)
    again = page(cast, cast.agent, conversation)
    assert NOTICE not in again and "data-composer" in again and 'data-role="agent"' in again


def test_admins_are_led_to_the_seats(cast: Cast) -> None:
    conversation = begin(cast.agent)
    stand(cast, True)
    for admin in (cast.primary_admin, cast.admin):
        shown = page(cast, admin, conversation)
        assert NOTICE in shown and "Go to Manage seats</a>" in shown


def test_viewers_read_along_as_before(cast: Cast) -> None:
    conversation = begin(cast.agent)
    stand(cast, True)
    assert "You read along as a viewer." in page(cast, cast.viewer, conversation)


@pytest.mark.parametrize("verb", WRITES)
def test_rule_20_every_act_is_refused_with_its_own_sentence(cast: Cast, verb: str) -> None:
    conversation = begin(cast.agent)
    stand(cast, True)
    given = {"body": "Certainly!", "client_id": str(uuid4())}
    answer = cast.client(cast.agent).post(f"/a/{cast.slug}/c/{conversation}/{verb}/", given, **JSON)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "read_only")
    assert error["message"].startswith("This account is read-only:")


def test_nobody_is_typing_in_a_read_only_account(cast: Cast, server: Server) -> None:
    conversation = begin(cast.agent)
    ours = {"Host": "desk.example", "Origin": "http://desk.example", "Cookie": cookie_of(cast.agent.user)}
    body = {"account": cast.slug, "conversation": conversation}
    assert ask(server, "POST", "/live/typing", body, **ours).status == 204
    stand(cast, True)
    refused = ask(server, "POST", "/live/typing", body, **ours)
    assert (refused.status, refused.code) == (403, "read_only")


def test_an_open_desk_hears_of_it_and_goes_on_listening(cast: Cast, server: Server) -> None:
    with team_stream(server, cast.agent) as stream:
        stream.until_ready()
        stand(cast, True)
        stream.until(lambda s: s.facts)
        assert stream.facts == [
            {"kind": "account.changed", "conversation": None, "data": {"read_only": True}}
        ]
        begin(cast.agent)
        stream.until(lambda s: len(s.facts) > 1)
    with team_stream(server, cast.again(cast.agent)) as stream:
        assert stream.status == 200
