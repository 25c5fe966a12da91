"""Settling: the one function for the response, the webhook and the reconciler.

A compare-and-set on the payment decides who settles it; quantity, version, seat ledger,
invoice and number, postings, the end of read-only, audit entry and events follow in the same
transaction.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from salotto.billing.actions import dunning
from salotto.billing.actions.locking import reschedule, subscription_of
from salotto.billing.due import due_at
from salotto.billing.invoices import Line, TaxLine, compose
from salotto.billing.models import Payment, PaymentKind, PaymentState, State
from salotto.billing.queries import payment as find_payment
from salotto.billing.signals import quantity_changed
from salotto.billing.standing import Standing, account_now, standing
from salotto.billing.tasks import send_invoice
from salotto.core.tenancy import account_scope

SETTLE = """
    SELECT invoice, series, number, quantity, quantity_next
      FROM billing_settle(%s, %s, %s, %s, %s::jsonb, %s::jsonb)
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settled purchase has become."""

    invoice_id: int
    series: str
    number: int
    quantity: int
    quantity_next: int

    @property
    def name(self) -> str:
        """The invoice's number as it is written: `2026-000123`."""
        return f"{self.series}-{self.number:06d}"


def settle(payment: Payment, captured: int, st: Standing | None = None, *, later: bool = False) -> Payment:
    """Grant what was paid for, once; `captured` minor units. `later`: paid on invoice.

    `st` saves a query when the caller has just read it.
    """
    if payment.kind == PaymentKind.RENEWAL:
        _settle_renewal(payment, captured)
        return find_payment(payment.account_id, payment.pk)
    settled = _settle_purchase(payment, captured, st or standing(payment.account_id), later)
    if settled is None:
        return find_payment(payment.account_id, payment.pk)
    payment.state, payment.settled = "paid", settled
    return payment


def _settle_renewal(payment: Payment, captured: int) -> None:
    with subscription_of(payment.account_id) as sub:
        now = account_now(sub)
        won = Payment.objects.filter(pk=payment.pk, state=PaymentState.CHARGING).update(
            state=PaymentState.PAID, settled_at=now, needs_person=False
        )
        if won:
            _post_cash(payment, now, captured)
            dunning.collected(payment)


def _post_cash(payment: Payment, now: datetime, captured: int) -> None:
    given: list[Any] = [
        payment.account_id,
        now,
        "payment",
        payment.invoice_id,
        payment.pk,
        captured,
        payment.currency,
    ]
    with connection.cursor() as db:
        db.execute("SELECT billing_post_cash(%s, %s, %s, %s, %s, %s, %s)", given)


def _settle_purchase(payment: Payment, captured: int, st: Standing, later: bool) -> Settled | None:
    doc, changes = _invoice(payment, st, later), _first(payment, st) if payment.is_first else {}
    given: list[Any] = [payment.account_id, payment.pk, st.now, captured, _json(doc), _json(changes)]
    with transaction.atomic(), account_scope(payment.account_id):
        with connection.cursor() as db:
            db.execute(SETTLE, given)
            row = db.fetchone()
        if row is None:
            return None
        settled = Settled(*row)
        if later:  # it has a date from now on
            with subscription_of(payment.account_id) as sub:
                reschedule(sub)
        _tell(payment, st, settled)
    return settled


def _tell(payment: Payment, st: Standing, settled: Settled) -> None:
    quantity_changed.send(
        Payment,
        account_id=payment.account_id,
        actor_id=payment.actor_id,
        kind="bought",
        quantity=settled.quantity,
        quantity_next=settled.quantity_next,
        reason=f"invoice {settled.name}",
        at=st.now,
    )
    send_invoice.defer(account_id=payment.account_id, invoice_id=settled.invoice_id)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, default=str)


def _invoice(payment: Payment, st: Standing, later: bool) -> dict[str, Any]:
    line = Line(
        what="seats_prorated",
        quantity=payment.delta,
        unit=payment.unit,
        cycle=payment.cycle,
        start=payment.period_start,
        end=payment.period_end,
        at=payment.at,
        amount=payment.subtotal,
        text="",
    )
    tax = TaxLine(payment.tax_name, payment.tax_points, payment.tax_note, payment.subtotal, payment.tax)
    return compose(
        account=st.account,
        details=st.details,
        catalogue=st.catalogue,
        currency=payment.currency,
        lines=[line],
        taxes=[tax] if payment.tax_points or payment.tax_note else [],
        balance_used=payment.balance_used,
        carried=payment.carried,
        gateway=payment.gateway,
        issued_at=st.now,
        payment_id=payment.pk,
        state="open" if later else "paid",
    )


def _first(payment: Payment, st: Standing) -> dict[str, Any]:
    """The columns of the subscription that a first purchase sets."""
    sub = st.subscription
    sub.state = State.ACTIVE
    sub.period_end = payment.period_end
    return {
        "state": State.ACTIVE,
        "cycle": payment.cycle,
        "cycle_next": payment.cycle,
        "currency": payment.currency,
        "price_id": payment.price_id,
        "time_zone": sub.time_zone if sub.anchor else st.account.time_zone,
        "anchor": payment.anchor,
        "months": payment.months,
        "period_start": payment.period_start,
        "period_end": payment.period_end,
        "due_at": due_at(sub),
        "retries": 0,
        "failed_at": None,
    }
