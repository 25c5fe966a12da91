"""No invariant is alarmed by what may well happen in the life of an account."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from salotto.accounts.members import Member
from salotto.accounts.models import Access
from salotto.billing import actions
from salotto.billing.actions.credits import credit_note
from salotto.billing.actions.details import change_cycle
from salotto.billing.actions.invoices import mark_paid
from salotto.billing.invoices import Line
from salotto.billing.models import State, Subscription
from salotto.billing.period import boundary
from salotto.billing.proration import prorated
from salotto.billing.verify import broken
from salotto.core import audit, clock
from salotto.seats.actions import requests, set_access
from salotto.seats.models import SeatChange
from tests.billing.invoicing import JUNE, issue
from tests.billing.later import (
    books_hold,
    change,
    days_later,
    on_plan,
    read_only,
    run_jobs,
    to_next,
)
from tests.billing.shop import add_card, buy, catalogue, invoices, subscription, use_gateway
from tests.cast import Cast
from tests.seats.requests import operator

BAD, OTHER = "4000000000000002", "5555555555554444"


@pytest.mark.parametrize("to", ["card", "balance"])
@pytest.mark.parametrize("part", [None, 777])
def test_a_credit_note_alarms_nobody(cast: Cast, to: str, part: int | None) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    days_later(by, 11)
    buy(by, 2)
    for invoice in invoices(by):
        credit_note(invoice.pk, part, to, "a test", None)
        books_hold(by)
    run_jobs(by, "give_back")
    books_hold(by)
    to_next(by)
    books_hold(by)


def test_an_invoice_that_is_taken_back_alarms_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    add_card(by, BAD)
    to_next(by)
    credit_note(invoices(by)[-1].pk, None, "void", "a test", None)
    assert subscription(by).state == State.ACTIVE
    books_hold(by)


def test_paying_by_transfer_late_and_coming_back_alarms_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    use_gateway(by, "invoice")
    buy(by, 4)
    (first,) = invoices(by)
    for days in (2, 7, 14, 21):
        with clock.at(first.payable_until + timedelta(days=days)):
            assert actions.step(by.account.pk)
            books_hold(by)
    assert read_only(by)
    with clock.at(first.payable_until + timedelta(days=30)):
        mark_paid(first.pk, None, clock.now().date())
        assert (read_only(by), len(invoices(by))) == (False, 2)
        books_hold(by)


def boundaries(sub: Subscription, months: int) -> datetime:
    """When the period that begins so many months after the first purchase begins."""
    assert sub.anchor is not None
    return boundary(sub.anchor, months, sub.time_zone)


def test_coming_back_in_the_very_second_of_a_boundary_alarms_nobody(cast: Cast) -> None:
    """The whole period is paid for then, and none before it: no gap but read-only."""
    by = cast.primary_admin
    use_gateway(by, "invoice")
    buy(by, 4)
    (first,) = invoices(by)
    for days in (2, 7, 14, 21):
        with clock.at(first.payable_until + timedelta(days=days)):
            actions.step(by.account.pk)
    sub = subscription(by)
    with clock.at(boundaries(sub, 3)):
        mark_paid(first.pk, None, clock.now().date())
        back = invoices(by)[-1]
        assert back.cycle_start == back.issued_at == subscription(by).period_start == boundaries(sub, 3)
        books_hold(by)
        mark_paid(back.pk, None, clock.now().date())
    with clock.at(boundaries(sub, 4)):
        assert actions.step(by.account.pk) == "renewed"
        books_hold(by)


def skip_a_period(by: Member) -> None:
    """As if the next period had begun without an invoice: what must not be."""
    sub = subscription(by)
    end = boundaries(sub, sub.months + 2)
    change(by, months=sub.months + 1, period_start=sub.period_end, period_end=end, due_at=end)


def renew(by: Member, late: timedelta = timedelta()) -> None:
    """Pay what is open, and begin the next period so long after its first second."""
    last = invoices(by)[-1]
    with clock.at(last.issued_at):
        mark_paid(last.pk, None, clock.now().date())
    end = subscription(by).period_end
    assert end is not None
    with clock.at(end + late):
        assert actions.step(by.account.pk) == "renewed"


def restored(by: Member, read_only: bool) -> None:
    audit.record(by.account.pk, None, "plan.restored", read_only=read_only)


def gaps(by: Member) -> list[str]:
    """The periods that do not join the one before."""
    return [found.row for found in broken("periods_join", by.account.pk)]


@pytest.fixture
def on_invoice(cast: Cast) -> Member:
    """Four seats, to be paid by transfer."""
    by = cast.primary_admin
    use_gateway(by, "invoice")
    buy(by, 4)
    return by


def test_a_gap_before_a_renewal_in_the_very_second_is_an_alarm_all_the_same(on_invoice: Member) -> None:
    skip_a_period(on_invoice)
    renew(on_invoice)
    assert gaps(on_invoice) == [f"invoice {invoices(on_invoice)[-1].pk}"]


def test_a_gap_of_an_account_that_came_back_without_having_been_read_only_is_one(on_invoice: Member) -> None:
    skip_a_period(on_invoice)
    restored(on_invoice, read_only=False)
    renew(on_invoice)
    assert gaps(on_invoice) == [f"invoice {invoices(on_invoice)[-1].pk}"]


def test_a_gap_before_a_renewal_after_the_very_second_is_one_for_who_came_back(on_invoice: Member) -> None:
    skip_a_period(on_invoice)
    restored(on_invoice, read_only=True)
    renew(on_invoice, timedelta(seconds=1))
    assert gaps(on_invoice) == [f"invoice {invoices(on_invoice)[-1].pk}"]


def test_a_gap_is_one_when_another_period_has_begun_since_the_coming_back(on_invoice: Member) -> None:
    restored(on_invoice, read_only=True)
    renew(on_invoice)
    assert gaps(on_invoice) == []
    skip_a_period(on_invoice)
    renew(on_invoice)
    assert gaps(on_invoice) == [f"invoice {invoices(on_invoice)[-1].pk}"]


def test_a_gap_before_the_period_of_the_coming_back_itself_is_none(on_invoice: Member) -> None:
    skip_a_period(on_invoice)
    restored(on_invoice, read_only=True)
    renew(on_invoice)
    assert gaps(on_invoice) == []


def test_coming_back_by_card_alarms_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    add_card(by, BAD)
    for _ in range(5):
        to_next(by)
        books_hold(by)
    assert subscription(by).state == State.UNPAID
    days_later(by, 20)
    add_card(by, OTHER)
    actions.pay_invoice(invoices(by)[-1].pk, by=by)
    run_jobs(by, "collect_payment")
    assert not read_only(by)
    books_hold(by)


def test_another_cycle_and_back_alarms_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 4)
    for cycle in ("year", "month"):
        change_cycle(cycle, by)
        books_hold(by)
        to_next(by)
        buy(by, 1)
        assert subscription(by).cycle == cycle
        books_hold(by)


def test_rule_19_and_buying_on_top_alarm_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 6)
    kind = SeatChange.Kind.REMOVAL_SCHEDULED
    actions.schedule_quantity(by.account.pk, 1, actor_id=None, kind=kind, reason="a test")
    to_next(by)
    assert (subscription(by).quantity, subscription(by).quantity_next) == (3, 1)
    books_hold(by)
    buy(by, 4)
    assert subscription(by).quantity == 5
    books_hold(by)
    to_next(by)
    books_hold(by)


def test_s14_an_addition_by_support_alarms_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by, 5)
    with catalogue(extra_sale_ends_on="2023-01-03"):
        asked = requests.request_more(3, "", by=by)
    requests.schedule(asked.pk, operator())
    books_hold(by)
    to_next(by)
    assert subscription(by).quantity == 8
    books_hold(by)


def test_the_end_of_a_plan_and_another_first_purchase_alarm_nobody(cast: Cast) -> None:
    by = cast.primary_admin
    sub = on_plan(by, 5)
    for member in (by, cast.admin, cast.agent):
        set_access(member.user.pk, Access.VIEWER, by=by)
    kind = SeatChange.Kind.REMOVAL_SCHEDULED
    actions.schedule_quantity(by.account.pk, 0, actor_id=None, kind=kind, reason="a test")
    to_next(by)
    assert (subscription(by).state, sub.state) == (State.ENDED, State.ACTIVE)
    books_hold(by)
    days_later(by, 3)
    buy(by, 2)
    books_hold(by)


def lines(seed: int) -> list[Line]:
    """Lines of every kind of share, halves among them, with the amounts that were charged."""
    chance = Random(seed)
    found = []
    for _ in range(100):
        start = JUNE[0] + timedelta(seconds=chance.randrange(10**7))
        end = start + timedelta(seconds=chance.choice([2, 10, 99, 2_592_000, 31_536_000]))
        at = (
            start
            + chance.choice([-1, 0, 1, 1, 1, 2]) * (end - start) / 2
            + timedelta(seconds=chance.random())
        )
        quantity, unit = chance.choice([0, 1, 3, -3, 2**31 - 1]), chance.choice([1, 5, 1900, 22801])
        amount = prorated(quantity, unit, start, end, at)
        found.append(Line("seats_prorated", quantity, unit, "month", start, end, at, amount))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_line_is_worked_out_in_sql_as_it_was_charged(cast: Cast, seed: int) -> None:
    charged = lines(seed)
    issue(cast.account, lines=charged, taxes=[])
    assert broken("line_is_worked_out", cast.account.pk) == []
    issue(cast.account, lines=[replace(line, amount=line.amount + 1) for line in charged], taxes=[])
    assert len(broken("line_is_worked_out", cast.account.pk)) == len(charged)
