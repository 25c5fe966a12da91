"""What closes an invoice or a request, at the same moment by several: it is closed in one way."""

from salotto.accounts.actions import hand_over
from salotto.billing import actions
from salotto.billing.actions.credits import credit_note
from salotto.billing.actions.invoices import mark_paid
from salotto.billing.models import InvoiceState, State
from salotto.core import clock
from salotto.core.errors import Refused
from salotto.seats.actions import requests
from tests.billing.faulty import in_place_of_the_sandbox
from tests.billing.later import books_hold, ledger
from tests.billing.shop import add_card, buy, invoices, subscription, use_gateway
from tests.billing.test_races import ROUNDS, in_order, only_refusals
from tests.cast import found_cast
from tests.seats.requests import operator, paying, request_now
from tests.threads import at_once


def test_an_invoice_is_paid_by_hand_or_by_card_or_taken_back() -> None:
    for _ in range(ROUNDS):
        by = found_cast().primary_admin
        with in_place_of_the_sandbox() as faulty:
            use_gateway(by, "invoice")
            buy(by, 4)
            add_card(by)
            (row,) = invoices(by)
            results = at_once(
                lambda number=row.pk: mark_paid(number, None, clock.now().date()),
                lambda number=row.pk, by=by: actions.pay_invoice(number, by=by),
                lambda number=row.pk: credit_note(number, None, "void", "a test", None),
                lambda number=row.pk, by=by: actions.pay_invoice(number, by=by),
                lambda number=row.pk: mark_paid(number, None, clock.now().date()),
            )
            only_refusals(results)
            assert sum(not isinstance(result, Refused) for result in results) == 1
            state = invoices(by)[0].state
            assert ledger(by, "cash") == (0 if state == InvoiceState.VOID else row.due)
            assert sum(faulty.captured().values()) in (0, ledger(by, "cash"))
            assert (ledger(by, "receivable"), subscription(by).state) == (0, State.ACTIVE)
            in_order(by, faulty)


def test_a_removal_is_scheduled_or_withdrawn_by_whoever_leads() -> None:
    support = operator()
    for _ in range(ROUNDS):
        cast = found_cast()
        giulia, marco = cast.primary_admin, cast.admin
        paying(cast, 10)
        number = requests.request_removal(3, "", by=giulia).pk
        results = at_once(
            lambda number=number: requests.schedule(number, support),
            lambda by=giulia: requests.withdraw_request(by=by),
            lambda to=marco, by=giulia: hand_over(to.user.pk, by=by),
            lambda number=number: requests.schedule(number, support),
            lambda of=cast, to=marco: requests.withdraw_request(by=of.again(to)),
        )
        only_refusals(results)
        withdrawn = [r for r in results if getattr(r, "state", "") == "withdrawn"]
        scheduled = [r for r in results if getattr(r, "state", "") == "scheduled"]
        assert len(withdrawn) <= 1 and len(scheduled) <= 1
        assert request_now(cast).state == ("withdrawn" if withdrawn else "scheduled")
        assert subscription(giulia).quantity_next == (10 if withdrawn else 7)
        assert cast.again(marco).is_primary_admin and not cast.again(giulia).is_primary_admin
        books_hold(giulia)
