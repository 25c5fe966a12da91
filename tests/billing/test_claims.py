"""What a claim, a settlement and a gateway may do to each other, one step at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from salotto.accounts.models import Access
from salotto.billing import actions
from salotto.billing.actions import collecting
from salotto.billing.actions.credits import grant_credit
from salotto.billing.errors import Declined, OverGatewayLimit, PurchaseUnderWay, QuoteOver
from salotto.billing.models import Invoice, Payment, PaymentState, State, Subscription
from salotto.billing.queries import payment as find_payment
from salotto.billing.quotes import make_quote
from salotto.billing.standing import standing
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.errors import Refused
from salotto.core.tenancy import account_scope
from salotto.seats.actions import set_access
from salotto.seats.errors import TooManyAgents
from salotto.seats.models import SeatChange
from salotto.seats.queries import plan
from tests.billing.faulty import Crash, Faulty, in_place_of_the_sandbox
from tests.billing.shop import add_card, buy, invoices, quote, subscription, use_gateway
from tests.cast import Cast
from tests.threads import await_waiting


def test_rule_20_refused_a_first_purchase_leaves_no_payment(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 2)
    with pytest.raises(TooManyAgents):
        actions.buy(made.token, 2, by=by)
    with account_scope(by.account.pk):
        assert not Payment.objects.exists()


def test_a_second_click_gets_the_purchase_even_if_the_quote_could_not_be_made_now(cast: Cast) -> None:
    """So many seats that as many more would be over the gateway's limit, which they are not."""
    by = cast.primary_admin
    add_card(by)
    most = 99_999_999 // 1900
    made = quote(by, most)
    first = actions.buy(made.token, most, by=by)
    with account_scope(by.account.pk):
        Subscription.objects.update(state=State.PAST_DUE)
    assert actions.buy(made.token, most, by=by).pk == first.pk
    with account_scope(by.account.pk):
        Subscription.objects.update(state=State.ACTIVE)
    with pytest.raises(OverGatewayLimit):
        quote(by, most + 1)


def test_s5_a_plan_has_no_upper_limit_but_the_gateways_per_charge(cast: Cast) -> None:
    """As many seats as one likes, in charges that the gateway takes; more is refused unwritten."""
    by = cast.primary_admin
    add_card(by)
    most = 99_999_999 // 1900
    with pytest.raises(OverGatewayLimit):
        quote(by, most + 1)
    with account_scope(by.account.pk):
        assert not Payment.objects.exists()
    buy(by, most)
    buy(by, most)
    with account_scope(by.account.pk):
        assert Subscription.objects.get().quantity == 2 * most


def test_an_invoice_is_not_paid_by_promising_to_pay_it(cast: Cast) -> None:
    by = cast.primary_admin
    use_gateway(by, "invoice")
    buy(by, 3)
    (invoice,) = invoices(by)
    assert invoice.state == "open"
    with pytest.raises(Refused):
        actions.pay_invoice(invoice.pk, by=by)
    assert invoices(by)[0].state == "open"
    assert verify(by.account.pk) == []


def test_money_that_was_given_back_grants_nothing(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.faults["confirm"] = "crash after"
        made = quote(by, 3)
        with pytest.raises(Crash):
            actions.buy(made.token, 3, by=by)
        payment = find_payment(by.account.pk, made.id)
        faulty.refund(payment.intent, payment.amount, "by hand")
        after = actions.resume(payment)
    assert (after.state, after.needs_person) == (PaymentState.CHARGING, True)
    assert subscription(by).quantity == 0


def test_a_removal_that_is_taken_back_during_a_purchase_is_not_bought_back_again(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        buy(by, 5)
        _next(by, 3, SeatChange.Kind.REMOVAL_SCHEDULED)
        faulty.outcome = "asks"
        asked = buy(by, 3)  # 6 seats now and later, one of them new
        assert (asked.delta, asked.next_to) == (1, 6)
        _next(by, 5, SeatChange.Kind.REMOVAL_WITHDRAWN)
        faulty.bank(asked.intent, passed=True)
        assert actions.continue_purchase(asked.pk, by=by).state == PaymentState.PAID
    sub = subscription(by)
    assert (sub.quantity, sub.quantity_next) == (6, 6)
    assert verify(by.account.pk) == []


def _next(by: object, quantity: int, kind: str) -> None:
    account = by.account.pk  # type: ignore[attr-defined]
    actions.schedule_quantity(account, quantity, actor_id=None, kind=kind, reason="a test")


def test_an_account_that_lapses_during_its_first_purchase_acts_again_when_it_is_paid(cast: Cast) -> None:
    by = cast.primary_admin

    class Lapsing(Faulty):
        def confirm(self, *given: object) -> object:  # type: ignore[override]
            _lapse(by.account.pk)
            return super().confirm(*given)  # type: ignore[arg-type]

    with in_place_of_the_sandbox(Lapsing()):
        add_card(by)
        buy(by, 3)
    assert not cast.again(by).account.read_only
    assert subscription(by).state == State.ACTIVE


def _lapse(account: int) -> None:
    from django.db import transaction

    from salotto.accounts.actions import set_read_only

    with transaction.atomic(), account_scope(account):
        Subscription.objects.update(state=State.LAPSED)
        set_read_only(account, True)


def test_the_next_renewal_is_due_by_the_clock_as_it_is_when_settled(cast: Cast) -> None:
    """The account's own clock may be set forward while the bank asks."""
    by = cast.primary_admin

    class Jumping(Faulty):
        def confirm(self, *given: object) -> object:  # type: ignore[override]
            with account_scope(by.account.pk):
                Subscription.objects.update(ahead=86_400)
            return super().confirm(*given)  # type: ignore[arg-type]

    with in_place_of_the_sandbox(Jumping()):
        add_card(by)
        buy(by, 3)
    sub = subscription(by)
    assert sub.period_end is not None
    assert sub.due_at == sub.period_end - timedelta(seconds=86_400)


def test_a_seat_is_not_given_away_while_a_first_purchase_is_charged(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, 3)
        with pytest.raises(PurchaseUnderWay):
            set_access(cast.nobody.user.pk, Access.AGENT, by=by)
        faulty.bank(asked.intent, passed=True)
        actions.continue_purchase(asked.pk, by=by)
    with account_scope(by.account.pk):
        assert (plan().seats, plan().in_use) == (3, 3)


def test_a_refused_create_looks_for_the_payment_that_another_request_has_made(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.faults["confirm"] = "lost answer"
        made = quote(by, 3)
        open_one = actions.buy(made.token, 3, by=by)
        stale = find_payment(by.account.pk, open_one.pk)
        stale.intent = ""
        faulty.by_key.clear()
        again = collecting._refused(stale, faulty, collecting.GatewayRefused("another request has it"), None)
    assert again.state == PaymentState.PAID


def test_giving_up_waits_a_quarter_of_an_hour_for_a_challenge(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, 3)
        with clock.at(asked.created_at + timedelta(minutes=14)):
            assert actions.resume(asked, giving_up=True).state == PaymentState.CHARGING
        with clock.at(asked.created_at + timedelta(minutes=15)):
            assert actions.resume(asked, giving_up=True).state == PaymentState.CANCELLED


def test_a_decline_after_a_challenge_is_said(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, 3)
        faulty.bank(asked.intent, passed=False)
        with pytest.raises(Declined):
            actions.continue_purchase(asked.pk, by=by)
    with account_scope(by.account.pk):
        assert not Invoice.objects.exists()


def test_s11_what_changes_while_a_claim_waits_ends_the_quote(cast: Cast) -> None:
    """The account was read before a credit was committed: the claim itself looks once more."""
    by = cast.primary_admin
    add_card(by)
    buy(by, 3)
    made = quote(by, 2)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            grant_credit(by.account.pk, 100, "CHF", "a test", None)
            buying = pool.submit(_alone, lambda: actions.buy(made.token, 2, by=by))
            await_waiting(_pid())
        with pytest.raises(QuoteOver):
            buying.result(30)
    assert subscription(by).quantity == 3
    assert len(invoices(by)) == 1
    assert verify(by.account.pk) == []


def _alone(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


def _pid() -> int:
    with connection.cursor() as db:
        db.execute("SELECT pg_backend_pid()")
        return int(db.fetchone()[0])


def test_s12_what_was_paid_for_in_this_period_is_not_charged_again(cast: Cast) -> None:
    """High water, not the present quantity, is what new seats are counted from (rule 18)."""
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    now = standing(by.account.pk)
    now.subscription.high_water = 9
    charged = {add: make_quote(now, add, currency="CHF").delta for add in (1, 4, 5, 7)}
    assert charged == {1: 0, 4: 0, 5: 1, 7: 3}
