"""Lists, threads, counters: bounded, by key, in one query, of one account."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.core.errors import BadRequest, Missing
from salotto.core.tenancy import account_scope
from salotto.inbox import actions, queries
from salotto.inbox.boxes import View
from salotto.inbox.models import Conversation
from salotto.inbox.queries import Place
from tests.cast import Cast, found_cast
from tests.desk.talk import begin, write


@pytest.fixture
def cast() -> Cast:
    return found_cast()


def ids(page: queries.Page) -> list[int]:
    return [row.id for row in page.rows]


def everything(cast: Cast, view: View, limit: int) -> list[int]:
    """All ids of a view, page by page."""
    found: list[int] = []
    place = None
    while True:
        page = queries.conversations(view, by=cast.agent, before=place, limit=limit)
        found += ids(page)
        if page.next is None:
            return found
        place = Place.read(str(page.next))


def test_each_view_holds_what_its_name_says(cast: Cast) -> None:
    free, mine, theirs, done = (begin(cast.agent) for _ in range(4))
    with account_scope(cast.account.pk):
        actions.assign(mine, cast.agent.user.pk, by=cast.agent)
        actions.assign(theirs, cast.admin.user.pk, by=cast.agent)
        actions.complete(done, by=cast.agent)
        held = {view: set(everything(cast, view, 50)) for view in View}
    assert held == {
        View.ALL: {free, mine, theirs},
        View.MINE: {mine},
        View.UNASSIGNED: {free},
        View.DONE: {done},
    }


def test_counters_are_those_of_the_views(cast: Cast) -> None:
    free, mine, done = (begin(cast.agent) for _ in range(3))
    with account_scope(cast.account.pk):
        actions.assign(mine, cast.agent.user.pk, by=cast.agent)
        actions.complete(done, by=cast.agent)
        counted = queries.tallies(by=cast.agent)
        held = {view: len(everything(cast, view, 50)) for view in counted}
    assert counted == held == {View.ALL: 2, View.MINE: 1, View.UNASSIGNED: 1}
    assert free


def test_pages_meet_without_gap_or_repetition_when_times_are_equal(cast: Cast) -> None:
    made = [begin(cast.agent) for _ in range(9)]
    with account_scope(cast.account.pk):
        Conversation.objects.filter(id__in=made[2:7]).update(
            last_activity=datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
        )
        assert everything(cast, View.ALL, 2) == everything(cast, View.ALL, 50)
        assert sorted(everything(cast, View.ALL, 3)) == sorted(made)


def test_the_newest_activity_comes_first(cast: Cast) -> None:
    visitor = uuid4()
    old = write(cast.agent, visitor=visitor).conversation
    new = begin(cast.agent)
    with account_scope(cast.account.pk):
        assert ids(queries.conversations(View.ALL, by=cast.agent)) == [new, old]
        write(cast.agent, "Are you there?", visitor=visitor)
        assert ids(queries.conversations(View.ALL, by=cast.agent)) == [old, new]


def test_a_list_is_one_query_at_any_place(cast: Cast) -> None:
    for _ in range(5):
        begin(cast.agent)
    with account_scope(cast.account.pk):
        with CaptureQueriesContext(connection) as first:
            page = queries.conversations(View.ALL, by=cast.agent, limit=2)
        with CaptureQueriesContext(connection) as second:
            queries.conversations(View.ALL, by=cast.agent, before=page.next, limit=2)
    assert len(first) == len(second) == 1
    text = (first[0]["sql"] + second[0]["sql"]).upper()
    assert "OFFSET" not in text and "COUNT(" not in text


def test_rows_are_those_in_the_view_and_never_of_another_account(cast: Cast) -> None:
    here, done = begin(cast.agent), begin(cast.agent)
    foreign = begin(cast.outsider)
    with account_scope(cast.account.pk):
        actions.complete(done, by=cast.agent)
        found = queries.rows(View.ALL, [here, done, foreign, 2**70, -1, 0], by=cast.agent)
    assert [row.id for row in found] == [here]


@pytest.mark.parametrize(
    "text",
    ["", "1", "1-", "-1", "a-b", "1-2-3", "²-1", "1-9223372036854775808", "9" * 30 + "-1", "1 -2", "1-\x00"],
)
def test_a_place_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        Place.read(text)


def test_a_place_survives_its_text() -> None:
    place = Place(datetime(2026, 11, 23, 1, 2, 3, 456789, UTC), 42)
    assert Place.read(str(place)) == place


def test_the_head_of_a_foreign_conversation_is_missing(cast: Cast) -> None:
    foreign = begin(cast.outsider)
    for number in (foreign, 0, -5, 2**63, 2**80):
        with account_scope(cast.account.pk), pytest.raises(Missing):
            queries.head(number, by=cast.agent)


def thread_of(cast: Cast, count: int) -> tuple[int, list[int]]:
    visitor = uuid4()
    posted = [write(cast.agent, f"line {n}", visitor=visitor) for n in range(count)]
    return posted[0].conversation, [p.message for p in posted]


def test_a_thread_opens_at_its_end_and_continues_upwards(cast: Cast) -> None:
    conversation, all_ids = thread_of(cast, 7)
    with account_scope(cast.account.pk):
        window = queries.thread(conversation, limit=3)
        assert [e.id for e in window.entries] == all_ids[4:]
        assert window.older and not window.newer
        assert window.previous is not None and window.previous.id == all_ids[3]
        up = queries.thread(conversation, before=all_ids[4], limit=3)
        assert [e.id for e in up.entries] == all_ids[1:4] and up.older
        top = queries.thread(conversation, before=all_ids[1], limit=3)
        assert [e.id for e in top.entries] == all_ids[:1] and not top.older


def test_what_came_after_an_id_is_told_once_and_in_order(cast: Cast) -> None:
    conversation, all_ids = thread_of(cast, 6)
    with account_scope(cast.account.pk):
        window = queries.thread(conversation, after=all_ids[1], limit=3)
        assert [e.id for e in window.entries] == all_ids[2:5] and window.newer
        assert window.previous is not None and window.previous.id == all_ids[1]
        rest = queries.thread(conversation, after=all_ids[4], limit=3)
        assert [e.id for e in rest.entries] == all_ids[5:] and not rest.newer
        assert queries.thread(conversation, after=all_ids[5]).entries == []
        assert [e.id for e in queries.thread(conversation, after=0).entries] == all_ids


def test_earlier_conversations_are_the_contacts_own(cast: Cast) -> None:
    first, second = begin(cast.agent, "First"), begin(cast.agent, "Second")
    with account_scope(cast.account.pk):
        contact = queries.head(second, by=cast.agent).contact
        assert queries.earlier(contact, but=second) == []
        Conversation.objects.filter(id=first).update(contact_id=contact)
        assert [e.id for e in queries.earlier(contact, but=second)] == [first]


def test_the_last_visit_is_where_the_contact_wrote_last(cast: Cast) -> None:
    visitor = uuid4()
    conversation = write(cast.agent, visitor=visitor).conversation
    with account_scope(cast.account.pk):
        assert queries.last_visit(conversation) is None
        write(cast.agent, "Here", visitor=visitor, page="https://shop.example/blue", title="Blue jacket")
        visit = queries.last_visit(conversation)
    assert visit is not None and (visit.page, visit.title) == ("https://shop.example/blue", "Blue jacket")
