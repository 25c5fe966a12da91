"""What a crash, a lost answer or an absent customer leaves behind is taken to its end."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from salotto.billing import actions, tasks
from salotto.billing.actions.reconciling import (
    LONGEST_WINDOW,
    SLACK,
    WINDOW,
    check_books,
    compare,
    reconcile,
)
from salotto.billing.gateways.port import Charge, Intent
from salotto.billing.models import Payment, PaymentState
from salotto.billing.notices import send_person_needed
from salotto.billing.queries import payment as find_payment
from salotto.billing.queries import quote_seats
from salotto.billing.signals import quantity_changed
from salotto.billing.verify import verify
from salotto.core import audit, clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.billing.faulty import Crash, Faulty, in_place_of_the_sandbox
from tests.billing.shop import add_card, buy, catalogue, price, quote, subscription
from tests.cast import Cast, found_cast
from tests.threads import at_once

MINUTES = timedelta(minutes=1)


def left_open(cast: Cast, faulty: Faulty, method: str, fault: str) -> Payment:
    """A purchase of four seats of which a call ended like this."""
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 4)
    faulty.faults[method] = fault
    with suppress(Crash):
        actions.buy(made.token, 4, by=by)
    left = find_payment(by.account.pk, made.id)
    assert left.state == PaymentState.CHARGING
    return left


def after(payment: Payment, wait: timedelta) -> Payment:
    """The payment after the reconciler has run so long after the claim."""
    now = payment.created_at + wait
    with clock.at(now):
        reconcile(now)
        assert verify(payment.account_id) == []
    return find_payment(payment.account_id, payment.pk)


@pytest.mark.parametrize(
    ("method", "fault", "state"),
    [
        ("create", "crash before", PaymentState.CANCELLED),
        ("create", "crash after", PaymentState.CANCELLED),
        ("create", "lost request", PaymentState.CANCELLED),
        ("create", "lost answer", PaymentState.CANCELLED),
        ("confirm", "crash before", PaymentState.CANCELLED),
        ("confirm", "lost request", PaymentState.CANCELLED),
        ("confirm", "crash after", PaymentState.PAID),
        ("confirm", "lost answer", PaymentState.PAID),
    ],
)
def test_a_purchase_is_taken_to_the_end_that_the_gateway_knows(
    cast: Cast, method: str, fault: str, state: str
) -> None:
    with in_place_of_the_sandbox() as faulty:
        left = left_open(cast, faulty, method, fault)
        assert after(left, 1 * MINUTES).state == PaymentState.CHARGING
        done = after(left, 2 * MINUTES)
        assert done.state == state
        assert bool(faulty.captured()) == (state == PaymentState.PAID)
        assert subscription(cast.primary_admin).quantity == (4 if state == PaymentState.PAID else 0)
        assert after(left, 3 * MINUTES).settled_at == done.settled_at


def test_a_challenge_gets_a_quarter_of_an_hour(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, 4)
        assert after(asked, 14 * MINUTES).state == PaymentState.CHARGING
        assert after(asked, 15 * MINUTES).state == PaymentState.CANCELLED


def test_a_challenge_that_was_passed_and_forgotten_is_settled(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, 4)
        faulty.bank(asked.intent, passed=True)
        assert after(asked, 3 * MINUTES).state == PaymentState.PAID


def test_a_renewal_goes_on(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        buy(by, 4)
        end = subscription(by).period_end
        assert end is not None
        with clock.at(end):
            faulty.faults["confirm"] = "crash before"
            with pytest.raises(Crash):
                actions.renew(by.account.pk)
            with account_scope(by.account.pk):
                left = Payment.objects.get(state=PaymentState.CHARGING)
        assert after(left, 2 * MINUTES).state == PaymentState.PAID


def test_rule_23_seats_that_cost_nothing_are_granted_without_a_gateway(cast: Cast) -> None:
    """The process dies between claim and settlement."""
    by = cast.primary_admin
    price("NOK", 0)
    made = quote_seats(4, by=by, currency="NOK")
    quantity_changed.connect(_dies)
    try:
        with pytest.raises(Crash):
            actions.buy(made.token, 4, by=by)
    finally:
        quantity_changed.disconnect(_dies)
    left = find_payment(by.account.pk, made.id)
    assert (left.state, left.amount) == (PaymentState.CHARGING, 0)
    assert after(left, 3 * MINUTES).state == PaymentState.PAID


def _dies(**_: object) -> None:
    raise Crash()


def test_a_payment_that_stays_open_is_told_to_the_operator_once(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "is slow"
        slow = buy(by, 4)
        now = slow.created_at + 61 * MINUTES
        with clock.at(now):
            for _ in range(3):
                reconcile(now)
        stuck = find_payment(by.account.pk, slow.pk)
        assert (stuck.state, stuck.needs_person) == (PaymentState.CHARGING, True)
        assert _told(slow) == 1
        faulty.bank(slow.intent, passed=True)
        with clock.at(now):
            reconcile(now)
        done = find_payment(by.account.pk, slow.pk)
        assert (done.state, done.needs_person) == (PaymentState.PAID, False)


def _told(payment: Payment) -> int:
    jobs = ProcrastinateJob.objects.filter(task_name=tasks.send_person_needed.name)
    return jobs.filter(args__payment_id=str(payment.pk)).count()


def test_the_mail_says_which_payment_and_why(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty, catalogue(support_email="books@example.com"):
        add_card(by)
        faulty.faults["confirm"] = "crash after"
        made = quote(by, 4)
        with pytest.raises(Crash):
            actions.buy(made.token, 4, by=by)
        taken = find_payment(by.account.pk, made.id)
        faulty.refund(taken.intent, 100, "by hand")
        actions.resume(taken)
        send_person_needed(by.account.pk, made.id)
    sent = mail.outbox[-1]
    assert sent.to == ["books@example.com"]
    assert str(made.id) in sent.body and "not 7600" in sent.body


def test_the_trouble_of_one_account_stops_no_other() -> None:
    class Broken(Faulty):
        def retrieve(self, intent_id: str) -> Intent:
            """Fails for one."""
            if intent_id == self.bad:
                raise RuntimeError("something nobody has thought of")
            return super().retrieve(intent_id)

        bad = ""

    with in_place_of_the_sandbox(broken := Broken()):
        first, second = found_cast(), found_cast()
        one = left_open(first, broken, "confirm", "crash after")
        two = left_open(second, broken, "confirm", "crash after")
        broken.bad = one.intent
        assert after(two, 3 * MINUTES).state == PaymentState.PAID
        assert find_payment(one.account_id, one.pk).state == PaymentState.CHARGING
        later = one.created_at + 61 * MINUTES
        with clock.at(later):
            reconcile(later)
        assert find_payment(one.account_id, one.pk).needs_person
        assert _told(one) == 1
        broken.bad = ""
        assert after(one, 3 * MINUTES).state == PaymentState.PAID


def test_several_workers_settle_each_once() -> None:
    with in_place_of_the_sandbox() as faulty:
        left = [left_open(found_cast(), faulty, "confirm", "crash after") for _ in range(4)]
        now = left[-1].created_at + 3 * MINUTES
        results = at_once(*[lambda: reconcile(now)] * 4)
        assert all(isinstance(result, int) for result in results)
        for payment in left:
            assert find_payment(payment.account_id, payment.pk).state == PaymentState.PAID
            assert verify(payment.account_id) == []


def compared(payment: Payment) -> list[str]:
    """What the nightly comparison says of this payment."""
    found = compare(payment.created_at.date())
    return [line for line in found if str(payment.pk) in line]


def test_both_sides_agree(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox():
        add_card(by)
        assert compared(buy(by, 4)) == []


def test_what_was_taken_without_a_payment_of_ours_is_reported(cast: Cast) -> None:
    with in_place_of_the_sandbox() as faulty:
        key = str(uuid4())
        charge = Charge(key, 500, "CHF", "customer", "card", True, "", cast.account.pk)
        faulty.confirm(faulty.create(charge).id, charge)
        (line,) = [line for line in compare(datetime.now(UTC).date()) if key in line]
    assert "captured 500 CHF for a payment that we do not have" in line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "failed"}, "captured 7600 CHF, but failed"),
        ({"amount": 7500, "total": 7500}, "captured 7600 CHF, not 7500 CHF"),
        ({"currency": "EUR"}, "captured 7600 CHF, not 7600 EUR"),
    ],
)
def test_what_differs_is_reported(cast: Cast, changes: dict[str, object], said: str) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox():
        add_card(by)
        payment = buy(by, 4)
        with account_scope(by.account.pk):
            Payment.objects.update(**changes)
        (line,) = compared(payment)
        assert said in line and f"account {by.account.pk}" in line


def test_what_was_paid_here_and_not_taken_there_is_reported(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        payment = buy(by, 4)
        faulty.kept.clear()
        (line,) = compared(payment)
    assert "paid 7600 CHF here, nothing captured there" in line


def test_a_refund_that_we_know_nothing_of_is_reported(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        payment = buy(by, 4)
        faulty.refund(payment.intent, 600, "by hand")
        (line,) = compared(payment)
    assert "refunded 600 CHF there, 0 here" in line


def test_a_gateway_that_cannot_be_asked_is_reported(cast: Cast) -> None:
    class Away(Faulty):
        def payments(self, since: datetime) -> list[Intent]:
            """Not to be reached."""
            raise ConnectionError("away")

    by = cast.primary_admin
    with in_place_of_the_sandbox(Away()):
        add_card(by)
        made = buy(by, 4)
        assert "gateway sandbox: could not be asked: ConnectionError" in compare(made.created_at.date())


def nightly(now: datetime, payment: Payment) -> list[str]:
    """What the check of this night says of this payment."""
    with clock.at(now):
        return [line for line in check_books(now) if str(payment.pk) in line]


def test_a_refund_of_an_older_payment_is_found_the_next_night(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        payment = buy(by, 4)
        night = payment.created_at + timedelta(days=10)
        assert nightly(night, payment) == []
        faulty.refund(payment.intent, 600, "by hand")
        (line,) = nightly(night + timedelta(days=1), payment)
    assert "refunded 600 CHF there, 0 here" in line


def test_what_was_taken_late_is_found_the_next_night(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "is slow"
        payment = buy(by, 4)
        with account_scope(by.account.pk):
            Payment.objects.update(state=PaymentState.CANCELLED)
        night = payment.created_at + timedelta(days=10)
        assert nightly(night, payment) == []
        faulty.bank(payment.intent, passed=True)
        (line,) = nightly(night + timedelta(days=1), payment)
    assert "captured 7600 CHF, but cancelled" in line


def test_nights_without_a_comparison_are_made_up_for(cast: Cast) -> None:
    """Also more than sixty of them: what counts is the last night that reached this gateway."""

    class Away(Faulty):
        def payments(self, since: datetime) -> list[Intent]:
            """Not to be reached."""
            raise ConnectionError("away")

    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        payment = buy(by, 4)
        begin = payment.created_at - timedelta(days=1)
        audit.record(0, None, "books.checked", findings=0, reached={"sandbox": begin.isoformat()})
        faulty.refund(payment.intent, 600, "by hand")
    with in_place_of_the_sandbox(Away()):
        nightly(payment.created_at + timedelta(days=90), payment)
    with in_place_of_the_sandbox(faulty):
        (line,) = nightly(payment.created_at + timedelta(days=91), payment)
        assert "refunded 600 CHF there, 0 here" in line
        assert nightly(payment.created_at + timedelta(days=92), payment) == []


def test_a_gateway_that_is_away_holds_up_its_own_comparison_alone(cast: Cast) -> None:
    """Each has the window of its own last comparison, and keeps it until it is reached again."""
    asked: list[datetime] = []

    class Asked(Faulty):
        def payments(self, since: datetime) -> list[Intent]:
            """Notes since when it was asked."""
            asked.append(since)
            return []

    add_card(cast.primary_admin)
    buy(cast.primary_admin, 4)
    now = clock.now()
    never, long_ago, yesterday = (now - timedelta(days=days) for days in (900, 300, 1))
    windows = ((yesterday, now - WINDOW), (long_ago, long_ago), (never, now - LONGEST_WINDOW))
    for mine, first in windows:
        reached = {"sandbox": mine.isoformat(), "other": long_ago.isoformat()}
        audit.record(0, None, "books.checked", findings=0, reached=reached)
        with in_place_of_the_sandbox(Asked()):
            check_books(now)
        day = first.astimezone(UTC).date()
        assert (asked.pop() + SLACK).date() == day and not asked
        last = AuditEntry.objects.filter(account_id=0, verb="books.checked").order_by("-id")[0]
        assert last.detail["reached"] == last.detail["reached"] | reached | {"sandbox": now.isoformat()}
