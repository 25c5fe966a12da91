"""The counters of the views are what counting the conversations gives, after anything."""

from uuid import UUID, uuid4

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from salotto.core.tenancy import account_scope
from salotto.inbox import actions, upkeep
from salotto.inbox.boxes import View
from salotto.inbox.models import Conversation, Message, Tally
from salotto.inbox.posting import post
from salotto.inbox.queries import tallies
from tests.cast import found_cast
from tests.inbox.threads import ACTIONS, item_of
from tests.property.profiles import chosen

which = st.integers(0, 4)


class Inbox(RuleBasedStateMachine):
    """Visitors write, agents act, the deltas are folded now and then."""

    @initialize()
    def begin(self) -> None:
        self.cast = found_cast()
        self.account = self.cast.account.pk
        self.visitors: list[UUID] = [uuid4() for _ in range(5)]
        self.agents = [self.cast.agent, self.cast.admin]
        self.sent = 0

    def _conversation(self, number: int) -> int | None:
        found = Conversation.objects.filter(visitor=self.visitors[number]).values_list("id", flat=True)
        return found.first()  # type: ignore[no-any-return]

    @rule(number=which, count=st.integers(1, 3))
    def write(self, number: int, count: int) -> None:
        for _ in range(count):
            post(item_of(self.account, visitor=self.visitors[number]))
        self.sent += count

    @rule(number=which, who=st.integers(0, 1), verb=st.sampled_from(sorted(ACTIONS)))
    def act(self, number: int, who: int, verb: str) -> None:
        with account_scope(self.account):
            conversation = self._conversation(number)
            if conversation:
                ACTIONS[verb](conversation, self.agents[who])

    @rule(who=st.integers(0, 1), hand_over=st.booleans())
    def release(self, who: int, hand_over: bool) -> None:
        with transaction.atomic(), account_scope(self.account):
            heir = self.agents[1 - who].user.pk if hand_over else None
            actions.release(self.agents[who].user.pk, heir, None)

    @rule()
    def fold(self) -> None:
        upkeep.fold_tallies()

    @invariant()
    def the_counters_are_right(self) -> None:
        with account_scope(self.account):
            open_ones = Conversation.objects.filter(status="open")
            for agent in self.agents:
                counted = tallies(by=agent)
                assert counted[View.ALL] == open_ones.count()
                assert counted[View.UNASSIGNED] == open_ones.filter(assignee=None).count()
                assert counted[View.MINE] == open_ones.filter(assignee=agent.user).count()

    @invariant()
    def every_conversation_knows_its_last_message_and_who_waits(self) -> None:
        with account_scope(self.account):
            for found in Conversation.objects.all():
                thread = Message.objects.filter(conversation=found.pk)
                public = thread.filter(kind__in=["visitor", "reply"]).latest("id")
                assert found.last_message == thread.exclude(kind="status").latest("id").pk
                assert (found.preview, found.preview_ours) == (public.body, public.kind == "reply")
                if public.kind == "reply" or found.status == "done":
                    assert found.waiting_since is None

    def teardown(self) -> None:
        """Nothing was lost, and folding leaves few rows."""
        for _ in range(2):
            upkeep.fold_tallies()
        with account_scope(self.account):
            assert Message.objects.filter(kind="visitor").count() == self.sent
            assert Tally.objects.count() <= 4 * 9


def test_the_counters_stay_right(database: str) -> None:
    run_state_machine_as_test(Inbox, settings=chosen(8, 25))
