"""Rule 20 and 23: reminders of a trial, and its end."""

from datetime import timedelta
from typing import Any

import pytest

from salotto.billing import actions
from salotto.billing.mails_dunning import send_trial_over, send_trial_reminder
from salotto.billing.models import State
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.seats.models import SeatChange
from salotto.seats.queries import plan
from tests.billing.later import (
    after_downtime,
    books_hold,
    change,
    costly,
    days_later,
    jobs,
    now_of,
    read_only,
    to_next,
)
from tests.billing.shop import add_card, buy, price, subscription
from tests.cast import Cast
from tests.mailbox import mails_to, text_of


def test_rule_20_three_reminders_7_3_and_1_day_before_the_end(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    change(by, gateway="sandbox")
    ends = subscription(by).trial_ends_at
    assert ends is not None
    for days in (7, 3, 1):
        assert to_next(by) == ["trial_reminder"]
        assert timedelta() <= now_of(by) - (ends - timedelta(days=days)) <= timedelta(seconds=2)
    assert [job["days"] for job in jobs(by, "send_trial_reminder")] == [7, 3, 1]
    assert to_next(by) == ["trial_over"]
    assert subscription(by).due_at is None


def test_rule_20_after_a_downtime_only_the_latest_reminder_is_sent(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    assert after_downtime(by, timedelta(days=11, hours=1)) == "trial_reminder"
    assert [job["days"] for job in jobs(by, "send_trial_reminder")] == [3]
    assert after_downtime(by, timedelta(days=12)) == ""


def test_rule_20_an_unpaid_end_makes_every_agent_read_only_and_deletes_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    change(by, gateway="sandbox")
    days_later(by, 15)
    sub = subscription(by)
    assert (sub.state, sub.quantity, read_only(by)) == (State.LAPSED, 0, True)
    with account_scope(by.account.pk):
        assert plan().in_use == 3  # everybody keeps the own seat, and reads
        last = SeatChange.objects.order_by("-id").first()
        assert last is not None
        assert (last.kind, last.seats_after) == ("trial_over", 3)
    assert len(jobs(by, "send_trial_over")) == 1
    books_hold(by)


def test_rule_20_the_end_comes_at_its_second_and_not_before(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    change(by, reminded=3)
    ends = subscription(by).trial_ends_at
    assert ends is not None
    change(by, due_at=ends)
    with clock.at(ends - timedelta(seconds=1)):
        assert actions.step(by.account.pk) == ""
    with clock.at(ends):
        assert actions.step(by.account.pk) == "trial_over"


def test_rule_20_buying_after_the_end_lets_everybody_answer_again(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    add_card(by)
    days_later(by, 15)
    buy(by, 3)
    assert (subscription(by).state, read_only(by)) == (State.ACTIVE, False)
    books_hold(by)


def test_rule_20_a_purchase_in_the_trial_ends_its_reminders(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 4)
    due = subscription(by)
    assert due.due_at == due.period_end


def test_rule_23_a_trial_that_costs_nothing_becomes_a_plan_by_itself(cast: Cast) -> None:
    by = cast.primary_admin
    price("DKK", 0)
    change(by, gateway="sandbox", currency="DKK")
    done = days_later(by, 15)
    assert done[-1] == "free_plan"
    sub = subscription(by)
    assert (sub.state, sub.quantity, sub.currency, read_only(by)) == (State.ACTIVE, 20, "DKK", False)
    books_hold(by)
    assert days_later(by, 40)[0] == "renewed"
    assert (subscription(by).state, subscription(by).quantity) == (State.ACTIVE, 20)
    books_hold(by)


@pytest.mark.parametrize(("language", "word"), [("en", "trial"), ("it", "")])
def test_the_mails_of_a_trial_are_text_and_html(cast: Cast, settings: Any, language: str, word: str) -> None:
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"
    by = cast.primary_admin
    type(by.account).objects.filter(pk=by.account.pk).update(language=language)
    send_trial_reminder(by.account.pk, 7)
    send_trial_over(by.account.pk)
    reminder, over = mails_to(by.user.email)[-2:]
    assert f"/a/{cast.slug}/" in text_of(reminder)
    assert by.account.name in text_of(over, "html")
    assert word in str(reminder["Subject"])
