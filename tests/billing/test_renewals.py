"""Rules S9, S10, 18 and 19: periods begin one after the other, each exactly once."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from salotto.billing import actions, tasks
from salotto.billing.actions.locking import subscription_of
from salotto.billing.models import PaymentState, Price, State
from salotto.billing.period import boundary
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.seats.actions.access import set_access
from salotto.seats.models import SeatChange
from salotto.seats.queries import plan
from tests.billing.later import (
    after_downtime,
    books_hold,
    change,
    days_later,
    jobs,
    ledger,
    on_plan,
    payments,
    read_only,
    to_next,
)
from tests.billing.shop import UNIT, add_card, buy, catalogue, invoices, rates, subscription
from tests.cast import Cast
from tests.threads import at_once

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def schedule(cast: Cast, quantity: int) -> None:
    """What support does with a request to remove seats."""
    actions.schedule_quantity(
        cast.account.pk, quantity, actor_id=None, kind=SeatChange.Kind.REMOVAL_SCHEDULED, reason="asked"
    )


def test_s9_a_renewal_charges_the_current_card_on_the_existing_cycle(cast: Cast) -> None:
    by = cast.primary_admin
    before = on_plan(by)
    add_card(by, "5555555555554444")
    assert to_next(by) == ["renewed"]
    sub = subscription(by)
    assert (sub.period_start, sub.months) == (before.period_end, 1)
    first, cycle = invoices(by)
    assert (cycle.total, cycle.state, cycle.cycle_start) == (5 * UNIT, "paid", before.period_end)
    method = payments(by)[-1].method
    assert method is not None
    assert method.last4 == "4444"
    assert ledger(by, "cash") == first.due + cycle.due
    books_hold(by)


def test_s9_nothing_renews_a_second_before_the_period_ends(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by).period_end
    assert end is not None
    with clock.at(end - timedelta(seconds=1)):
        assert actions.step(by.account.pk) == ""
    with clock.at(end):
        assert actions.step(by.account.pk) == "renewed"
        assert actions.step(by.account.pk) == ""
    assert len(invoices(by)) == 2


def test_s10_a_year_costs_twelve_months(cast: Cast) -> None:
    by = cast.primary_admin
    sub = on_plan(by, 5, cycle="year")
    assert sub.anchor is not None
    assert sub.period_end == boundary(sub.anchor, 12, sub.time_zone)
    to_next(by)
    assert [invoice.total for invoice in invoices(by)] == [12 * 5 * UNIT] * 2
    books_hold(by)


@pytest.mark.parametrize("day", [29, 30, 31])
def test_boundaries_come_from_the_anchor_over_years(cast: Cast, day: int) -> None:
    by = cast.primary_admin
    ahead = datetime(2027, 1, day, 12, tzinfo=UTC)
    change(by, ahead=int((ahead - clock.now()).total_seconds()), trial_ends_at=ahead + timedelta(days=9))
    anchor = on_plan(by).anchor
    assert anchor is not None
    days_later(by, 430)  # over February with and without a 29th
    starts = [invoice.cycle_start for invoice in invoices(by)[1:]]
    assert starts == [boundary(anchor, n, subscription(by).time_zone) for n in range(1, len(starts) + 1)]
    assert len(starts) == 14
    books_hold(by)


def test_missed_periods_are_made_up_for_oldest_first_once_each(cast: Cast) -> None:
    by = cast.primary_admin
    anchor = on_plan(by).anchor
    assert anchor is not None
    assert after_downtime(by, timedelta(days=100)) == "renewed"
    starts = [invoice.cycle_start for invoice in invoices(by)[1:]]
    assert starts == [boundary(anchor, n, subscription(by).time_zone) for n in (1, 2, 3)]
    assert after_downtime(by, timedelta(days=100)) == ""
    books_hold(by)


def test_missed_periods_stop_at_the_first_that_is_not_paid(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    add_card(by, "4000000000000002")
    after_downtime(by, timedelta(days=100))
    assert [invoice.state for invoice in invoices(by)] == ["paid", "open"]
    assert subscription(by).state == State.PAST_DUE


def test_each_missed_period_costs_what_was_valid_at_its_start(cast: Cast) -> None:
    by = cast.primary_admin
    sub = on_plan(by, 3)
    assert sub.anchor is not None
    dearer = Price.objects.create(
        currency="CHF",
        unit_amount=UNIT + 100,
        new_from="2900-01-01T00:00:00Z",
        existing_from=boundary(sub.anchor, 2, sub.time_zone),
    )
    try:
        after_downtime(by, timedelta(days=100))
    finally:  # nobody else's renewals
        change(by, price=Price.objects.get(pk=sub.price_id))
        with_everybody_gone(dearer)
    assert [i.total for i in invoices(by)[1:]] == [3 * UNIT, 3 * (UNIT + 100), 3 * (UNIT + 100)]


def test_each_missed_period_has_the_tax_of_its_own_beginning(cast: Cast) -> None:
    by = cast.primary_admin
    with catalogue(seller_country="CH"):
        sub = on_plan(by, 3)
        assert sub.anchor is not None
        change_of_rate = boundary(sub.anchor, 2, sub.time_zone).date()
        with rates(CH={sub.anchor.date(): 770, change_of_rate: 810}):
            after_downtime(by, timedelta(days=100))
    assert [i.taxes[0]["basis_points"] for i in invoices(by)[1:]] == [770, 810, 810]
    books_hold(by)


def with_everybody_gone(price: Price) -> None:
    """A price of one test must not reach another's renewals; prices are append-only."""
    from django.db import connection

    with connection.cursor() as db:
        db.execute("ALTER TABLE billing_price DISABLE TRIGGER billing_price_append_only")
        db.execute("UPDATE billing_price SET existing_from = NULL WHERE id = %s", [price.pk])
        db.execute("ALTER TABLE billing_price ENABLE TRIGGER billing_price_append_only")


def test_another_cycle_begins_with_the_next_renewal(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    change(by, cycle_next="year")
    to_next(by)
    sub = subscription(by)
    assert sub.anchor is not None
    assert sub.period_end == boundary(sub.anchor, 13, sub.time_zone)
    assert invoices(by)[-1].total == 12 * 5 * UNIT
    books_hold(by)


def test_rule_18_removal_takes_effect_at_the_end_of_the_paid_period(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    schedule(cast, 3)
    with account_scope(by.account.pk):
        assert plan().seats == 5
    to_next(by)
    with account_scope(by.account.pk):
        assert plan().seats == 3
    assert invoices(by)[-1].total == 3 * UNIT
    books_hold(by)


def test_rule_18_buying_again_takes_the_removal_back_without_a_charge(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    schedule(cast, 3)
    assert buy(by, 2).total == 0
    to_next(by)
    assert invoices(by)[-1].total == 5 * UNIT
    books_hold(by)


def test_rule_19_an_account_renews_at_the_number_of_its_agents(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    schedule(cast, 1)
    to_next(by)
    sub = subscription(by)
    assert (sub.quantity, sub.quantity_next) == (3, 1)  # three agents, and it stays scheduled
    set_access(cast.agent.user.pk, "viewer", by=by)
    set_access(cast.admin.user.pk, "viewer", by=by)
    to_next(by)
    assert subscription(by).quantity == 1
    books_hold(by)


def test_rule_18_all_seats_removed_end_the_plan(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    for member in (cast.agent, cast.admin, cast.primary_admin):
        set_access(member.user.pk, "viewer", by=by)
    schedule(cast, 0)
    to_next(by)
    sub = subscription(by)
    assert (sub.state, sub.quantity, sub.due_at, read_only(by)) == (State.ENDED, 0, None, True)
    assert len(invoices(by)) == 1
    books_hold(by)


def test_a_renewal_waits_for_a_purchase_that_is_under_way(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by).period_end
    assert end is not None
    add_card(by, "4000002760003184")
    waiting = buy(by, 2)
    assert waiting.state == PaymentState.CHARGING
    with clock.at(end + timedelta(seconds=5)):
        assert actions.step(by.account.pk) == ""
        assert subscription(by).due_at == end + timedelta(seconds=65)
        actions.give_up(waiting.pk, by=by)
    add_card(by, "5555555555554444")
    with clock.at(end + timedelta(seconds=66)):
        assert actions.step(by.account.pk) == "renewed"
    books_hold(by)


def test_many_workers_renew_an_account_once(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by).period_end
    assert end is not None

    def work() -> str:
        with clock.at(end):
            return actions.step(by.account.pk)

    done = at_once(*[work] * 6)
    assert sorted(done) == ["", "", "", "", "", "renewed"]
    assert len(invoices(by)) == 2
    assert [p.state for p in payments(by)] == [PaymentState.PAID] * 2
    books_hold(by)


def test_an_agent_assigned_during_a_renewal_has_a_seat_or_is_refused(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by, 5).period_end
    assert end is not None
    schedule(cast, 3)

    def renewal() -> object:
        with clock.at(end):
            return actions.step(by.account.pk)

    at_once(renewal, lambda: set_access(cast.viewer.user.pk, "agent", by=by))
    with account_scope(by.account.pk):
        assert plan().in_use <= plan().seats == subscription(by).quantity
    books_hold(by)


def test_one_account_that_fails_stops_no_other_and_waits(cast: Cast) -> None:
    ill, well = cast.primary_admin, cast.outsider
    for by in (ill, well):
        on_plan(by)
    change(ill, anchor=None)  # what must not be
    end = max(filter(None, (subscription(by).period_end for by in (ill, well))))
    with clock.at(end):
        for by in (ill, well):
            change(by, due_at=LONG_AGO)  # before whatever other tests have left
        actions.run_due(limit=2)
        assert subscription(well).months == 1
        assert subscription(ill).due_at == end + timedelta(minutes=1)
    with clock.at(end + timedelta(hours=9)):
        change(ill, due_at=LONG_AGO)
        actions.run_due(limit=1)
        assert subscription(ill).due_at == end + timedelta(hours=10)
    change(ill, due_at=None)


def test_an_account_whose_clock_runs_ahead_waits_no_longer_than_others(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    days_later(by, 10)
    change(by, anchor=None)  # what must not be
    sub = subscription(by)
    assert sub.ahead == timedelta(days=10).total_seconds() and sub.period_end is not None
    with clock.at(sub.period_end - timedelta(days=10)):  # the end of the period, by its own clock
        change(by, due_at=LONG_AGO)
        actions.run_due(limit=1)
        assert subscription(by).due_at == clock.now() + timedelta(minutes=1)
    change(by, due_at=None)


def test_an_unknown_outcome_is_taken_up_and_charged_once(cast: Cast) -> None:
    by = cast.primary_admin
    end = on_plan(by).period_end
    assert end is not None
    add_card(by, "4000000000007726")  # charged, but the answer gets lost
    with clock.at(end):
        actions.step(by.account.pk)
        assert actions.step(by.account.pk) == ""  # begun once
        (open_,) = [p for p in payments(by) if p.state == PaymentState.CHARGING]
        assert actions.resume(open_).state == PaymentState.PAID
    assert len(invoices(by)) == 2
    books_hold(by)


def test_rule_22_what_was_carried_is_collected_with_the_renewal(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    with subscription_of(by.account.pk) as sub:
        end = sub.period_end
    assert end is not None
    with clock.at(end - timedelta(minutes=30)):
        small = buy(by, 1)
    assert (small.amount, small.carried) == (0, small.total)
    to_next(by)
    assert max(p.amount for p in payments(by)) == 6 * UNIT + small.total
    assert ledger(by, "balance") == 0
    assert len(jobs(by, "send_invoice")) == 3
    books_hold(by)


def test_one_more_run_waits_in_line_and_never_two() -> None:
    line = app.configure_task(tasks.run_due.name)
    with suppress(AlreadyEnqueued):
        line.defer(timestamp=1)
    with pytest.raises(AlreadyEnqueued):
        line.defer(timestamp=2)
