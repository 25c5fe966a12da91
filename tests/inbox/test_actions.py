"""Who may do what to a conversation, and what follows from it."""

from uuid import uuid4

import pytest
from django.db import connection

from salotto.core.errors import Forbidden, Invalid, Missing, TooLarge
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Message
from salotto.inbox.posting import post
from salotto.live.models import Event
from salotto.seats.actions import set_access
from tests.cast import Cast
from tests.inbox.threads import ACTIONS, item_of, must, new_thread, state_of

ACTORS = {"primary_admin", "admin", "agent"}
READERS = {"viewer", "nobody"}


def lines(account: int, conversation: int) -> list[dict[str, object]]:
    """The status lines, oldest first."""
    with account_scope(account):
        found = Message.objects.filter(conversation=conversation, kind="status").order_by("id")
        return list(found.values_list("data", flat=True))


@pytest.mark.parametrize("verb", sorted(ACTIONS))
def test_agents_act_and_nobody_else(cast: Cast, verb: str) -> None:
    account = cast.account.pk
    for name, member in cast.members().items():
        conversation = new_thread(account)
        before = state_of(account, conversation)
        with account_scope(member.account.pk):
            if name in ACTORS:
                ACTIONS[verb](conversation, member)
                continue
            with pytest.raises(Forbidden if name in READERS else Missing):
                ACTIONS[verb](conversation, member)
        assert state_of(account, conversation) == before


@pytest.mark.parametrize("verb", sorted(ACTIONS))
def test_what_an_event_says_leads_to_the_same_state_as_a_full_reload(cast: Cast, verb: str) -> None:
    """A page that applies the events (fetch the named conversation, if its version is newer)
    shows what a page shows that is loaded anew."""
    account = cast.account.pk
    ids = [new_thread(account) for _ in range(3)]
    with account_scope(account):
        actions.assign(ids[0], cast.admin.user.pk, by=cast.agent)
        actions.complete(ids[1], by=cast.agent)
        actions.mark_read(ids[2], by=cast.agent)
    shown = {c: state_of(account, c) for c in ids}
    last = Event.objects.filter(account_id=account).latest("id").pk
    for conversation in ids:
        with account_scope(account):
            ACTIONS[verb](conversation, cast.agent)
    for event in Event.objects.filter(account_id=account, id__gt=last).order_by("id"):
        assert event.kind in ("message.posted", "conversation.changed")
        if event.data["version"] > shown[event.conversation_id].version:
            shown[event.conversation_id] = state_of(account, event.conversation_id)
            assert shown[event.conversation_id].version >= event.data["version"]
    assert shown == {c: state_of(account, c) for c in ids}


def test_the_first_answer_makes_the_owner_and_leaves_a_line(cast: Cast) -> None:
    account = cast.account.pk
    conversation = new_thread(account)
    for by in (cast.agent, cast.admin):
        with account_scope(account):
            actions.reply(conversation, "Good morning", client_id=uuid4(), by=by)
    assert state_of(account, conversation).assignee == cast.agent.user.pk
    assert lines(account, conversation) == [{"what": "assigned", "to": cast.agent.user.pk}]


def test_a_note_makes_nobody_the_owner(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)
    with account_scope(cast.account.pk):
        actions.add_note(conversation, "hm", client_id=uuid4(), by=cast.agent)
    assert state_of(cast.account.pk, conversation).assignee is None


def test_doing_a_thing_twice_changes_it_once(cast: Cast) -> None:
    account = cast.account.pk
    for verb in ("assign", "complete", "read"):
        conversation = new_thread(account)
        with account_scope(account):
            ACTIONS[verb](conversation, cast.agent)
            after = state_of(account, conversation)
            ACTIONS[verb](conversation, cast.agent)
        assert state_of(account, conversation) == after


@pytest.mark.parametrize("name", ["viewer", "nobody", "outsider"])
def test_a_conversation_is_given_to_agents_of_the_account_only(cast: Cast, name: str) -> None:
    conversation = new_thread(cast.account.pk)
    with account_scope(cast.account.pk), pytest.raises(Invalid):
        actions.assign(conversation, cast.members()[name].user.pk, by=cast.agent)
    assert state_of(cast.account.pk, conversation).assignee is None


def test_a_reply_over_an_unseen_one_is_held_back(cast: Cast) -> None:
    account = cast.account.pk
    conversation = new_thread(account)
    seen = state_of(account, conversation).last_message
    with account_scope(account):
        mine = uuid4()
        actions.reply(conversation, "From Marco", client_id=uuid4(), by=cast.admin)
        with pytest.raises(actions.UnseenReply) as refused:
            actions.reply(conversation, "From Sara", client_id=mine, by=cast.agent, seen=seen)
        assert refused.value.status == 409
        now = state_of(account, conversation).last_message
        actions.reply(conversation, "From Sara", client_id=mine, by=cast.agent, seen=now)
        again = actions.reply(conversation, "From Sara", client_id=mine, by=cast.agent, seen=now)
    assert not again.fresh


def test_ones_own_newer_reply_holds_nothing_back(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)
    seen = state_of(cast.account.pk, conversation).last_message
    with account_scope(cast.account.pk):
        for _ in range(2):
            actions.reply(conversation, "Good morning", client_id=uuid4(), by=cast.agent, seen=seen)


@pytest.mark.parametrize(("body", "refusal"), [("", Invalid), ("x" * 10_001, TooLarge), ("\x00", Invalid)])
def test_a_text_that_cannot_be_is_refused(cast: Cast, body: str, refusal: type[Exception]) -> None:
    conversation = new_thread(cast.account.pk)
    before = state_of(cast.account.pk, conversation)
    with account_scope(cast.account.pk), pytest.raises(refusal):
        actions.reply(conversation, body, client_id=uuid4(), by=cast.agent)
    assert state_of(cast.account.pk, conversation) == before


def test_a_seat_that_was_taken_away_meanwhile_ends_the_right_at_once(cast: Cast) -> None:
    """The page was loaded by an agent; the action asks the database again."""
    conversation = new_thread(cast.account.pk)
    set_access(cast.agent.user.pk, "viewer", by=cast.admin)
    with account_scope(cast.account.pk), pytest.raises(Forbidden):
        actions.reply(conversation, "Good morning", client_id=uuid4(), by=cast.agent)


@pytest.mark.parametrize("to_somebody", [True, False])
def test_the_work_of_a_released_seat_goes_to_a_colleague_or_to_nobody(cast: Cast, to_somebody: bool) -> None:
    account = cast.account.pk
    busy, done = new_thread(account), new_thread(account)
    with account_scope(account):
        for conversation in (busy, done):
            actions.assign(conversation, cast.agent.user.pk, by=cast.agent)
        actions.complete(done, by=cast.agent)
    heir = cast.admin.user.pk if to_somebody else None
    set_access(cast.agent.user.pk, "none", by=cast.primary_admin, hand_to=heir)
    assert state_of(account, busy).assignee == heir
    assert state_of(account, done).assignee is None
    assert lines(account, busy)[-1]["what"] == ("assigned" if to_somebody else "unassigned")


def test_a_contact_who_writes_again_opens_it_again(cast: Cast) -> None:
    account, visitor = cast.account.pk, uuid4()
    conversation = must(post(item_of(account, visitor=visitor))).conversation
    with account_scope(account):
        actions.complete(conversation, by=cast.agent)
    post(item_of(account, "One more thing", visitor=visitor))
    assert state_of(account, conversation).status == "open"
    assert [line["what"] for line in lines(account, conversation)] == ["done", "reopened"]


def test_the_database_refuses_a_message_in_another_accounts_conversation(cast: Cast) -> None:
    from django.db import IntegrityError, transaction

    conversation = new_thread(cast.account.pk)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as db:
        db.execute(
            "INSERT INTO inbox_message (account_id, conversation_id, client_id, kind, body, data)"
            " VALUES (%s, %s, gen_random_uuid(), 'note', 'x', '{}')",
            [cast.outsider.account.pk, conversation],
        )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as db:
        db.execute(
            "UPDATE inbox_conversation SET assignee_id = %s WHERE id = %s",
            [cast.outsider.user.pk, conversation],
        )


def test_a_query_outside_an_account_raises() -> None:
    from django_scopes import ScopeError

    with pytest.raises(ScopeError):
        Conversation.objects.count()
