"""Payments without an outcome: nothing is granted but by the gateway's word."""

from typing import Any
from uuid import uuid4

import pytest

from salotto.accounts.models import User
from salotto.billing.actions import attention
from salotto.billing.actions.attention import MoneyStillThere, NoAnswer, NotOpen
from salotto.billing.actions.collecting import call_person
from salotto.billing.gateways import gateway
from salotto.billing.models import Payment, PaymentState
from salotto.billing.operators import OperatorsOnly
from salotto.billing.queries import payment as find_payment
from salotto.core.errors import Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.billing import shop
from tests.cast import Cast

ANSWER_LOST, NOT_CHARGED, CHALLENGE = "4000000000007726", "4000000000007734", "4000002500003155"


def bought_with(cast: Cast, card: str) -> Payment:
    """A purchase of three seats with a card that leaves it open."""
    shop.add_card(cast.primary_admin, card)
    payment = shop.buy(cast.primary_admin, 3)
    assert payment.state == PaymentState.CHARGING
    return payment


def with_another_amount(cast: Cast) -> Payment:
    """An open purchase of which the gateway has captured another amount than was asked."""
    payment = bought_with(cast, ANSWER_LOST)
    with account_scope(cast.account.pk):
        more = payment.amount + 1
        Payment.objects.filter(pk=payment.pk).update(total=more, amount=more)
    return find_payment(cast.account.pk, payment.pk)


def path(payment: Payment, verb: str) -> str:
    return f"/operator/purchases/{payment.account_id}/{payment.pk}/{verb}/"


def test_a_lost_answer_is_found_by_asking_again(cast: Cast, operator: User, pages: Any) -> None:
    payment = bought_with(cast, ANSWER_LOST)
    answer = pages.post(path(payment, "ask"), follow=True)
    assert "the purchase is complete" in answer.text
    assert shop.subscription(cast.primary_admin).quantity == 3
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="payment.asked")
    assert (entry.actor_id, entry.detail["state"]) == (operator.pk, "paid")


def test_asking_twice_buys_once(cast: Cast, pages: Any) -> None:
    payment = bought_with(cast, ANSWER_LOST)
    assert pages.post(path(payment, "ask")).status_code == 302
    again = pages.post(path(payment, "ask"))
    assert again.status_code == 409
    assert len(shop.invoices(cast.primary_admin)) == 1


def test_what_was_never_charged_is_cancelled_and_grants_nothing(cast: Cast, operator: User) -> None:
    payment = bought_with(cast, NOT_CHARGED)
    after = attention.cancel_stuck(cast.account.pk, payment.pk, by=operator)
    assert after.state == PaymentState.CANCELLED
    assert shop.subscription(cast.primary_admin).quantity == 0


def test_what_was_charged_is_not_cancelled_but_settled(cast: Cast) -> None:
    payment = bought_with(cast, ANSWER_LOST)
    after = attention.cancel_stuck(cast.account.pk, payment.pk, by=None)
    assert after.state == PaymentState.PAID
    assert AuditEntry.objects.get(account_id=cast.account.pk, verb="payment.cancel_asked").actor_id is None


def test_an_unanswered_challenge_is_cancelled(cast: Cast, operator: User) -> None:
    payment = bought_with(cast, CHALLENGE)
    assert attention.cancel_stuck(cast.account.pk, payment.pk, by=operator).state == PaymentState.CANCELLED


def test_another_amount_needs_a_person_and_is_closed_only_when_it_went_back(
    cast: Cast, operator: User, pages: Any
) -> None:
    payment = with_another_amount(cast)
    after = attention.ask_gateway(cast.account.pk, payment.pk, by=operator)
    assert (after.state, after.needs_person) == (PaymentState.CHARGING, True)
    assert "not 5701" in after.error
    text = pages.get("/operator/purchases/").text
    for shown in (str(payment.pk), after.intent, "not 5701"):
        assert shown in text

    refused = pages.post(path(payment, "close"))
    assert refused.status_code == 409 and "still holds CHF" in refused.text
    with pytest.raises(MoneyStillThere):
        attention.close_returned(cast.account.pk, payment.pk, by=operator)

    gateway("sandbox").refund(after.intent, after.amount - 1, "back")
    assert pages.post(path(payment, "close")).status_code == 302
    closed = find_payment(cast.account.pk, payment.pk)
    assert (closed.state, closed.error_code, closed.needs_person) == (PaymentState.FAILED, "returned", False)
    assert shop.subscription(cast.primary_admin).quantity == 0
    assert shop.invoices(cast.primary_admin) == []


def test_what_the_gateway_has_not_decided_is_not_closed(cast: Cast, operator: User) -> None:
    payment = bought_with(cast, CHALLENGE)
    with pytest.raises(NoAnswer):
        attention.close_returned(cast.account.pk, payment.pk, by=operator)


def test_s1_an_operator_who_is_none_and_members_do_nothing(cast: Cast) -> None:
    payment = bought_with(cast, CHALLENGE)
    for act in (attention.ask_gateway, attention.cancel_stuck, attention.close_returned):
        for member in cast.members().values():
            with pytest.raises(OperatorsOnly):
                act(cast.account.pk, payment.pk, by=member.user)


def test_payments_of_another_account_and_unknown_ones_are_missing(
    cast: Cast, operator: User, pages: Any
) -> None:
    payment = bought_with(cast, CHALLENGE)
    with pytest.raises(Missing):
        attention.ask_gateway(cast.outsider.account.pk, payment.pk, by=operator)
    with pytest.raises(Missing):
        attention.ask_gateway(cast.account.pk, uuid4(), by=operator)
    assert pages.post(f"/operator/purchases/{cast.outsider.account.pk}/{payment.pk}/ask/").status_code == 404
    assert pages.post(path(payment, "grant")).status_code == 404
    assert pages.post(f"/operator/purchases/{2**64}/{payment.pk}/ask/").status_code == 404


def test_what_is_closed_stays_closed(cast: Cast, operator: User) -> None:
    shop.add_card(cast.primary_admin)
    payment = shop.buy(cast.primary_admin, 3)
    for act in (attention.ask_gateway, attention.cancel_stuck, attention.close_returned):
        with pytest.raises(NotOpen):
            act(cast.account.pk, payment.pk, by=operator)


def test_the_overview_names_what_needs_a_person(cast: Cast, pages: Any) -> None:
    call_person(bought_with(cast, CHALLENGE), "captured 1 CHF, not 2")
    text = pages.get("/operator/").text
    assert "Needs a person" in text
    assert "All is quiet" not in text
