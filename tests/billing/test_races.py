"""Many connections at one account's money: never two at a time, never twice, never too many agents."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from salotto.accounts.actions import hand_over
from salotto.accounts.members import Member
from salotto.accounts.models import Access
from salotto.billing import actions
from salotto.billing.actions import methods, webhooks
from salotto.billing.actions.reconciling import reconcile
from salotto.billing.errors import Declined
from salotto.billing.gateways.port import Charge, Intent, IntentState
from salotto.billing.models import Payment, PaymentState, WebhookEvent
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.errors import Refused
from salotto.core.tenancy import account_scope
from salotto.seats.actions import set_access
from salotto.seats.models import SeatChange
from salotto.seats.queries import plan
from tests.billing.faulty import Faulty, in_place_of_the_sandbox
from tests.billing.shop import add_card, buy, quote, subscription
from tests.cast import Cast, add_member, found_cast
from tests.threads import at_once

ROUNDS = 4


def payments(by: Member) -> list[Payment]:
    """Those of the account, oldest first."""
    with account_scope(by.account.pk):
        return list(Payment.objects.order_by("created_at"))


def only_refusals(results: list[Any]) -> None:
    """Whoever did not get through was told so in a sentence; nobody met an error."""
    assert [r for r in results if isinstance(r, BaseException) and not isinstance(r, Refused)] == []


def in_order(by: Member, faulty: Faulty) -> None:
    """The books hold, and the gateway has taken each payment once at most."""
    assert verify(by.account.pk) == []
    assert all(kept.captures <= 1 for kept in faulty.kept.values())
    mine = {str(p.pk): p for p in payments(by)}
    for key, amount in faulty.captured().items():
        assert (mine[key].state, mine[key].amount) == (PaymentState.PAID, amount)


def buying(token: str, add: int, by: Member) -> Callable[[], Payment]:
    return lambda: actions.buy(token, add, by=by)


@pytest.mark.parametrize("first", [True, False])
def test_eight_clicks_on_one_quote_are_one_purchase(cast: Cast, first: bool) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        if not first:
            buy(by, 5)
        made = quote(by, 4)
        results = at_once(*[buying(made.token, 4, by)] * 8)
        only_refusals(results)
        assert {r.pk for r in results if isinstance(r, Payment)} == {made.id}
        assert subscription(by).quantity == (4 if first else 9)
        in_order(by, faulty)


@pytest.mark.parametrize("first", [True, False])
def test_of_eight_quotes_at_once_one_is_bought(cast: Cast, first: bool) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        if not first:
            buy(by, 5)
        quotes = [quote(by, 3 + n) for n in range(8)]
        results = at_once(*[buying(q.token, q.add, by) for q in quotes])
        only_refusals(results)
        (bought,) = [r for r in results if isinstance(r, Payment)]
        assert subscription(by).quantity == bought.quantity_to
        in_order(by, faulty)


def test_rule_20_buyers_and_assigners_never_seat_more_than_is_paid_for() -> None:
    for _ in range(ROUNDS):
        cast = found_cast()
        by = cast.primary_admin
        more = [add_member(by.account, f"Nuova {n}") for n in range(4)]
        with in_place_of_the_sandbox() as faulty:
            add_card(by)
            made = quote(by, 4)  # three are agents: one more fits
            seating = [_seating(member, by) for member in more]
            results = at_once(*seating[:2], buying(made.token, 4, by), *seating[2:])
            only_refusals(results)
            with account_scope(by.account.pk):
                now = plan()
            sub = subscription(by)
            if sub.quantity:
                assert now.seats == sub.quantity == 4
            assert now.in_use <= now.seats
            in_order(by, faulty)


def _seating(member: Member, by: Member) -> Callable[[], Any]:
    return lambda: set_access(member.user.pk, Access.AGENT, by=by)


def test_buyers_assigners_a_renewal_and_a_hand_over_at_once() -> None:
    for _ in range(ROUNDS):
        cast = found_cast()
        giulia, marco = cast.primary_admin, cast.admin
        with in_place_of_the_sandbox() as faulty:
            add_card(giulia)
            buy(giulia, 4)
            end = subscription(giulia).period_end
            assert end is not None
            with clock.at(end - timedelta(minutes=2)):
                quotes = [quote(giulia, 1 + n) for n in range(2)]
            later = end + timedelta(minutes=1)
            results = at_once(
                *[_at(end - timedelta(minutes=1), buying(q.token, q.add, giulia)) for q in quotes],
                _at(later, lambda account=giulia.account.pk: actions.renew(account)),
                _at(later, lambda account=giulia.account.pk: actions.renew(account)),
                _at(later, lambda to=marco, by=giulia: hand_over(to.user.pk, by=by)),
                _seating(cast.nobody, giulia),
                _seating(cast.viewer, giulia),
            )
            only_refusals(results)
            with clock.at(later):
                reconcile(later + timedelta(minutes=5))
                actions.renew(giulia.account.pk)
                in_order(giulia, faulty)
                with account_scope(giulia.account.pk):
                    assert plan().in_use <= plan().seats


def test_rule_19_the_last_seat_is_removed_while_somebody_becomes_an_agent() -> None:
    """Either the plan ends without agents, or it renews for the one."""
    for _ in range(ROUNDS * 2):
        cast = found_cast()
        by = cast.primary_admin
        with in_place_of_the_sandbox() as faulty:
            add_card(by)
            buy(by, 4)
            for member in (by, cast.admin, cast.agent):
                set_access(member.user.pk, Access.VIEWER, by=by)
            kind = SeatChange.Kind.REMOVAL_SCHEDULED
            actions.schedule_quantity(by.account.pk, 0, actor_id=None, kind=kind, reason="a test")
            end = subscription(by).period_end
            results = at_once(
                _at(end, lambda account=by.account.pk: actions.renew(account)),
                _seating(cast.nobody, by),
                _seating(cast.viewer, by),
            )
            only_refusals(results)
            with account_scope(by.account.pk):
                assert plan().in_use <= plan().seats == subscription(by).quantity
            in_order(by, faulty)


def _at(instant: Any, act: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        with clock.at(instant):
            return act()

    return run


def test_s1_who_has_handed_over_buys_nothing_while_waiting() -> None:
    """A claim that waits for the hand-over sees its end."""
    for _ in range(ROUNDS):
        cast = found_cast()
        giulia, marco = cast.primary_admin, cast.admin
        with in_place_of_the_sandbox() as faulty:
            add_card(giulia)
            made = quote(giulia, 4)
            at_once(
                lambda to=marco, by=giulia: hand_over(to.user.pk, by=by),
                buying(made.token, 4, giulia),
                buying(made.token, 4, cast.again(giulia)),
            )
            in_order(giulia, faulty)
            with pytest.raises(Refused):
                actions.buy(made.token, 4, by=cast.again(giulia))


class Paused(Faulty):
    """Holds a confirmation until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go = Event(), Event()

    def confirm(self, intent_id: str, charge: Charge) -> Intent:
        """Waits, then collects."""
        self.reached.set()
        assert self.go.wait(30)
        return super().confirm(intent_id, charge)


def test_a_second_click_on_pay_while_the_bank_works_charges_once(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox(paused := Paused()):
        add_card(by)
        made = quote(by, 4)

        def again() -> Payment:
            assert paused.reached.wait(30)
            found = actions.buy(made.token, 4, by=by)
            assert found.state == PaymentState.CHARGING
            paused.go.set()
            return actions.continue_purchase(made.id, by=by)

        results = at_once(buying(made.token, 4, by), again)
        assert [r.state for r in results] == [PaymentState.PAID] * 2
        in_order(by, paused)


def test_giving_up_while_the_bank_works_ends_in_one_of_both(cast: Cast) -> None:
    """The cancellation comes first: the late confirmation is refused, and nothing is taken."""
    by = cast.primary_admin
    with in_place_of_the_sandbox(paused := Paused()):
        add_card(by)
        made = quote(by, 4)

        def leave() -> Payment:
            assert paused.reached.wait(30)
            left = actions.give_up(made.id, by=by)
            paused.go.set()
            return left

        results = at_once(buying(made.token, 4, by), leave)
        assert [r.state for r in results] == [PaymentState.CANCELLED] * 2
        assert paused.captured() == {}
        in_order(by, paused)


def test_giving_up_races_the_webhook_of_a_passed_challenge() -> None:
    for _ in range(ROUNDS * 2):
        cast = found_cast()
        by = cast.primary_admin
        with in_place_of_the_sandbox() as faulty:
            add_card(by)
            faulty.outcome = "asks"
            asked = buy(by, 4)
            faulty.bank(asked.intent, passed=True)
            raw, headers = faulty.events[-1]
            webhooks.receive("sandbox", raw, headers)
            event = WebhookEvent.objects.latest("pk").pk
            results = at_once(
                lambda payment=asked.pk, by=by: actions.give_up(payment, by=by),
                lambda event=event: webhooks.handle(event),
                lambda payment=asked.pk, by=by: actions.continue_purchase(payment, by=by),
            )
            only_refusals(results)
            assert [p.state for p in payments(by)] == [PaymentState.PAID]
            in_order(by, faulty)


def test_giving_up_races_the_passing_of_the_challenge() -> None:
    for _ in range(ROUNDS * 2):
        cast = found_cast()
        by = cast.primary_admin
        with in_place_of_the_sandbox() as faulty:
            add_card(by)
            faulty.outcome = "asks"
            asked = buy(by, 4)
            at_once(
                lambda payment=asked.pk, by=by: actions.give_up(payment, by=by),
                lambda intent=asked.intent, bank=faulty.bank: bank(intent, True),
            )
            (after,) = payments(by)
            taken = faulty.kept[asked.intent].intent.state is IntentState.SUCCEEDED
            assert after.state == (PaymentState.PAID if taken else PaymentState.CANCELLED)
            in_order(by, faulty)


@pytest.mark.parametrize("outcome", ["pays", "asks", "declines"])
def test_reconciling_races_going_on(outcome: str) -> None:
    for _ in range(ROUNDS):
        cast = found_cast()
        by = cast.primary_admin
        with in_place_of_the_sandbox() as faulty:
            add_card(by)
            faulty.faults["confirm"] = "lost request"
            left = buy(by, 4)
            assert left.state == PaymentState.CHARGING
            faulty.outcome = outcome
            later = left.created_at + timedelta(minutes=20)
            results = at_once(
                _at(later, lambda now=later: reconcile(now)),
                _at(later, lambda now=later: reconcile(now)),
                lambda payment=left.pk, by=by: actions.continue_purchase(payment, by=by),
            )
            only_refusals(results)
            with clock.at(later):
                reconcile(later)
            (after,) = payments(by)
            assert after.state != PaymentState.CHARGING
            assert (after.state == PaymentState.PAID) == bool(faulty.captured())
            in_order(by, faulty)


def test_the_card_is_removed_while_it_is_charged(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox(paused := Paused()):
        card = add_card(by)
        made = quote(by, 4)

        def remove() -> Any:
            assert paused.reached.wait(30)
            try:
                return methods.remove_method(card.pk, by=by)
            finally:
                paused.go.set()

        bought, removed = at_once(buying(made.token, 4, by), remove)
        assert bought.state == PaymentState.PAID
        assert isinstance(removed, Refused) and not isinstance(removed, Declined)
        in_order(by, paused)
