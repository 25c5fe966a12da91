"""A new period: its quantity, its price, its one invoice and the claim on its payment.

Rules S9, S12, 18, 19: the account renews at what was scheduled, or at what its agents need.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection

from salotto.accounts.actions import set_read_only
from salotto.accounts.locking import lock_people
from salotto.billing.actions.locking import reschedule, save
from salotto.billing.gateways import gateway
from salotto.billing.invoices import Line, TaxLine, compose
from salotto.billing.models import Invoice, Payment, PaymentKind, PaymentMethod, Price, State, Subscription
from salotto.billing.period import MONTHS, Period, period, period_at
from salotto.billing.prices import price_for_renewal
from salotto.billing.proration import prorated
from salotto.billing.quotes import gateway_of
from salotto.billing.signals import quantity_changed, renewing
from salotto.billing.standing import Standing
from salotto.billing.tasks import send_invoice
from salotto.billing.tax import tax_for
from salotto.billing.upcoming import met
from salotto.core import audit, clock


@dataclass(frozen=True, slots=True)
class Cycle:
    """What the new period is: money in minor units; `at` is when it begins to cost."""

    span: Period
    at: datetime
    quantity: int
    cycle: str
    price: Price

    @property
    def unit(self) -> int:
        """One seat for the whole period."""
        return self.price.unit_amount * MONTHS[self.cycle]

    @property
    def subtotal(self) -> int:
        """The whole period, or what is left of it when the account comes back late."""
        return prorated(self.quantity, self.unit, self.span.start, self.span.end, self.at)


def following(sub: Subscription) -> Period:
    """The period after the present one, counted from the anchor; a new cycle begins there."""
    if sub.anchor is None:
        raise ValueError("no plan was ever bought")
    return period(sub.anchor, sub.months + MONTHS[sub.cycle], sub.cycle_next, sub.time_zone)


def holding(sub: Subscription, at: datetime) -> Period:
    """The period that holds the instant `at`, when nothing was begun since the present one ended.

    It is counted from the period that would have followed, so that a yearly plan that comes
    back late never reaches over months that were paid for.
    """
    first = following(sub)
    if sub.anchor is None or at < first.end:
        return first
    step = MONTHS[sub.cycle_next]
    gone = period_at(sub.anchor, at, "month", sub.time_zone).months - first.months
    return period(sub.anchor, first.months + gone // step * step, sub.cycle_next, sub.time_zone)


def begin_cycle(
    sub: Subscription, st: Standing, span: Period, at: datetime, *, used_until: datetime | None = None
) -> Payment | None:
    """Begin the period `span`, in the caller's transaction that holds the lock on `sub`.

    `used_until`: agents worked so long after the period that was paid for, which is charged
    too. Gives the payment to collect; None when nothing is to be charged now. Raises
    IntegrityError if the period was begun before.
    """
    cycle = _cycle(sub, st, span, at)
    used = _used(sub, st, cycle, used_until) if used_until else []
    before = sub.quantity
    _write(sub, cycle)
    if cycle.quantity == 0:
        _end(sub, before)
        return None
    doc = _invoice(st, cycle, used)
    invoice_id, name = _issue(doc)
    audit.record(
        sub.account_id, None, "seats.renewed", f"invoice {invoice_id}",
        before=before, after=sub.quantity, at_renewal=sub.quantity_next, reason="renewal",
    )  # fmt: skip
    _tell(sub, cycle, "renewed" if cycle.quantity >= before else "removed", f"invoice {name}")
    return _claim(sub, st, invoice_id, doc)


def _cycle(sub: Subscription, st: Standing, span: Period, at: datetime) -> Cycle:
    if sub.quantity_next == 0:  # the end writes the account's row, which comes before the seat plan's
        lock_people(sub.account_id)
    answers = renewing.send(Subscription, account_id=sub.account_id, quantity=sub.quantity_next)
    quantity = max([sub.quantity_next, *(int(answer or 0) for _, answer in answers)])
    current = next(p for p in st.prices if p.pk == sub.price_id)
    price = price_for_renewal(st.prices, current, span.start)
    return Cycle(span, max(at, span.start), quantity, sub.cycle_next, price)


def _write(sub: Subscription, cycle: Cycle) -> None:
    """What was scheduled and could not be (rule 19) stays scheduled."""
    sub.state = State.ACTIVE if cycle.quantity else State.ENDED
    sub.quantity = sub.high_water = cycle.quantity
    sub.cycle, sub.price = cycle.cycle, cycle.price
    sub.months, sub.period_start, sub.period_end = cycle.span.months, cycle.span.start, cycle.span.end
    sub.failed_at, sub.retries = None, 0
    save(
        sub, "state", "quantity", "high_water", "cycle", "price", "months", "period_start", "period_end",
        "failed_at", "retries",
    )  # fmt: skip


def _end(sub: Subscription, before: int) -> None:
    """All seats were removed: the plan is over, and nothing is invoiced."""
    audit.record(
        sub.account_id, None, "seats.ended", before=before, after=0, at_renewal=0, reason="all seats removed"
    )
    quantity_changed.send(
        Subscription, account_id=sub.account_id, actor_id=None, kind="removed",
        quantity=0, quantity_next=0, reason="all seats removed", at=sub.period_start,
    )  # fmt: skip
    set_read_only(sub.account_id, True)


def _tell(sub: Subscription, cycle: Cycle, kind: str, reason: str) -> None:
    quantity_changed.send(
        Subscription, account_id=sub.account_id, actor_id=None, kind=kind,
        quantity=sub.quantity, quantity_next=sub.quantity_next, reason=reason, at=cycle.at,
    )  # fmt: skip


def _used(sub: Subscription, st: Standing, cycle: Cycle, until: datetime) -> list[Line]:
    """The beginning of the period after the last one, which was worked in until `until`: the
    whole of it, and back what was left of it then, by the one formula."""
    span = following(sub)
    if not span.start < until:
        return []
    current = next(p for p in st.prices if p.pk == sub.price_id)
    price = price_for_renewal(st.prices, current, span.start)
    whole = Cycle(span, span.start, cycle.quantity, cycle.cycle, price)
    lines = [_line(whole, "seats_prorated")]
    if until < span.end:
        lines.append(_line(replace(whole, at=until, quantity=-cycle.quantity), "seats_prorated"))
    return lines


def _line(cycle: Cycle, what: str) -> Line:
    return Line(
        what=what, quantity=cycle.quantity, unit=cycle.unit, cycle=cycle.cycle,
        start=cycle.span.start, end=cycle.span.end, at=cycle.at, amount=cycle.subtotal,
    )  # fmt: skip


def _invoice(st: Standing, cycle: Cycle, used: list[Line]) -> dict[str, Any]:
    lines = [_line(cycle, "seats_cycle"), *used]
    tax = tax_for(st.catalogue, st.details, st.rates, cycle.at)
    base = sum(line.amount for line in lines)
    owed = tax.on(base)
    paid_by = met(st, base + owed, cycle.price.currency)
    return compose(
        account=st.account,
        details=st.details,
        catalogue=st.catalogue,
        currency=cycle.price.currency,
        lines=lines,
        taxes=[TaxLine(tax.name, tax.points, tax.note, base, owed)] if tax.points or tax.note else [],
        balance_used=paid_by["balance_used"],
        carried=paid_by["carried"],
        gateway=gateway_of(st),
        issued_at=st.now,
        cycle_start=cycle.span.start,
        state="open" if paid_by["amount"] else "paid",
    )


def _issue(doc: dict[str, Any]) -> tuple[int, str]:
    """The new invoice's id and its number as it is written."""
    with connection.cursor() as db:
        db.execute("SELECT invoice, number FROM billing_issue(%s::jsonb)", [json.dumps(doc, default=str)])
        invoice_id, number = db.fetchone()
    return int(invoice_id), Invoice(series=doc["series"], number=number).name


def _claim(sub: Subscription, st: Standing, invoice_id: int, doc: dict[str, Any]) -> Payment | None:
    """The payment of the new invoice; on invoice, or with nothing due, there is none."""
    if doc["due"] == 0 or not gateway(gateway_of(st)).takes_cards:
        if doc["total"]:  # a free server writes no mail about nothing
            send_invoice.defer(account_id=sub.account_id, invoice_id=invoice_id)
        reschedule(sub)
        return None
    return claim_invoice(sub, st, invoice_id, doc["due"], attempt=0, actor_id=None)


def claim_invoice(
    sub: Subscription, st: Standing, invoice_id: int, due: int, *, attempt: int, actor_id: int | None
) -> Payment:
    """One try to collect an open invoice, in the transaction of the caller.

    Raises IntegrityError while another payment of the account is open, or if this try was
    made before.
    """
    payment = Payment(
        id=uuid4(), kind=PaymentKind.RENEWAL, account_id=sub.account_id, actor_id=actor_id,
        version=sub.version, at=st.now, total=due, amount=due, currency=sub.currency, gateway=gateway_of(st),
        customer=sub.customer, method=method_of(st), invoice_id=invoice_id, attempt=attempt,
        created_at=clock.now(),
    )  # fmt: skip
    payment.save(force_insert=True)
    return payment


def method_of(st: Standing) -> PaymentMethod | None:
    """The current payment method, if it is one of the account's gateway."""
    return st.method if st.method is not None and st.method.gateway == gateway_of(st) else None
