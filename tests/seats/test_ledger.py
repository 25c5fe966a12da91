"""The seat ledger follows the money, and rule 20: a trial becomes a plan."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from salotto.billing import actions as billing
from salotto.billing.errors import PurchaseUnderWay
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from salotto.seats import actions
from salotto.seats.errors import TooManyAgents
from salotto.seats.models import SeatChange
from salotto.seats.queries import must_seat_everybody, plan
from tests.billing.shop import add_card, buy, catalogue, quote
from tests.cast import Cast, add_member, found_account, found_cast
from tests.seats.requests import ledger, paying, plan_of
from tests.threads import at_once

CHALLENGED = "4000002500003155"


def test_s4_a_purchase_is_a_row_and_its_seats_can_be_given_away(cast: Cast) -> None:
    paying(cast, 4)
    assert ledger(cast) == [("trial_started", 20, 20), ("bought", 4, 4)]
    assert actions.set_access(cast.viewer.user.pk, "agent", by=cast.admin) == "viewer"
    with pytest.raises(actions.NoFreeSeat):
        actions.set_access(cast.nobody.user.pk, "agent", by=cast.admin)
    buy(cast.primary_admin, 2)
    assert ledger(cast)[-1] == ("bought", 6, 6)
    actions.set_access(cast.nobody.user.pk, "agent", by=cast.admin)


def test_the_ledger_takes_two_statements_of_a_purchase(cast: Cast) -> None:
    with transaction.atomic(), account_scope(cast.account.pk), CaptureQueriesContext(connection) as seen:
        actions.follow(
            cast.account.pk, actor=cast.primary_admin.user.pk, kind="bought", quantity=30,
            quantity_next=30, reason="invoice", at=clock.now(),
        )  # fmt: skip
    assert len(seen) == 2
    assert plan_of(cast).seats == 30
    assert Event.objects.filter(account_id=cast.account.pk, kind="seats.changed").exists()


def test_rule_20_fewer_seats_than_agents_are_refused_with_who_to_release(cast: Cast) -> None:
    add_card(cast.primary_admin)
    made = quote(cast.primary_admin, 2)
    with pytest.raises(TooManyAgents) as refused:
        billing.buy(made.token, 2, by=cast.primary_admin)
    found = refused.value
    assert (found.status, found.code, found.count, found.release) == (409, "too_many_agents", 3, 1)
    assert set(found.agents) == {"Giulia Conti", "Marco De Luca", "Sara Bianchi"}
    assert all(name in str(found.message) for name in found.agents)
    assert ledger(cast) == [("trial_started", 20, 20)]


def test_rule_20_the_list_is_bounded() -> None:
    found = TooManyAgents(1, 400, [f"Agente {n}" for n in range(50)])
    assert (found.count, found.release, len(found.agents)) == (400, 399, 50)


def test_rule_20_a_trial_over_leaves_everybody_the_own_seat_and_no_other(cast: Cast) -> None:
    with transaction.atomic(), account_scope(cast.account.pk):
        actions.follow(
            cast.account.pk, actor=None, kind="trial_over", quantity=0, quantity_next=0,
            reason="not bought", at=clock.now(),
        )  # fmt: skip
    assert (plan_of(cast).seats, plan_of(cast).free) == (3, 0)
    assert ledger(cast)[-1] == ("trial_over", 3, 0)


def test_rule_20_while_a_first_purchase_is_charged_its_seats_are_the_limit(cast: Cast) -> None:
    add_card(cast.primary_admin, CHALLENGED)
    made = quote(cast.primary_admin, 4)
    payment = billing.buy(made.token, 4, by=cast.primary_admin)
    assert payment.state == "charging"
    actions.set_access(cast.viewer.user.pk, "agent", by=cast.admin)
    with pytest.raises(PurchaseUnderWay):
        actions.set_access(cast.nobody.user.pk, "agent", by=cast.admin)
    newcomer = add_member(cast.account, "Nina Neri", access="agent")
    assert newcomer.access == "viewer"
    billing.give_up(payment.pk, by=cast.primary_admin)
    actions.set_access(cast.nobody.user.pk, "agent", by=cast.admin)


def test_rule_20_buying_and_seating_at_once_never_seat_more_than_is_bought() -> None:
    for _ in range(3):
        cast = found_cast()
        add_card(cast.primary_admin)
        made = quote(cast.primary_admin, 3)
        buy_and_seat(cast, made.token)
        here = plan_of(cast)
        assert here.in_use <= here.seats
        assert here.seats in (3, 20)


def buy_and_seat(cast: Cast, token: str) -> None:
    at_once(
        partial(billing.buy, token, 3, by=cast.primary_admin),
        partial(actions.set_access, cast.viewer.user.pk, "agent", by=cast.admin),
        partial(actions.set_access, cast.nobody.user.pk, "agent", by=cast.primary_admin),
    )


def test_s14_after_the_end_of_sale_an_account_starts_without_seats() -> None:
    with catalogue(sale_ends_on="2023-01-03"):
        head = found_account()
    assert head.access == "viewer"
    with account_scope(head.account.pk):
        assert plan().seats == 0
        assert [row[0] for row in _rows()] == ["not_sold"]
        with pytest.raises(actions.NoFreeSeat):
            actions.set_access(head.user.pk, "agent", by=head)


def _rows() -> list[tuple[str, int]]:
    return list(SeatChange.objects.values_list("kind", "seats_after"))


def test_everybody_fits_when_there_are_as_many_seats_as_agents(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        must_seat_everybody(3)
