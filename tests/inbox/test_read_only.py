"""Rules 20 and 21: in an account that is not paid for, agents read everything and act on nothing."""

import pytest
from django.db import transaction

from salotto.accounts import actions as accounts
from salotto.accounts.errors import ReadOnly
from salotto.accounts.members import must_act, must_read
from salotto.accounts.models import Account
from salotto.core.tenancy import account_scope
from salotto.inbox import queries
from salotto.inbox.boxes import View
from salotto.live.models import Event
from salotto.seats.actions import set_access
from tests.cast import Cast, add_member
from tests.inbox.threads import ACTIONS, new_thread, state_of
from tests.threads import at_once


def stand(cast: Cast, read_only: bool) -> bool:
    """As billing sets it, in its transaction."""
    with transaction.atomic():
        return accounts.set_read_only(cast.account.pk, read_only)


@pytest.mark.parametrize("verb", sorted(ACTIONS))
def test_rule_20_no_act_is_possible_and_nothing_changes(cast: Cast, verb: str) -> None:
    conversation = new_thread(cast.account.pk)
    stand(cast, True)
    before = state_of(cast.account.pk, conversation)
    for member in (cast.primary_admin, cast.again(cast.admin), cast.again(cast.agent)):
        with account_scope(cast.account.pk), pytest.raises(ReadOnly) as refused:
            ACTIONS[verb](conversation, member)
        assert refused.value.status == 403 and refused.value.code == "read_only"
    assert state_of(cast.account.pk, conversation) == before


def test_rule_20_everything_is_read_and_acts_come_back_with_the_payment(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)
    stand(cast, True)
    agent = cast.again(cast.agent)
    must_read(agent)
    with account_scope(cast.account.pk):
        assert [row.id for row in queries.conversations(View.ALL, by=agent).rows] == [conversation]
        assert len(queries.thread(conversation).entries) == 1
    stand(cast, False)
    must_act(cast.again(cast.agent))
    with account_scope(cast.account.pk):
        ACTIONS["reply"](conversation, cast.again(cast.agent))


@pytest.mark.parametrize("verb", sorted(ACTIONS))
def test_rule_21_a_member_loaded_before_is_refused_all_the_same(cast: Cast, verb: str) -> None:
    conversation = new_thread(cast.account.pk)
    stand(cast, True)
    assert not cast.agent.account.read_only  # as the page had loaded it
    with account_scope(cast.account.pk), pytest.raises(ReadOnly):
        ACTIONS[verb](conversation, cast.agent)


def test_rule_21_an_act_at_the_very_moment_is_whole_or_refused(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)

    def act() -> None:
        with account_scope(cast.account.pk):
            ACTIONS["complete"](conversation, cast.agent)

    first, second, changed = at_once(act, act, lambda: stand(cast, True))
    assert changed is True
    assert {type(first), type(second)} <= {type(None), ReadOnly}
    done = type(None) in {type(first), type(second)}
    assert state_of(cast.account.pk, conversation).status == ("done" if done else "open")
    assert isinstance(at_once(act)[0], ReadOnly)


def test_a_change_is_told_once_and_repeating_it_says_nothing(cast: Cast) -> None:
    assert [stand(cast, value) for value in (True, True, False, False)] == [True, False, True, False]
    told = Event.objects.filter(account_id=cast.account.pk, kind="account.changed").order_by("id")
    assert [event.data for event in told] == [{"read_only": True}, {"read_only": False}]


def test_another_account_goes_on(cast: Cast) -> None:
    stand(cast, True)
    assert not Account.objects.get(pk=cast.outsider.account.pk).read_only
    must_act(cast.again(cast.outsider))


def test_seats_are_still_released_and_given(cast: Cast) -> None:
    """Rule 15: it costs nothing and is possible at any time."""
    conversation = new_thread(cast.account.pk)
    with account_scope(cast.account.pk):
        ACTIONS["assign"](conversation, cast.agent)
    stand(cast, True)
    set_access(cast.agent.user.pk, "viewer", by=cast.again(cast.admin))
    assert state_of(cast.account.pk, conversation).assignee is None
    assert add_member(cast.account, "Nina Neri", access="agent").is_agent
