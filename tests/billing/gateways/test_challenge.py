"""The sandbox's bank: who may answer, and what becomes of the payment."""

import pytest

from salotto.billing import actions
from salotto.billing.errors import Declined
from salotto.billing.models import Payment, PaymentState
from tests.billing import shop
from tests.cast import Cast

ASKS = "4000002760003184"


@pytest.fixture
def asked(cast: Cast) -> Payment:
    """A purchase that the bank asks about."""
    shop.add_card(cast.primary_admin, ASKS)
    payment = shop.buy(cast.primary_admin, 3)
    assert payment.state == PaymentState.CHARGING and payment.challenge is not None
    assert payment.challenge["gateway"] == "sandbox"
    return payment


def address(payment: Payment) -> str:
    assert payment.challenge is not None
    return payment.challenge["address"]


def test_the_bank_asks_and_a_yes_completes_the_purchase(cast: Cast, asked: Payment) -> None:
    client = cast.client(cast.primary_admin)
    page = client.get(address(asked))
    assert page.status_code == 200 and 'value="complete"' in page.content.decode()
    answered = client.post(address(asked), {"answer": "complete"}, headers={"HX-Request": "true"})
    assert answered.status_code == 200
    assert 'data-challenge="passed"' in answered.content.decode() and "<html" not in answered.content.decode()
    assert actions.continue_purchase(asked.pk, by=cast.primary_admin).state == PaymentState.PAID


def test_a_no_declines_it_and_nothing_is_charged(cast: Cast, asked: Payment) -> None:
    answered = cast.client(cast.primary_admin).post(address(asked), {"answer": "fail"})
    assert 'data-challenge="over"' in answered.content.decode()
    with pytest.raises(Declined) as refused:
        actions.continue_purchase(asked.pk, by=cast.primary_admin)
    assert refused.value.reason == "challenge_failed"
    assert shop.invoices(cast.primary_admin) == []


def test_an_answer_after_giving_up_changes_nothing(cast: Cast, asked: Payment) -> None:
    assert actions.give_up(asked.pk, by=cast.primary_admin).state == PaymentState.CANCELLED
    answered = cast.client(cast.primary_admin).post(address(asked), {"answer": "complete"})
    assert 'data-challenge="over"' in answered.content.decode()
    assert shop.invoices(cast.primary_admin) == []


def test_giving_up_after_the_answer_settles(cast: Cast, asked: Payment) -> None:
    cast.client(cast.primary_admin).post(address(asked), {"answer": "complete"})
    assert actions.give_up(asked.pk, by=cast.primary_admin).state == PaymentState.PAID


def test_s1_nobody_else_answers_the_bank(cast: Cast, asked: Payment) -> None:
    for name, member in cast.members().items():
        if name != "primary_admin":
            answer = cast.client(member).post(address(asked), {"answer": "complete"})
            assert answer.status_code == (404 if name == "outsider" else 403)
    other = address(asked).replace(cast.slug, cast.outsider.account.slug)
    assert cast.client(cast.outsider).post(other, {"answer": "complete"}).status_code == 404
    assert cast.client().post(address(asked), {"answer": "complete"}).status_code == 302


def test_the_bank_takes_no_other_answer(cast: Cast, asked: Payment) -> None:
    client = cast.client(cast.primary_admin)
    assert client.post(address(asked), {"answer": "maybe"}).status_code == 400
    assert client.get(address(asked)[:-2] + "x/").status_code == 404
