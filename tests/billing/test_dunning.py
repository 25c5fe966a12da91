"""Rule 21: an invoice that is not paid, day by day, and what ends it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from salotto.accounts.members import Member
from salotto.billing import actions
from salotto.billing.actions import renewals
from salotto.billing.actions.invoices import BadPaidOn, NotOnAccount, mark_paid
from salotto.billing.errors import Declined, NoMethod, PastDue, PurchaseUnderWay
from salotto.billing.mails_dunning import send_failure, send_overdue, send_restored
from salotto.billing.models import PaymentMethod, PaymentState, State
from salotto.billing.operators import OperatorsOnly
from salotto.billing.period import boundary
from salotto.billing.proration import prorated
from salotto.core import clock
from salotto.core.errors import Forbidden
from salotto.core.tenancy import account_scope
from tests.billing.later import (
    after_downtime,
    books_hold,
    change,
    days_later,
    jobs,
    ledger,
    now_of,
    on_plan,
    payments,
    read_only,
    run_jobs,
    to_next,
)
from tests.billing.shop import UNIT, add_card, buy, invoices, quote, subscription, use_gateway
from tests.cast import Cast
from tests.mailbox import mails_to, text_of

BAD = "4000000000000002"
OTHER = "5555555555554444"


def failing(cast: Cast, **options: Any) -> datetime:
    """A plan whose renewal has failed just now; when that was."""
    by = cast.primary_admin
    on_plan(by, 5, **options)
    add_card(by, BAD)
    to_next(by)
    failed = subscription(by).failed_at
    assert failed is not None
    return failed


def test_rule_21_retried_on_days_2_7_14_and_21_with_a_mail_each(cast: Cast) -> None:
    by = cast.primary_admin
    failed = failing(cast)
    for days in (2, 7, 14, 21):
        assert (subscription(by).state, read_only(by)) == (State.PAST_DUE, False)
        due = subscription(by).due_at
        assert due == failed + timedelta(days=days, seconds=-subscription(by).ahead)
        with clock.at(due - timedelta(seconds=1)):
            assert actions.step(by.account.pk) == ""
        assert to_next(by) == ["retried"]
    sub = subscription(by)
    assert (sub.state, sub.due_at, read_only(by)) == (State.UNPAID, None, True)
    assert len(jobs(by, "send_failure")) == 5
    assert [p.state for p in payments(by)[1:]] == [PaymentState.FAILED] * 5
    assert len(invoices(by)) == 2  # one invoice, however often it is tried
    books_hold(by)


def test_rule_21_new_purchases_are_refused_while_past_due(cast: Cast) -> None:
    failing(cast)
    with pytest.raises(PastDue):
        quote(cast.primary_admin, 1)


def test_rule_21_a_retry_that_succeeds_ends_it(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    add_card(by, OTHER)
    to_next(by)
    sub = subscription(by)
    assert (sub.state, sub.retries, sub.due_at is not None) == (State.ACTIVE, 0, True)
    assert [i.state for i in invoices(by)] == ["paid", "paid"]
    books_hold(by)


def every_step(by: Member, since: datetime) -> list[float]:
    """Go on until nothing is due any more; the days from `since` (real time) to each step."""
    found = []
    while (due := subscription(by).due_at) is not None:
        at_once = max(due, since)
        with clock.at(at_once):
            assert actions.step(by.account.pk) in ("retried", "overdue")
        found.append((at_once - since) / timedelta(days=1))
    return found


@pytest.mark.parametrize("down", [3, 8, 15, 21, 30, 400])
def test_rule_21_after_a_downtime_every_try_is_made_with_the_days_between(cast: Cast, down: int) -> None:
    """Not one by one at once, and nobody becomes read-only after a single try."""
    by = cast.primary_admin
    failing(cast)
    back = clock.now() + timedelta(days=down)
    assert every_step(by, back) == pytest.approx([0, 5, 12, 19], abs=1)
    assert (subscription(by).state, read_only(by)) == (State.UNPAID, True)
    assert len(jobs(by, "send_failure")) == 5
    books_hold(by)


@pytest.mark.parametrize("down", [3, 21, 400])
def test_rule_21_after_a_downtime_an_invoice_by_transfer_has_all_its_reminders(cast: Cast, down: int) -> None:
    by = cast.primary_admin
    on_invoice(cast)
    back = invoices(by)[0].payable_until + timedelta(days=down)
    assert every_step(by, back) == pytest.approx([0, 5, 12, 19], abs=1)
    assert [job["reminder"] for job in jobs(by, "send_overdue")] == [1, 2, 3, 4]
    assert (subscription(by).state, read_only(by)) == (State.UNPAID, True)
    books_hold(by)


def test_rule_21_a_downtime_in_the_middle_moves_what_is_left(cast: Cast) -> None:
    by = cast.primary_admin
    failed = failing(cast)
    assert to_next(by) == ["retried"]
    since = now_of(by) + timedelta(days=11)  # the try of day 7 is six days late
    with clock.at(since - timedelta(seconds=subscription(by).ahead)):
        assert actions.step(by.account.pk) == "retried"
    assert subscription(by).retries == 2
    assert subscription(by).failed_at == failed + timedelta(days=6)
    assert to_next(by) == to_next(by) == ["retried"]
    assert now_of(by) - (failed + timedelta(days=27)) < timedelta(hours=1)
    assert read_only(by)


def test_rule_21_hours_that_a_try_is_late_move_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    failed = failing(cast)
    due = subscription(by).due_at
    assert due is not None
    with clock.at(due + timedelta(hours=23)):
        assert actions.step(by.account.pk) == "retried"
    assert (subscription(by).failed_at, subscription(by).retries) == (failed, 1)


def test_rule_21_a_last_try_that_comes_late_charges_nobody_for_the_downtime(cast: Cast) -> None:
    """Nobody worked from the day on which read-only should have begun."""
    by = cast.primary_admin
    failed = failing(cast)
    for _ in range(3):
        to_next(by)
    assert after_downtime(by, timedelta(days=60)) == "retried"
    assert (subscription(by).state, subscription(by).failed_at) == (State.UNPAID, failed)


def test_the_card_that_was_removed_is_missing(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    with account_scope(by.account.pk):
        PaymentMethod.objects.update(is_current=False, removed_at=clock.now())
    to_next(by)
    assert payments(by)[-1].error_code == "method_missing"
    assert subscription(by).state == State.PAST_DUE
    with pytest.raises(NoMethod):
        actions.pay_invoice(invoices(by)[-1].pk, by=by)


@pytest.mark.parametrize(("cycle", "months"), [("month", 1), ("year", 12)])
def test_paying_late_begins_the_period_of_today_without_dead_time(
    cast: Cast, cycle: str, months: int
) -> None:
    by = cast.primary_admin
    failing(cast, cycle=cycle)
    days_later(by, 21)
    assert subscription(by).state == State.UNPAID
    days_later(by, 500)
    add_card(by, OTHER)
    paid = actions.pay_invoice(invoices(by)[-1].pk, by=by)
    assert paid.state == PaymentState.PAID
    run_jobs(by, "collect_payment")
    run_jobs(by, "collect_payment")
    sub, cycle_invoice = subscription(by), invoices(by)[-1]
    assert sub.anchor is not None
    assert sub.period_start == boundary(sub.anchor, sub.months, sub.time_zone)
    assert sub.period_end == boundary(sub.anchor, sub.months + months, sub.time_zone)
    assert sub.period_start <= now_of(by) < sub.period_end
    begun = datetime.fromisoformat(cycle_invoice.lines[0]["at"])
    unit = UNIT * months
    assert cycle_invoice.total == prorated(5, unit, sub.period_start, sub.period_end, begun)
    assert (sub.state, read_only(by), cycle_invoice.state) == (State.ACTIVE, False, "paid")
    assert len(jobs(by, "send_restored")) == 1
    books_hold(by)


def test_coming_back_to_a_yearly_plan_does_not_reach_over_paid_months(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    days_later(by, 95)
    change(by, cycle_next="year")
    add_card(by, BAD)
    days_later(by, 600)
    add_card(by, OTHER)
    actions.pay_invoice(invoices(by)[-1].pk, by=by)
    run_jobs(by, "collect_payment")
    assert subscription(by).state == State.ACTIVE
    books_hold(by)


def test_the_charge_of_coming_back_can_fail_too(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    days_later(by, 60)
    add_card(by, OTHER)
    actions.pay_invoice(invoices(by)[-1].pk, by=by)
    with account_scope(by.account.pk):  # the card is gone before the job comes
        token = PaymentMethod.objects.get(is_current=True).token
    from salotto.billing.gateways import gateway

    gateway("sandbox").remove_card(token)
    run_jobs(by, "collect_payment")
    sub = subscription(by)
    assert (sub.state, sub.retries, read_only(by)) == (State.PAST_DUE, 0, False)
    assert [i.state for i in invoices(by)] == ["paid", "paid", "open"]
    days_later(by, 22)
    assert (subscription(by).state, read_only(by)) == (State.UNPAID, True)
    books_hold(by)


def test_a_bank_that_asks_is_answered_by_the_primary_admin(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    add_card(by, "4000002760003184")
    waiting = actions.pay_invoice(invoices(by)[-1].pk, by=by)
    assert waiting.challenge
    from salotto.billing.gateways.sandbox import Sandbox

    Sandbox().answer_challenge(waiting.intent, passed=True)
    assert actions.continue_purchase(waiting.pk, by=by).state == PaymentState.PAID
    assert subscription(by).state == State.ACTIVE
    books_hold(by)


def test_only_the_primary_admin_pays_and_a_decline_changes_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    open_ = invoices(by)[-1].pk
    with pytest.raises(Forbidden):
        actions.pay_invoice(open_, by=cast.admin)
    with pytest.raises(Declined):
        actions.pay_invoice(open_, by=by)
    assert (subscription(by).state, subscription(by).retries) == (State.PAST_DUE, 0)


def on_invoice(cast: Cast) -> None:
    """An account that pays by transfer, with five seats and an open invoice."""
    use_gateway(cast.primary_admin, "invoice")
    buy(cast.primary_admin, 5)


def at(cast: Cast, instant: datetime) -> str:
    with clock.at(instant):
        return actions.step(cast.account.pk)


def test_rule_21_an_invoice_by_transfer_is_reminded_of_after_its_date(cast: Cast) -> None:
    by = cast.primary_admin
    on_invoice(cast)
    payable = invoices(by)[0].payable_until
    for count, days in enumerate((2, 7, 14, 21), start=1):
        due = payable + timedelta(days=days)
        assert subscription(by).due_at == due
        assert at(cast, due - timedelta(seconds=1)) == ""
        assert at(cast, due) in ("overdue", "retried")
        assert len(jobs(by, "send_overdue")) == count
    assert (subscription(by).state, read_only(by)) == (State.UNPAID, True)
    assert len(invoices(by)) == 1
    assert payments(by)[0].state == PaymentState.PAID  # granted at once, and nothing charged since
    books_hold(by)


def test_marking_it_paid_lets_the_account_go_on(cast: Cast) -> None:
    by = cast.primary_admin
    on_invoice(cast)
    (row,) = invoices(by)
    for days in (2, 7, 14, 21):
        at(cast, row.payable_until + timedelta(days=days))
    late = row.payable_until + timedelta(days=40)
    with clock.at(late):
        with pytest.raises(BadPaidOn):
            mark_paid(row.pk, None, (late + timedelta(days=2)).date())
        mark_paid(row.pk, None, late.date())
        with pytest.raises(NotOnAccount):
            mark_paid(row.pk, None, late.date())
        books_hold(by)
    sub = subscription(by)
    assert (sub.state, read_only(by)) == (State.ACTIVE, False)
    first, second = invoices(by)
    assert (first.state, second.state) == ("paid", "open")
    assert sub.period_start is not None
    assert sub.period_start <= late
    assert ledger(by, "cash") == first.due
    assert second.due < 5 * UNIT


def test_a_renewal_by_transfer_issues_an_open_invoice_and_charges_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    on_invoice(cast)
    mark_paid(invoices(by)[0].pk, None, clock.now().date())
    end = subscription(by).period_end
    assert end is not None
    assert at(cast, end) == "renewed"
    renewal = invoices(by)[-1]
    assert (renewal.state, renewal.due, subscription(by).state) == ("open", 5 * UNIT, State.ACTIVE)
    assert len(payments(by)) == 1
    assert subscription(by).due_at == min(
        renewal.payable_until + timedelta(days=2), subscription(by).period_end or end
    )
    books_hold(by)


def test_only_an_operator_marks_an_invoice_as_paid(cast: Cast) -> None:
    on_invoice(cast)
    with pytest.raises(OperatorsOnly):
        mark_paid(invoices(cast.primary_admin)[0].pk, cast.primary_admin.user, clock.now().date())


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_mails_say_what_why_when_and_where(cast: Cast, settings: Any, language: str) -> None:
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"
    by = cast.primary_admin
    type(by.account).objects.filter(pk=by.account.pk).update(language=language)
    failing(cast)
    send_failure(by.account.pk, payments(by)[-1].pk)
    send_overdue(by.account.pk, invoices(by)[-1].pk, 1)
    send_restored(by.account.pk)
    failure, overdue, _ = mails_to(by.user.email)[-3:]
    number = invoices(by)[-1].name
    for mail in (failure, overdue):
        assert number in str(mail["Subject"])
        assert number in text_of(mail)
        assert number in text_of(mail, "html")
        assert "95" in text_of(mail)
        assert f"/a/{cast.slug}/" in text_of(mail)


def test_who_is_switched_to_invoices_is_marked_paid_for_what_a_card_was_asked_for(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    open_ = invoices(by)[-1]
    with pytest.raises(NotOnAccount):
        mark_paid(open_.pk, None, now_of(by).date())
    use_gateway(by, "invoice")
    mark_paid(open_.pk, None, now_of(by).date())
    assert subscription(by).state == State.ACTIVE
    books_hold(by)


def test_an_invoice_that_a_card_is_being_charged_for_is_not_marked_paid(cast: Cast) -> None:
    by = cast.primary_admin
    on_invoice(cast)
    add_card(by, "4000002760003184")
    (row,) = invoices(by)
    waiting = actions.pay_invoice(row.pk, by=by)
    with pytest.raises(PurchaseUnderWay):
        mark_paid(row.pk, None, clock.now().date())
    actions.give_up(waiting.pk, by=by)
    mark_paid(row.pk, None, clock.now().date())
    assert ledger(by, "cash") == row.due
    books_hold(by)


def test_of_two_invoices_by_transfer_the_overdue_one_is_enough(cast: Cast) -> None:
    """One that may still be paid for days does not keep an account past due."""
    by = cast.primary_admin
    on_invoice(cast)
    first = invoices(by)[0]
    with clock.at(first.issued_at + timedelta(days=10)):
        buy(by, 1)
    with clock.at(first.payable_until + timedelta(days=2)):
        assert actions.step(by.account.pk) == "overdue"
        assert subscription(by).state == State.PAST_DUE
        mark_paid(first.pk, None, clock.now().date())
        assert [i.state for i in invoices(by)] == ["paid", "open"]
        assert (subscription(by).state, subscription(by).failed_at) == (State.ACTIVE, None)
        books_hold(by)
    second = invoices(by)[1]
    assert subscription(by).due_at == second.payable_until + timedelta(days=2)


def test_nothing_is_tried_again_while_the_customer_pays(cast: Cast) -> None:
    by = cast.primary_admin
    failing(cast)
    open_ = invoices(by)[-1]
    add_card(by, "4000002760003184")
    due = subscription(by).due_at
    assert due is not None
    with clock.at(due):
        waiting = actions.pay_invoice(open_.pk, by=by)
        assert waiting.state == PaymentState.CHARGING
        assert actions.step(by.account.pk) == ""
        assert not renewals.retry(by.account.pk)
        assert [p.pk for p in payments(by) if p.invoice_id == open_.pk][1:] == [waiting.pk]
        actions.give_up(waiting.pk, by=by)
    add_card(by, OTHER)
    with clock.at(due + timedelta(seconds=61)):
        assert actions.step(by.account.pk) == "retried"
        assert invoices(by)[-1].state == "paid"
        books_hold(by)
