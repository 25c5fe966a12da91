"""One contract for every gateway. What differs is said by the rig, nothing is skipped."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from salotto.billing.gateways import NAMES
from salotto.billing.gateways.port import REASONS, Forged, GatewayRefused, IntentState, OutcomeUnknown
from salotto.core import clock
from tests.billing.gateways.rigs import Rig, rig_of
from tests.cast import Cast, found_cast

S = IntentState


@pytest.fixture(params=NAMES)
def rig(request: pytest.FixtureRequest, cast: Cast) -> Iterator[Rig]:
    """Each gateway in turn."""
    with rig_of(request.param, cast.account.pk) as found:
        yield found


def test_the_customer_of_an_account_is_one(rig: Rig) -> None:
    again = rig.port.ensure_customer(rig.account_id, "Conti", "giulia@example.com", "")
    assert again == rig.customer
    assert rig.port.ensure_customer(rig.account_id, "Other name", "", again) == again


def test_creating_again_gives_the_same_payment(rig: Rig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    assert (made.state, made.amount, made.currency, made.key) == (S.UNCONFIRMED, 3800, "EUR", charge.key)
    assert rig.port.create(charge).id == made.id
    assert made.captured == 0


def test_two_charges_are_two_payments(rig: Rig) -> None:
    assert rig.port.create(rig.charge()).id != rig.port.create(rig.charge()).id


def test_confirming_collects(rig: Rig) -> None:
    charge = rig.charge()
    got = rig.port.confirm(rig.port.create(charge).id, charge)
    assert (got.state, got.captured) == (rig.won, 3800 if rig.collects else 0)
    assert got.amount == 3800 and got.currency == "EUR" and got.key == charge.key


def test_confirming_again_collects_nothing_more(rig: Rig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    states = {rig.port.confirm(made.id, charge).state for _ in range(3)}
    assert states == {rig.won}
    assert rig.captured(charge) == (3800 if rig.collects else 0)


def test_a_lost_answer_is_unknown_and_then_known(rig: Rig) -> None:
    charge = rig.losing("answer")
    made = rig.port.create(charge)
    if rig.collects:
        with pytest.raises(OutcomeUnknown):
            rig.port.confirm(made.id, charge)
        assert rig.port.retrieve(made.id).state is rig.won
    assert rig.port.confirm(made.id, charge).state is rig.won
    assert rig.captured(charge) == (3800 if rig.collects else 0)


def test_a_lost_request_has_charged_nothing_and_can_be_cancelled(rig: Rig) -> None:
    charge = rig.losing("request")
    made = rig.port.create(charge)
    with suppress(OutcomeUnknown):
        rig.port.confirm(made.id, charge)
        assert not rig.collects
    assert rig.port.retrieve(made.id).state is S.UNCONFIRMED
    assert rig.port.cancel(made.id).state is S.CANCELLED
    assert rig.captured(charge) == 0


DECLINES = [
    ("4000000000000002", True, "declined"),
    ("4000000000009995", True, "insufficient_funds"),
    ("4000000000009995", False, "insufficient_funds"),
    ("4000000000000069", True, "expired_card"),
    ("4000000000000127", True, "incorrect_cvc"),
    ("4000000000000119", True, "processing_error"),
    ("4000002760003184", False, "challenge_failed"),
]


@pytest.mark.parametrize(("number", "on_session", "reason"), DECLINES)
def test_a_decline_is_an_answer_with_a_reason(rig: Rig, number: str, on_session: bool, reason: str) -> None:
    charge = rig.charge(number, on_session=on_session)
    made = rig.port.create(charge)
    state, expected, _ = rig.outcome(S.DECLINED, reason)
    for _try in range(2):  # the same question gets the same answer, and no second try at the bank
        got = rig.port.confirm(made.id, charge)
        assert (got.state, got.reason, got.captured) == (state, expected, 0)
    assert reason in REASONS
    assert rig.port.cancel(made.id).state is S.CANCELLED


def test_another_card_may_pay_after_a_decline(rig: Rig) -> None:
    charge = rig.charge("4000000000000002")
    made = rig.port.create(charge)
    rig.port.confirm(made.id, charge)
    other = replace(charge, method=rig.card())
    assert rig.port.confirm(made.id, other).state is rig.won
    assert rig.captured(charge) == (3800 if rig.collects else 0)


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184"])
@pytest.mark.parametrize("passed", [True, False])
def test_a_challenge_waits_for_the_customer(rig: Rig, number: str, passed: bool) -> None:
    charge = rig.charge(number)
    got = rig.port.confirm(rig.port.create(charge).id, charge)
    assert got.state is rig.outcome(S.CHALLENGE)[0]
    assert bool(got.client) == rig.collects
    assert got.captured == 0
    rig.answer_bank(got, passed)
    end = rig.outcome(S.SUCCEEDED) if passed else rig.outcome(S.DECLINED, "challenge_failed")
    seen = rig.port.retrieve(got.id) if rig.collects else got
    assert (seen.state, seen.reason, seen.captured == 3800) == end


def test_a_challenge_can_be_left(rig: Rig) -> None:
    charge = rig.charge("4000002760003184")
    got = rig.port.confirm(rig.port.create(charge).id, charge)
    assert rig.port.cancel(got.id).state is S.CANCELLED
    rig.answer_bank(got, True)
    assert rig.captured(charge) == 0


def test_cancelling_twice_is_no_error(rig: Rig) -> None:
    made = rig.port.create(rig.charge())
    assert {rig.port.cancel(made.id).state for _ in range(2)} == {S.CANCELLED}


def test_what_is_cancelled_is_not_collected(rig: Rig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    rig.port.cancel(made.id)
    rig.port.confirm(made.id, charge)
    assert rig.captured(charge) == 0


def test_cancelling_what_has_succeeded_gives_the_success(rig: Rig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    left = rig.port.cancel(won.id)
    assert (left.state, left.captured) == ((S.SUCCEEDED, 3800) if rig.collects else (S.CANCELLED, 0))


def test_a_refund_is_given_once_per_key(rig: Rig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    key = str(uuid4())
    if rig.collects:
        assert [rig.port.refund(won.id, 800, key).refunded for _ in range(2)] == [800, 800]
        assert rig.port.refund(won.id, 3000, str(uuid4())).refunded == 3800
        assert rig.port.retrieve(won.id).captured == 3800
    with pytest.raises(GatewayRefused):
        rig.port.refund(won.id, 1, str(uuid4()))


def test_what_was_not_captured_cannot_be_refunded(rig: Rig) -> None:
    made = rig.port.create(rig.charge())
    with pytest.raises(GatewayRefused):
        rig.port.refund(made.id, 100, str(uuid4()))


def test_a_refund_below_the_gateways_step_is_refused(rig: Rig) -> None:
    charge = rig.charge(amount=5_000, currency="KWD")
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    with pytest.raises(GatewayRefused):
        rig.port.refund(won.id, 1, str(uuid4()))
    if rig.collects:
        assert rig.port.refund(won.id, rig.port.exact(1_239, "KWD"), str(uuid4())).refunded == 1_230


def test_payments_are_listed_since_an_instant(rig: Rig) -> None:
    begin = clock.now() - timedelta(seconds=2)
    made = {rig.port.create(rig.charge()).id for _ in range(3)}
    listed = {one.id for one in rig.port.payments(begin)}
    assert made & listed == (made if rig.collects else set())
    assert not made & {one.id for one in rig.port.payments(clock.now() + timedelta(hours=1))}


def test_a_card_is_described_and_found_again(rig: Rig) -> None:
    reference = rig.reference("5555555555554444")
    if not rig.port.takes_cards:
        for call in (rig.port.begin_card, rig.port.finish_card):
            with pytest.raises(GatewayRefused):
                call(rig.customer, reference)
        return
    assert rig.port.begin_card(rig.customer, uuid4().hex)["gateway"] == rig.port.name
    card = rig.port.finish_card(rig.customer, reference)
    assert (card.brand, card.last4) == ("mastercard", "4444")
    assert 1 <= card.exp_month <= 12 and card.exp_year > 2026
    assert rig.port.finish_card(rig.customer, reference) == card


@pytest.mark.parametrize("reference", ["", "nothing", "seti_nothing", "../customers", "seti_a/../../x", "é"])
def test_a_card_that_was_not_set_up_is_refused(rig: Rig, reference: str) -> None:
    with pytest.raises(GatewayRefused):
        rig.port.finish_card(rig.customer, reference)


def test_a_card_is_of_one_customer(rig: Rig) -> None:
    other = rig.port.ensure_customer(found_cast().account.pk, "Other", "", "")
    charge = rig.charge(method=rig.card(customer=other))
    made = rig.port.create(charge)
    got = rig.port.confirm(made.id, charge)
    assert (got.state, got.reason) == rig.outcome(S.DECLINED, "method_missing")[:2]
    assert rig.captured(charge) == 0


def test_a_removed_card_is_not_charged(rig: Rig) -> None:
    charge = rig.charge()
    rig.port.remove_card(charge.method)
    rig.port.remove_card(charge.method)
    got = rig.port.confirm(rig.port.create(charge).id, charge)
    assert (got.state, got.reason) == rig.outcome(S.DECLINED, "method_missing")[:2]
    assert rig.captured(charge) == 0


@pytest.mark.parametrize("intent", ["", "nothing", "pi_nothing", "pi_../x", "on-account:a:b"])
def test_an_unknown_payment_is_refused(rig: Rig, intent: str) -> None:
    for call in (rig.port.retrieve, rig.port.cancel):
        with pytest.raises(GatewayRefused):
            call(intent)


@pytest.mark.parametrize("currency", ["EUR", "GBP", "JPY", "ISK", "UGX", "KWD", "MGA", "KRW", "SEK", "HUF"])
def test_every_amount_within_the_limits_is_charged_exactly(rig: Rig, currency: str) -> None:
    least = rig.port.minimum(currency) or 1
    most = rig.port.maximum(currency)
    wanted = {least, least + 37, 100_005, *([] if most is None else [most])}
    for amount in wanted:
        exact = rig.port.exact(max(amount, least), currency)
        assert amount - 100 < exact <= max(amount, least)
        charge = rig.charge(amount=exact, currency=currency)
        got = rig.port.confirm(rig.port.create(charge).id, charge)
        assert (got.state, got.amount, got.currency) == (rig.won, exact, currency)
        assert got.captured == (exact if rig.collects else 0)


@pytest.mark.parametrize(("amount", "currency"), [(100_000_000, "EUR"), (49, "EUR"), (1_000_005, "KWD")])
def test_an_amount_that_cannot_be_is_refused_visibly(rig: Rig, amount: int, currency: str) -> None:
    charge = rig.charge(amount=amount, currency=currency)
    if not rig.collects:
        assert rig.port.create(charge).amount == amount
        return
    with pytest.raises(GatewayRefused):
        rig.port.create(charge)


def test_no_gateway_is_called_inside_a_transaction(rig: Rig) -> None:
    charge = rig.charge()
    made = rig.port.create(charge)
    for call in (
        lambda: rig.port.create(charge),
        lambda: rig.port.confirm(made.id, charge),
        lambda: rig.port.cancel(made.id),
    ):
        if rig.collects:
            with pytest.raises(RuntimeError), transaction.atomic():
                call()


def test_a_webhook_says_which_payment_it_is_about(rig: Rig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    told = [rig.port.read_webhook(*one) for one in rig.webhooks(won)]
    assert bool(told) == rig.collects
    assert {(one.source, one.intent, one.key) for one in told} <= {(rig.port.name, won.id, charge.key)}
    assert len({one.event_id for one in told}) == len(told)
    assert [rig.port.parse_webhook(raw) for raw, _ in rig.webhooks(won)] == told


def test_a_forged_webhook_is_refused(rig: Rig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    given = rig.webhooks(won)[-1] if rig.collects else (b"{}", {"Stripe-Signature": "t=1,v1=00"})
    raw, headers = given
    name, value = next(iter(headers.items()))
    for body, header in (
        (raw + b" ", value),
        (raw.replace(b"succeeded", b"cancelled"), value[:-1]),
        (raw, value[:-1] + ("0" if value[-1] != "0" else "1")),
        (raw, value.replace("v1=", "v0=")),
        (raw, value.replace("t=", "t=1")),
        (raw, ""),
        (raw, "t=é,v1=é"),
        (b"\xff\xfe", value),
    ):
        with pytest.raises(Forged):
            rig.port.read_webhook(body, {name: header})
    with pytest.raises(Forged):
        rig.port.read_webhook(raw, {})


def test_an_old_webhook_is_refused(rig: Rig) -> None:
    charge = rig.charge()
    won = rig.port.confirm(rig.port.create(charge).id, charge)
    for raw, headers in rig.webhooks(won):
        with clock.at(clock.now() + timedelta(seconds=295)):
            rig.port.read_webhook(raw, headers)
        for away in (-310, 310):
            with clock.at(clock.now() + timedelta(seconds=away)), pytest.raises(Forged):
                rig.port.read_webhook(raw, headers)
