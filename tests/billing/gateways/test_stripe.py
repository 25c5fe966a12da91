"""Stripe's adapter beyond the contract: what each error means, keys, versions, pages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import Charge, GatewayRefused, IntentState, OutcomeUnknown
from salotto.billing.gateways.sandbox import Sandbox
from salotto.billing.gateways.stripe import VERSION, StripeGateway
from salotto.billing.gateways.stripe_objects import reason_of
from salotto.core import clock
from tests.billing.fake_stripe import FakeStripe
from tests.billing.gateways.rigs import SandboxRig, StripeRig, rig_of
from tests.cast import Cast
from tests.threads import at_once

S = IntentState


@pytest.fixture
def rig(cast: Cast) -> Iterator[StripeRig]:
    with rig_of("stripe", cast.account.pk) as found:
        assert isinstance(found, StripeRig)
        yield found


@pytest.fixture
def fake(rig: StripeRig) -> FakeStripe:
    return rig.fake


def port_of(fake: FakeStripe, key: str = "", timeout: float = 5) -> StripeGateway:
    return StripeGateway(key or fake.secret_key, "pk", fake.webhook_secret, fake.url, timeout)


def confirms(fake: FakeStripe) -> int:
    return sum(path.endswith("/confirm") for _, path in fake.requests)


@pytest.mark.parametrize("fault", ["busy", "in_progress", "lose_request", "lose_answer"])
@pytest.mark.parametrize("what", ["create", "confirm", "cancel", "retrieve", "refund"])
def test_what_says_nothing_about_the_payment_is_unknown(rig: StripeRig, fault: str, what: str) -> None:
    charge = rig.charge()
    port, made = rig.port, rig.port.create(charge)
    if what == "refund":
        port.confirm(made.id, charge)
    calls = {
        "create": lambda: port.create(rig.charge(method=charge.method)),
        "confirm": lambda: port.confirm(made.id, charge),
        "cancel": lambda: port.cancel(made.id),
        "retrieve": lambda: port.retrieve(made.id),
        "refund": lambda: port.refund(made.id, 100, "key"),
    }
    rig.fake.next(fault)
    with pytest.raises(OutcomeUnknown):
        calls[what]()
    calls[what]()
    assert rig.captured(charge) in (0, 3800)
    assert rig.fake.refunded("EUR") == (100 if what == "refund" else 0)


@pytest.mark.parametrize("fault", ["fail_before", "fail_after"])
def test_a_failure_of_stripes_own_does_not_hold_a_payment_up(rig: StripeRig, fault: str) -> None:
    charge = rig.charge()
    rig.fake.next(fault, "/v1/payment_intents")
    made = rig.port.create(charge)
    assert rig.port.create(charge).id == made.id  # the failure is remembered, and so is the second try
    rig.fake.next(fault, "confirm")
    assert rig.port.confirm(made.id, charge).state is S.SUCCEEDED
    assert rig.captured(charge) == 3800


def test_stripe_down_for_good_is_unknown_and_charges_once_when_it_is_back(rig: StripeRig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    rig.fake.next("fail_before", "confirm", times=2)
    with pytest.raises(OutcomeUnknown):
        rig.port.confirm(made.id, charge)
    rig.fake.forget_keys()
    assert rig.port.confirm(made.id, charge).captured == 3800


def test_a_slow_answer_is_unknown(rig: StripeRig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    rig.fake.next("hold", "confirm")
    with pytest.raises(OutcomeUnknown):
        port_of(rig.fake, timeout=0.2).confirm(made.id, charge)
    rig.fake.release()
    assert rig.port.confirm(made.id, charge).captured == 3800
    assert rig.captured(charge) == 3800


def test_the_library_does_not_try_again_by_itself(rig: StripeRig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    rig.fake.next("lose_answer", "confirm")
    with pytest.raises(OutcomeUnknown):
        rig.port.confirm(made.id, charge)
    assert confirms(rig.fake) == 1


def test_a_wrong_key_refuses_what_begins_and_leaves_open_what_was_begun(rig: StripeRig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    wrong = port_of(rig.fake, key="sk_test_wrong")
    with pytest.raises(GatewayRefused):
        wrong.create(rig.charge())
    for call in (
        lambda: wrong.confirm(made.id, charge),
        lambda: wrong.cancel(made.id),
        lambda: wrong.retrieve(made.id),
    ):
        with pytest.raises(OutcomeUnknown):
            call()


def test_without_keys_every_call_is_refused(settings: object) -> None:
    with pytest.raises(GatewayRefused):
        StripeGateway("", "", "").ensure_customer(1, "Conti", "", "")


def test_one_key_is_one_payment_whatever_else_is_asked(rig: StripeRig) -> None:
    charge = rig.charge()
    rig.port.create(charge)
    with pytest.raises(GatewayRefused):
        rig.port.create(replace(charge, amount=100))


def test_the_version_is_pinned(fake: FakeStripe) -> None:
    assert fake.versions == {VERSION}


def test_a_refund_is_given_once_even_days_later(rig: StripeRig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    rig.fake.next("lose_answer", "/v1/refunds")  # the look at the refunds
    with pytest.raises(OutcomeUnknown):
        rig.port.refund(won.id, 800, "credit-7")
    rig.port.refund(won.id, 800, "credit-7")
    rig.fake.forget_keys()
    assert rig.port.refund(won.id, 800, "credit-7").refunded == 800


def test_payments_are_listed_over_all_pages_with_those_that_are_not_ours(rig: StripeRig) -> None:
    customer = {"customer": rig.customer}
    for _ in range(205):
        rig.fake.world.create_payment({"amount": "100", "currency": "eur", **customer})
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    rig.port.refund(won.id, 800, str(uuid4()))
    found = list(rig.port.payments(clock.now() - timedelta(minutes=5)))
    assert len(found) == 206
    assert [(one.captured, one.refunded) for one in found if one.key == charge.key] == [(3800, 800)]
    assert {one.key for one in found} == {"", charge.key}


def test_a_listing_that_breaks_off_is_unknown_and_not_short(rig: StripeRig) -> None:
    rig.port.create(rig.charge())
    rig.fake.next("lose_answer", "/v1/payment_intents")
    with pytest.raises(OutcomeUnknown):
        list(rig.port.payments(clock.now() - timedelta(minutes=5)))


def test_confirmed_by_several_at_once_it_is_charged_once(rig: StripeRig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    results = at_once(*[lambda: rig.port.confirm(made.id, charge)] * 4, lambda: rig.port.cancel(made.id))
    assert not [one for one in results if isinstance(one, Exception)]
    end = rig.port.retrieve(made.id)
    assert (end.state, end.captured) in ((S.SUCCEEDED, 3800), (S.CANCELLED, 0))
    assert len({one.state for one in results} & {S.SUCCEEDED, S.CANCELLED}) == 1


def test_the_sandbox_confirmed_and_cancelled_at_once_does_one_of_them(cast: Cast) -> None:
    with rig_of("sandbox", cast.account.pk) as rig:
        assert isinstance(rig, SandboxRig)
        charge = rig.charge()
        made = rig.port.create(charge)
        results = at_once(*[lambda: rig.port.confirm(made.id, charge)] * 4, lambda: rig.port.cancel(made.id))
        assert not [one for one in results if isinstance(one, Exception)]
        assert len({one.state for one in results}) == 1
        assert rig.captured(charge) == (3800 if results[0].state is S.SUCCEEDED else 0)


def test_the_sandbox_created_at_once_is_one_payment(cast: Cast) -> None:
    with rig_of("sandbox", cast.account.pk) as rig:
        charge = rig.charge()
        assert len({one.id for one in at_once(*[lambda: rig.port.create(charge)] * 5)}) == 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ({"code": "card_declined", "decline_code": "generic_decline"}, "declined"),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds"),
        ({"code": "card_declined", "decline_code": "lost_card"}, "declined"),
        ({"code": "authentication_required", "decline_code": "authentication_required"}, "challenge_failed"),
        ({"code": "payment_intent_authentication_failure"}, "challenge_failed"),
        ({"code": "expired_card"}, "expired_card"),
        ({"code": "card_declined", "decline_code": "try_again_later"}, "processing_error"),
        ({"code": "something_new"}, "declined"),
        ({}, "declined"),
    ],
)
def test_a_decline_has_one_of_our_reasons(failure: dict[str, str], reason: str) -> None:
    assert reason_of(failure) == reason


def test_each_gateway_is_made_once() -> None:
    assert gateway("sandbox") is gateway("sandbox")
    with pytest.raises(LookupError):
        gateway("nobody")


def test_in_production_the_sandbox_does_nothing_at_all(cast: Cast, settings: object) -> None:
    with rig_of("sandbox", cast.account.pk) as rig:
        charge: Charge = rig.charge()
        made = rig.port.create(charge)
        settings.OPTIONS = replace(settings.OPTIONS, production=True)  # type: ignore[attr-defined]
        for call in (
            lambda: rig.port.create(charge),
            lambda: rig.port.confirm(made.id, charge),
            lambda: rig.port.retrieve(made.id),
            lambda: rig.port.cancel(made.id),
            lambda: rig.port.refund(made.id, 1, "k"),
            lambda: list(rig.port.payments(clock.now())),
            lambda: rig.port.begin_card(rig.customer, "k"),
            lambda: rig.port.finish_card(rig.customer, "4242424242424242"),
            lambda: rig.port.remove_card(charge.method),
            lambda: Sandbox().answer_challenge(made.id, True),
        ):
            with pytest.raises(ImproperlyConfigured):
                call()
