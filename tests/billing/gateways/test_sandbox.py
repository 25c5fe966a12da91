"""The simulated gateway: its cards, its bank, its side of the wire."""

from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from salotto.billing.gateways.cards import TEST_CARDS
from salotto.billing.gateways.port import Charge, GatewayRefused, IntentState, OutcomeUnknown
from salotto.billing.gateways.sandbox import Sandbox
from salotto.core import clock
from tests.cast import Cast

S = IntentState


def charge_with(cast: Cast, number: str, **options: object) -> Charge:
    """A charge of €38.00 to the test card of this number."""
    bank = Sandbox()
    customer = bank.ensure_customer(cast.account.pk, "Conti", "giulia@example.com", "")
    card = bank.finish_card(customer, number)
    given = {"amount": 3800, "currency": "EUR", "on_session": True, **options}
    return Charge(
        key=str(uuid4()),
        customer=customer,
        method=card.token,
        description="5 seats",
        account_id=cast.account.pk,
        **given,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("number", "on_session", "state", "reason"),
    [
        ("4242424242424242", True, S.SUCCEEDED, ""),
        ("4242424242424242", False, S.SUCCEEDED, ""),
        ("5555555555554444", True, S.SUCCEEDED, ""),
        ("4000000000000002", True, S.DECLINED, "declined"),
        ("4000000000009995", False, S.DECLINED, "insufficient_funds"),
        ("4000002500003155", True, S.CHALLENGE, ""),
        ("4000002500003155", False, S.SUCCEEDED, ""),
        ("4000002760003184", True, S.CHALLENGE, ""),
        ("4000002760003184", False, S.DECLINED, "challenge_failed"),
        ("4000000000000069", True, S.DECLINED, "expired_card"),
        ("4000000000000127", True, S.DECLINED, "incorrect_cvc"),
        ("4000000000000119", True, S.DECLINED, "processing_error"),
    ],
)
def test_each_test_card_does_what_its_number_says(
    cast: Cast, number: str, on_session: bool, state: IntentState, reason: str
) -> None:
    charge = charge_with(cast, number, on_session=on_session)
    bank = Sandbox()
    got = bank.confirm(bank.create(charge).id, charge)
    assert (got.state, got.reason, got.captured) == (state, reason, 3800 if state is S.SUCCEEDED else 0)


def test_a_lost_answer_has_charged_the_card_once(cast: Cast) -> None:
    charge = charge_with(cast, "4000000000007726")
    bank = Sandbox()
    made = bank.create(charge)
    with pytest.raises(OutcomeUnknown):
        bank.confirm(made.id, charge)
    assert bank.retrieve(made.id).captured == 3800
    assert bank.confirm(made.id, charge).captured == 3800


def test_a_lost_request_has_charged_nothing(cast: Cast) -> None:
    charge = charge_with(cast, "4000000000007734")
    bank = Sandbox()
    made = bank.create(charge)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            bank.confirm(made.id, charge)
    assert bank.retrieve(made.id).state is S.UNCONFIRMED
    assert bank.cancel(made.id).state is S.CANCELLED


def test_every_card_of_the_list_can_be_added(cast: Cast) -> None:
    for number in TEST_CARDS:
        charge_with(cast, number)


def test_no_other_number_can_be_added(cast: Cast) -> None:
    customer = Sandbox().ensure_customer(cast.account.pk, "Conti", "", "")
    with pytest.raises(GatewayRefused):
        Sandbox().finish_card(customer, "4111111111111111")


def test_it_is_refused_inside_a_transaction(cast: Cast) -> None:
    charge = charge_with(cast, "4242424242424242")
    with pytest.raises(RuntimeError), transaction.atomic():
        Sandbox().create(charge)


def test_it_is_refused_in_production(cast: Cast, settings: object) -> None:
    from dataclasses import replace

    settings.OPTIONS = replace(settings.OPTIONS, production=True)  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured):
        Sandbox().ensure_customer(cast.account.pk, "Conti", "", "")


def test_the_card_that_has_expired_has_a_date_in_the_past(cast: Cast) -> None:
    bank, year = Sandbox(), clock.now().year
    customer = bank.ensure_customer(cast.account.pk, "Conti", "giulia@example.com", "")
    assert bank.finish_card(customer, "4000000000000069").exp_year < year
    assert bank.finish_card(customer, "4242424242424242").exp_year > year
