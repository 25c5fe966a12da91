"""Rule 20 while others write: a first purchase and people who become agents, in transactions that
are open at the same time.

The claim is one statement. The trigger of the room above counts agents in it, under the lock of
the seat plan; who becomes an agent takes that lock too. So whoever comes second sees the first.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from salotto.accounts.models import Access, Membership
from salotto.billing import actions
from salotto.billing.actions import purchases
from salotto.billing.errors import PurchaseUnderWay, QuoteOver
from salotto.billing.models import Payment, PaymentKind, PaymentState
from salotto.billing.queries import payment as find_payment
from salotto.billing.signals import FIRST_PURCHASE_FITS
from salotto.core import clock
from salotto.core.sql import constraint_of
from salotto.core.tenancy import account_scope
from salotto.seats.actions import set_access
from salotto.seats.errors import TooManyAgents
from salotto.seats.queries import plan
from tests.billing.faulty import in_place_of_the_sandbox
from tests.billing.later import books_hold
from tests.billing.shop import add_card, buy, quote
from tests.cast import Cast, add_member
from tests.threads import await_waiting

AGENTS = 3
"""Giulia, Marco and Sara."""


def becomes_agent(cast: Cast) -> None:
    """As an admin makes somebody one: the account's people are locked first."""
    set_access(cast.nobody.user.pk, Access.AGENT, by=cast.admin)


def is_written_as_agent(cast: Cast) -> None:
    """As any other writer could: nothing is locked but the membership and the plan."""
    Membership.objects.filter(user_id=cast.nobody.user.pk).update(access=Access.AGENT)


def joins_as_agent(cast: Cast) -> None:
    """As who accepts an invitation becomes one."""
    assert add_member(cast.account, "Nina Neri", access=Access.AGENT).access == Access.AGENT


COMING = [becomes_agent, is_written_as_agent, joins_as_agent]


@contextmanager
def meanwhile(act: Callable[[], Any], *, keep: bool = True) -> Iterator["list[Future[Any]]"]:
    """`act` in another connection, which is seen to wait for what the block has locked; the
    block's transaction ends after that, and then the list has what became of it."""
    found: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        yield found
        found.append(pool.submit(_alone, act))
        await_waiting(_pid())
        transaction.set_rollback(not keep)


def _alone(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


def _pid() -> int:
    with connection.cursor() as db:
        db.execute("SELECT pg_backend_pid()")
        return int(db.fetchone()[0])


@pytest.mark.parametrize("comes", COMING)
def test_rule_20_an_agent_who_came_while_the_claim_was_written_is_counted(
    comes: Callable[[Cast], None], cast: Cast
) -> None:
    """The agent is there but not committed; the claim waits, and sees the agent then."""
    by = cast.primary_admin
    add_card(by)
    made = quote(by, AGENTS)
    with account_scope(by.account.pk), meanwhile(lambda: actions.buy(made.token, AGENTS, by=by)) as buying:
        comes(cast)
    with pytest.raises(TooManyAgents) as refused:
        buying[0].result(30)
    assert (refused.value.count, refused.value.release) == (AGENTS + 1, 1)
    with account_scope(by.account.pk):
        assert not Payment.objects.exists()
    books_hold(by)


@pytest.mark.parametrize("comes", COMING)
def test_rule_20_an_agent_who_did_not_come_after_all_is_not_counted(
    comes: Callable[[Cast], None], cast: Cast
) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, AGENTS)
    with (
        account_scope(by.account.pk),
        meanwhile(lambda: actions.buy(made.token, AGENTS, by=by), keep=False) as buying,
    ):
        comes(cast)
    assert buying[0].result(30).state == PaymentState.PAID
    books_hold(by)


def test_rule_20_who_waits_for_a_claim_gets_no_seat_that_it_has_not_bought(cast: Cast) -> None:
    """The claim is there but not committed; who becomes an agent waits, and sees it then."""
    by = cast.primary_admin
    add_card(by)
    made = quote(by, AGENTS)
    with meanwhile(lambda: becomes_agent(cast)) as seating:
        purchases.claim(made, by)
    with pytest.raises(PurchaseUnderWay):
        seating[0].result(30)
    _paid_for_all(cast, made.id)


def test_rule_20_who_joins_while_a_claim_is_written_becomes_a_viewer(cast: Cast) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, AGENTS)
    with meanwhile(lambda: add_member(cast.account, "Nina Neri", access=Access.AGENT)) as joining:
        purchases.claim(made, by)
    assert joining[0].result(30).access == Access.VIEWER
    _paid_for_all(cast, made.id)


def _paid_for_all(cast: Cast, payment: Any) -> None:
    """The claimed purchase goes on and seats everybody."""
    by = cast.primary_admin
    assert actions.continue_purchase(payment, by=by).state == PaymentState.PAID
    with account_scope(by.account.pk):
        assert (plan().seats, plan().in_use) == (AGENTS, AGENTS)
    books_hold(by)


def test_rule_20_from_the_claim_to_the_settlement_nobody_takes_an_unbought_seat(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.outcome = "asks"
        asked = buy(by, AGENTS)
        with pytest.raises(PurchaseUnderWay):
            becomes_agent(cast)
        faulty.bank(asked.intent, passed=True)
        _paid_for_all(cast, asked.pk)


def test_who_is_released_between_the_refusal_and_its_reason_lets_the_offer_be_asked_for_again(
    cast: Cast,
) -> None:
    """The claim was refused and nobody can say why any more: nothing was written, and it holds."""
    by = cast.primary_admin
    add_card(by)
    made = quote(by, AGENTS - 1)

    def release(execute: Any, *given: Any) -> Any:
        try:
            return execute(*given)
        except IntegrityError:
            set_access(cast.agent.user.pk, Access.VIEWER, by=cast.admin)
            raise

    with connection.execute_wrapper(release), pytest.raises(QuoteOver):
        actions.buy(made.token, AGENTS - 1, by=by)
    assert actions.buy(made.token, AGENTS - 1, by=by).state == PaymentState.PAID
    books_hold(by)


@pytest.mark.parametrize(
    ("is_first", "quantity", "fits"), [(True, 2, False), (True, 3, True), (False, 2, True)]
)
def test_rule_20_holds_for_whoever_writes_a_payment(
    is_first: bool, quantity: int, fits: bool, cast: Cast
) -> None:
    by = cast.primary_admin
    payment = Payment(
        kind=PaymentKind.PURCHASE, account=by.account, actor=by.user, version=1, is_first=is_first,
        quantity_to=quantity, at=clock.now(), total=0, amount=0, currency="CHF", gateway="sandbox",
        created_at=clock.now(),
    )  # fmt: skip
    with account_scope(by.account.pk):
        if fits:
            payment.save(force_insert=True)
            assert find_payment(by.account.pk, payment.pk).quantity_to == quantity
            return
        with pytest.raises(IntegrityError) as refused:
            payment.save(force_insert=True)
        assert constraint_of(refused.value) == FIRST_PURCHASE_FITS
        assert not Payment.objects.exists()
