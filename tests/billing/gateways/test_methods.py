"""Payment methods: who may change them, and what a change does to quotes."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from salotto.billing import actions
from salotto.billing.actions import methods
from salotto.billing.errors import (
    CardNeeded,
    CardRefused,
    GatewaySilent,
    NoCards,
    PurchaseUnderWay,
    QuoteOver,
)
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import Charge, IntentState
from salotto.billing.models import PaymentMethod
from salotto.billing.tasks import forget_card
from salotto.core.errors import Forbidden, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.billing import shop
from tests.billing.fake_stripe import FakeStripe, fake_stripe
from tests.cast import Cast, found_cast

GOOD, OTHER, ASKS = "4242424242424242", "5555555555554444", "4000002760003184"


@pytest.fixture
def sandbox(cast: Cast) -> Cast:
    """An account that pays by the sandbox's cards."""
    shop.use_gateway(cast.primary_admin, "sandbox")
    return cast


@pytest.fixture
def stripe(cast: Cast) -> Iterator[FakeStripe]:
    """The same by Stripe's."""
    shop.use_gateway(cast.primary_admin, "stripe")
    with fake_stripe() as fake:
        yield fake


def cards(cast: Cast) -> dict[str, bool]:
    """The last four digits of the cards that are kept, and which one is current."""
    with account_scope(cast.account.pk):
        rows = PaymentMethod.objects.filter(removed_at=None)
        return {row.last4: row.is_current for row in rows}


def version(cast: Cast) -> int:
    return shop.subscription(cast.primary_admin).version


def verbs(cast: Cast) -> list[str]:
    rows = AuditEntry.objects.filter(account_id=cast.account.pk, verb__startswith="card.").order_by("id")
    return list(rows.values_list("verb", flat=True))


def jobs(name: str, **args: str) -> int:
    """How many jobs of this task wait with these arguments."""
    with connection.cursor() as db:
        db.execute("SELECT args FROM procrastinate_jobs WHERE task_name LIKE %s", [f"%.{name}"])
        found = [row[0] for row in db.fetchall()]
    return sum(all(f'"{v}"' in str(one).replace("'", '"') for v in args.values()) for one in found)


ACTS: dict[str, Callable[[Any], object]] = {
    "begin": methods.begin_card,
    "add": lambda by: methods.add_card(GOOD, by),
    "make current": lambda by: methods.make_current(1, by),
    "remove": lambda by: methods.remove_method(1, by),
}


@pytest.mark.parametrize("act", ACTS)
def test_only_the_primary_admin_changes_cards(sandbox: Cast, act: str) -> None:
    for name, member in sandbox.members().items():
        if name not in ("primary_admin", "outsider"):
            with pytest.raises(Forbidden) as refused:
                ACTS[act](member)
            assert refused.value.code == "not_primary_admin"
    assert cards(sandbox) == {}


def test_a_primary_admin_of_before_changes_nothing(sandbox: Cast) -> None:
    from salotto.accounts.actions import hand_over

    before = sandbox.primary_admin
    hand_over(sandbox.admin.user.pk, by=before)
    with pytest.raises(Forbidden):
        methods.add_card(GOOD, before)
    assert cards(sandbox) == {}


def test_the_first_card_is_the_current_one(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    assert methods.add_card(GOOD, by).is_current
    assert not methods.add_card(OTHER, by).is_current
    assert methods.add_card(ASKS, by, current=True).is_current
    assert cards(sandbox) == {"4242": False, "4444": False, "3184": True}
    assert verbs(sandbox) == ["card.added", "card.made_current"] * 1 + ["card.added"] * 2 + [
        "card.made_current"
    ]


def test_the_same_card_twice_is_one(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    first = methods.add_card(GOOD, by)
    seen = version(sandbox)
    assert methods.add_card(GOOD, by).pk == first.pk
    assert version(sandbox) == seen


def test_every_change_voids_quotes_of_before(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    first = methods.add_card(GOOD, by)
    quoted = shop.quote(by, 3)
    second = methods.add_card(OTHER, by)
    with pytest.raises(QuoteOver):
        actions.buy(quoted.token, 3, by=by)
    steps = [
        lambda: methods.make_current(second.pk, by),
        lambda: methods.make_current(second.pk, by),
        lambda: methods.remove_method(first.pk, by),
    ]
    seen = [version(sandbox)]
    for step in steps:
        step()
        seen.append(version(sandbox))
    assert [after - before for before, after in pairwise(seen)] == [1, 0, 1]
    assert cards(sandbox) == {"4444": True}


def test_s8_a_card_that_was_made_current_is_the_one_charged(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    methods.add_card("4000000000000002", by)
    methods.make_current(methods.add_card(GOOD, by).pk, by)
    assert shop.buy(by, 3).state == "paid"


def test_a_removed_card_is_forgotten_at_the_gateway_by_a_job(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    method = methods.add_card(GOOD, by)
    methods.remove_method(method.pk, by)
    assert cards(sandbox) == {}
    assert jobs("forget_card", token=method.token) == 1
    forget_card(gateway_name="sandbox", token=method.token)
    assert methods.add_card(GOOD, by).token != method.token


def test_the_card_that_pays_for_the_plan_stays(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    paying = methods.add_card(GOOD, by)
    shop.buy(by, 3)
    with pytest.raises(CardNeeded):
        methods.remove_method(paying.pk, by)
    methods.add_card(OTHER, by, current=True)
    methods.remove_method(paying.pk, by)
    assert cards(sandbox) == {"4444": True}


def test_a_card_whose_payment_is_open_stays(sandbox: Cast) -> None:
    by = sandbox.primary_admin
    asking = methods.add_card(ASKS, by)
    assert shop.buy(by, 3).challenge is not None
    methods.add_card(GOOD, by, current=True)
    with pytest.raises(PurchaseUnderWay):
        methods.remove_method(asking.pk, by)


def test_another_accounts_card_is_not_there(sandbox: Cast) -> None:
    other = found_cast().primary_admin
    shop.use_gateway(other, "sandbox")
    method = methods.add_card(GOOD, other)
    for act in (methods.make_current, methods.remove_method):
        with pytest.raises(Missing):
            act(method.pk, sandbox.primary_admin)


def test_an_account_that_pays_by_invoice_needs_no_card(cast: Cast) -> None:
    shop.use_gateway(cast.primary_admin, "invoice")
    with pytest.raises(NoCards):
        methods.begin_card(cast.primary_admin)


@pytest.mark.parametrize("reference", ["", "4111111111111111", "seti_x", "' OR 1=1", "4242" * 50])
def test_what_is_no_test_card_is_refused(sandbox: Cast, reference: str) -> None:
    with pytest.raises(CardRefused):
        methods.add_card(reference, sandbox.primary_admin)


def test_a_card_by_stripes_element(cast: Cast, stripe: FakeStripe) -> None:
    by = cast.primary_admin
    begun = methods.begin_card(by)
    assert begun["publishable_key"] == stripe.publishable_key
    with pytest.raises(CardRefused):
        methods.add_card(begun["reference"], by)
    stripe.enter_card(begun["reference"], GOOD)
    method = methods.add_card(begun["reference"], by)
    assert (method.gateway, method.last4, method.is_current) == ("stripe", "4242", True)
    assert shop.subscription(by).customer.startswith("cus_")
    assert shop.buy(by, 3).state == "paid"
    assert stripe.captured("CHF") == 3 * shop.UNIT


def test_nothing_changes_while_stripe_is_silent(cast: Cast, stripe: FakeStripe) -> None:
    by = cast.primary_admin
    reference = methods.begin_card(by)["reference"]
    stripe.enter_card(reference)
    stripe.next("lose_answer", "setup_intents")
    with pytest.raises(GatewaySilent):
        methods.add_card(reference, by)
    assert cards(cast) == {}
    assert methods.add_card(reference, by).is_current


def test_a_removed_card_cannot_be_added_by_its_old_reference(cast: Cast, stripe: FakeStripe) -> None:
    by = cast.primary_admin
    reference = methods.begin_card(by)["reference"]
    stripe.enter_card(reference)
    method = methods.add_card(reference, by)
    methods.remove_method(method.pk, by)
    forget_card(gateway_name="stripe", token=method.token)
    with pytest.raises(CardRefused):
        methods.add_card(reference, by)


def test_a_card_of_another_gateway_leaves_room_for_a_current_one(cast: Cast, stripe: FakeStripe) -> None:
    by = cast.primary_admin
    shop.use_gateway(by, "sandbox")
    old = methods.add_card(GOOD, by)
    shop.use_gateway(by, "stripe")
    reference = methods.begin_card(by)["reference"]
    stripe.enter_card(reference, OTHER)
    assert methods.add_card(reference, by).is_current
    assert cards(cast) == {"4242": False, "4444": True}
    with pytest.raises(Missing):
        methods.make_current(old.pk, by)


def test_a_charge_with_a_card_removed_meanwhile_is_declined_and_takes_nothing(
    cast: Cast, stripe: FakeStripe
) -> None:
    by = cast.primary_admin
    reference = methods.begin_card(by)["reference"]
    stripe.enter_card(reference)
    method = methods.add_card(reference, by)
    customer = shop.subscription(by).customer
    charge = Charge("k", 3800, "EUR", customer, method.token, True, "", cast.account.pk)
    port = gateway("stripe")
    made = port.create(charge)
    forget_card(gateway_name="stripe", token=method.token)
    got = port.confirm(made.id, charge)
    assert (got.state, got.reason) == (IntentState.DECLINED, "method_missing")
