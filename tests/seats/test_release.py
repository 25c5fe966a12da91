"""An agent goes, the open conversations stay: with another agent, or with nobody."""

from functools import partial

import pytest

from salotto.accounts.actions import remove_member
from salotto.accounts.queries import member_of
from salotto.core.tenancy import account_scope
from salotto.inbox import actions as inbox
from salotto.inbox.models import Conversation
from salotto.seats.actions import set_access
from tests.cast import Cast, found_cast
from tests.desk.talk import begin
from tests.threads import at_once


def conversations_of(cast: Cast, count: int) -> list[int]:
    """Open conversations of the agent."""
    found = [begin(cast.agent) for _ in range(count)]
    with account_scope(cast.account.pk):
        for conversation in found:
            inbox.assign(conversation, cast.agent.user.pk, by=cast.admin)
    return found


def owners(cast: Cast, ids: list[int]) -> set[int | None]:
    with account_scope(cast.account.pk):
        return set(Conversation.objects.filter(id__in=ids).values_list("assignee_id", flat=True))


def path(cast: Cast, page: str) -> str:
    return f"/a/{cast.slug}/settings/{page.format(cast.agent.user.pk)}"


def test_the_page_asks_who_takes_over_and_changes_nothing_until_told(cast: Cast) -> None:
    ids = conversations_of(cast, 2)
    client = cast.client(cast.admin)
    for headers in ({}, {"hx-request": "true"}):
        answer = client.post(path(cast, "seats/{}/"), {"level": "viewer"}, headers=headers)
        assert answer.status_code == 200
        assert "2 open conversations" in answer.content.decode()
    assert cast.again(cast.agent).is_agent
    assert owners(cast, ids) == {cast.agent.user.pk}


@pytest.mark.parametrize("heir", ["", "admin"])
def test_a_released_agents_conversations_go_where_the_admin_says(heir: str, cast: Cast) -> None:
    ids = conversations_of(cast, 2)
    chosen = getattr(cast, heir).user.pk if heir else None
    fields = {"level": "viewer", "hand_to": chosen or ""}
    assert cast.client(cast.admin).post(path(cast, "seats/{}/"), fields).status_code == 302
    assert cast.again(cast.agent).access == "viewer"
    assert owners(cast, ids) == {chosen}


def test_who_leaves_hands_over_too(cast: Cast) -> None:
    ids = conversations_of(cast, 2)
    client = cast.client(cast.admin)
    assert "2 open conversations" in client.get(path(cast, "people/{}/remove/")).content.decode()
    client.post(path(cast, "people/{}/remove/"), {"hand_to": cast.admin.user.pk})
    assert owners(cast, ids) == {cast.admin.user.pk}


def test_assigning_to_somebody_who_is_leaving_never_leaves_an_owner_without_a_membership() -> None:
    for leave in (remove_member, partial(set_access, level="none")):
        cast = found_cast()
        ids = conversations_of(cast, 3)
        more = begin(cast.agent)

        def assign(cast: Cast = cast, more: int = more) -> None:
            with account_scope(cast.account.pk):
                inbox.assign(more, cast.agent.user.pk, by=cast.admin)

        results = at_once(assign, partial(leave, cast.agent.user.pk, by=cast.primary_admin))
        assert not isinstance(results[1], Exception), results
        owner = owners(cast, [*ids, more])
        assert owner == {None}
        member = member_of(cast.agent.user, cast.slug)
        assert member is None or not member.is_agent
