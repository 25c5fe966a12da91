"""The one place where a message is written: once per client id, in its own conversation."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import uuid4

from django.db import connection

from salotto.core.tenancy import account_scope
from salotto.inbox import actions, upkeep
from salotto.inbox.models import Contact, Conversation, Message, Tally
from salotto.inbox.posting import CALL, Item, Posted, as_parameter, as_posted, post
from tests.cast import Cast
from tests.inbox.threads import item_of, must, new_thread, state_of


def post_all(items: list[Item]) -> list[Posted | None]:
    """Many messages in one call."""
    with connection.cursor() as db:
        db.execute(CALL, [as_parameter(items)])
        return [as_posted(row) for row in db.fetchall()]


def test_many_at_once_are_answered_in_their_order(cast: Cast) -> None:
    account = cast.account.pk
    items = [item_of(account, f"message {n}") for n in range(20)]
    posted = [must(p) for p in post_all(items)]
    assert len({p.conversation for p in posted}) == 20
    with account_scope(account):
        bodies = dict(Message.objects.values_list("id", "body"))
    assert [bodies[p.message] for p in posted] == [i.body for i in items]


def test_a_client_id_counts_once_within_a_batch_and_after_it(cast: Cast) -> None:
    item = item_of(cast.account.pk, visitor=uuid4())
    twice = [must(p) for p in post_all([item, item])]
    later = must(post(item))
    assert {p.message for p in (*twice, later)} == {later.message}
    assert not later.fresh
    assert later.at == twice[0].at
    assert state_of(cast.account.pk, later.conversation).unread == 1


def test_a_conversation_that_is_not_there_costs_its_own_item_only(cast: Cast) -> None:
    account = cast.account.pk
    foreign = new_thread(cast.outsider.account.pk)
    before = state_of(cast.outsider.account.pk, foreign)
    lost = [Item(account, uuid4(), "note", "x", conversation=c) for c in (10**12, foreign)]
    posted = post_all([lost[0], item_of(account), lost[1]])
    assert [p is None for p in posted] == [True, False, True]
    assert state_of(cast.outsider.account.pk, foreign) == before


def in_threads(jobs: "list[object]") -> list[object]:
    """Run callables at the same time, each on a connection of its own; their results."""
    start = Barrier(len(jobs))

    def run(job: object) -> object:
        try:
            start.wait(10)
            return job()  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_first_messages_at_the_same_time_make_one_conversation(cast: Cast) -> None:
    account = cast.account.pk
    for _ in range(5):
        items = [item_of(account, visitor=uuid4())]
        items += [replace(items[0], client_id=uuid4()) for _ in range(5)]
        posted = in_threads([lambda item=item: post(item) for item in items])
        assert len({must(p).conversation for p in posted}) == 1  # type: ignore[arg-type]
    with account_scope(account):
        assert (Contact.objects.count(), Conversation.objects.count(), Message.objects.count()) == (5, 5, 30)


def test_posts_and_actions_at_the_same_time_never_lock_each_other_out(cast: Cast) -> None:
    account = cast.account.pk
    visitors = [uuid4() for _ in range(4)]
    ids = [must(post(item_of(account, visitor=v))).conversation for v in visitors]

    def write(forward: bool) -> None:
        for _ in range(6):
            order = visitors if forward else visitors[::-1]
            post_all([item_of(account, visitor=v) for v in order])

    def act(member: object, verb: object) -> None:
        with account_scope(account):
            for conversation in ids * 3:
                verb(conversation, by=member)  # type: ignore[operator]

    in_threads(
        [
            lambda: write(True),
            lambda: write(False),
            lambda: act(cast.agent, actions.complete),
            lambda: act(cast.admin, lambda c, by: actions.assign(c, cast.agent.user.pk, by=by)),
            lambda: act(cast.agent, lambda c, by: actions.reply(c, "Hello", client_id=uuid4(), by=by)),
            lambda: [upkeep.fold_tallies() for _ in range(10)],
        ]
    )
    with account_scope(account):
        assert Message.objects.filter(kind="visitor").count() == 4 + 2 * 6 * 4
    assert_counted(cast)


def assert_counted(cast: Cast) -> None:
    """The counters are what a count of the conversations gives."""
    with account_scope(cast.account.pk):
        truth: Counter[tuple[int, str]] = Counter()
        for assignee in Conversation.objects.filter(status="open").values_list("assignee", flat=True):
            truth[0, "open"] += 1
            truth[(assignee, "mine") if assignee else (0, "unassigned")] += 1
        sums: Counter[tuple[int, str]] = Counter()
        for owner, name, value in Tally.objects.values_list("owner", "name", "value"):
            sums[owner, name] += value
    assert +sums == +truth
    assert all(value >= 0 for value in sums.values())
