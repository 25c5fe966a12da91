"""A worker that is killed in the middle of many renewals, and started again."""

from datetime import timedelta

from salotto.accounts.members import Member
from salotto.billing.actions import resume
from salotto.billing.models import Invoice, Payment, PaymentState, SandboxObject
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.tenancy import all_accounts
from tests.billing import renewing
from tests.billing.later import change, on_plan
from tests.cast import found_account
from tests.servers import wait_for

ACCOUNTS = 60
KILLS = 3


def due_now() -> list[int]:
    """Accounts whose period has just ended, by their own clocks."""
    members = [found_account() for _ in range(ACCOUNTS)]
    for by in members:
        _end_period(by)
    return [by.account.pk for by in members]


def _end_period(by: Member) -> None:
    end = on_plan(by, 1).period_end
    assert end is not None
    ahead = int((end - clock.now()).total_seconds()) + 1
    change(by, ahead=ahead, due_at=end - timedelta(seconds=ahead))


def renewed(accounts: list[int]) -> int:
    with all_accounts():
        return Invoice.objects.filter(account_id__in=accounts, cycle_start__isnull=False).count()


def test_every_account_is_renewed_and_charged_exactly_once() -> None:
    accounts = due_now()
    for kill in range(1, KILLS + 1):
        goal = kill * ACCOUNTS // (KILLS + 2)
        worker = renewing.start()
        wait_for(lambda goal=goal: renewed(accounts) >= goal, within=60)
        worker.kill()
        worker.wait()
    assert renewed(accounts) < ACCOUNTS  # it was the middle
    pair = renewing.start(), renewing.start()  # two at once finish it
    assert [worker.wait(120) for worker in pair] == [0, 0]
    _take_up(accounts)
    with all_accounts():
        cycles = Invoice.objects.filter(account_id__in=accounts, cycle_start__isnull=False)
        assert sorted(cycles.values_list("account_id", flat=True)) == sorted(accounts)
        assert set(cycles.values_list("state", flat=True)) == {"paid"}
        paid = Payment.objects.filter(invoice_id__in=cycles.values("id"))
        assert {(p.state, p.attempt) for p in paid} == {(PaymentState.PAID, 0)}
        intents = sorted(paid.values_list("intent", flat=True))
    taken = SandboxObject.objects.filter(kind="payment", data__account__in=accounts, data__captured__gt=0)
    assert taken.count() == 2 * ACCOUNTS  # the purchase, and one renewal
    assert set(intents) <= set(taken.values_list("id", flat=True))
    assert len(set(intents)) == ACCOUNTS
    for account_id in accounts[:: ACCOUNTS // 10]:
        assert verify(account_id) == []


def _take_up(accounts: list[int]) -> None:
    """What the reconciler does two minutes later about what a kill has left open."""
    with all_accounts():
        left = list(
            Payment.objects.filter(account_id__in=accounts, state=PaymentState.CHARGING).select_related(
                "method"
            )
        )
    assert len(left) <= KILLS
    for payment in left:
        assert resume(payment, giving_up=True).state == PaymentState.PAID
