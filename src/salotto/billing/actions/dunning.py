"""What follows when an open invoice is paid, or is not (rule 21).

Everything here runs inside the transaction that closes a payment or an invoice: the
subscription's row is locked before the payment's, everywhere.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from salotto.accounts.actions import set_read_only
from salotto.billing.actions.cycles import begin_cycle, holding
from salotto.billing.actions.locking import ON_ACCOUNT, reschedule, save, subscription_of
from salotto.billing.due import RETRIES, next_due
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, Payment, State, Subscription
from salotto.billing.standing import account_now, standing
from salotto.billing.tasks import collect_payment, send_failure, send_invoice, send_overdue, send_restored
from salotto.core import audit

DAY = timedelta(days=1)


def next_owed(sub: Subscription, takes_cards: bool) -> Invoice | None:
    """What dunning goes on about: of the invoices that should have been paid by now the oldest
    that was issued for a card, if the account still pays by card, else the oldest."""
    rows = _owed(sub).order_by("id")
    by_card: Invoice | None = rows.exclude(gateway=ON_ACCOUNT).first() if takes_cards else None
    return by_card or rows.first()


def collected(payment: Payment) -> None:
    """The invoice of this payment is paid: the account goes on."""
    with subscription_of(payment.account_id) as sub:
        Invoice.objects.filter(pk=payment.invoice_id, state=InvoiceState.OPEN).update(
            state=InvoiceState.PAID, paid_at=account_now(sub)
        )
        audit.record(
            payment.account_id, payment.actor_id, "invoice.paid", f"invoice {payment.invoice_id}",
            amount=payment.amount, currency=payment.currency,
        )  # fmt: skip
        send_invoice.defer(account_id=payment.account_id, invoice_id=payment.invoice_id or 0)
        go_on(sub)


def go_on(sub: Subscription) -> None:
    """An open invoice is settled or taken back: without another one, the account is well again.

    After a time of read-only whose period has passed, the period of today begins. What is
    charged is the rest of it, and the days between the paid period and read-only: nobody pays
    for days on which nobody could answer, and none on which they could is free.
    """
    if sub.state not in (State.PAST_DUE, State.UNPAID) or _owed(sub).exists():
        reschedule(sub)
        return
    was_read_only, worked_until = sub.state == State.UNPAID, _worked_until(sub)
    sub.state, sub.failed_at, sub.retries = State.ACTIVE, None, 0
    save(sub, "state", "failed_at", "retries")
    audit.record(sub.account_id, None, "plan.restored", read_only=was_read_only)
    if was_read_only:
        set_read_only(sub.account_id, False)
        send_restored.defer(account_id=sub.account_id)
        _begin_today(sub, worked_until)


def _owed(sub: Subscription) -> QuerySet[Invoice]:
    """The open invoices that should have been paid by now."""
    not_yet = Q(gateway=ON_ACCOUNT, payable_until__gt=account_now(sub))
    rows = Invoice.objects.filter(state=InvoiceState.OPEN, kind=InvoiceKind.INVOICE)
    found: QuerySet[Invoice] = rows.exclude(not_yet)
    return found


def _worked_until(sub: Subscription) -> datetime | None:
    """When read-only began by rule 21; a last try that came too late gave nobody work."""
    return sub.failed_at + timedelta(days=RETRIES[-1]) if sub.failed_at else None


def _begin_today(sub: Subscription, worked_until: datetime | None) -> None:
    now = account_now(sub)
    if sub.anchor is None or sub.period_end is None or sub.period_end > now:
        return
    st = standing(sub.account_id)
    payment = begin_cycle(sub, st, holding(sub, now), now, used_until=worked_until)
    if payment is not None:
        collect_payment.defer(account_id=sub.account_id, payment_id=str(payment.pk))


def not_collected(payment: Payment, reason: str) -> None:
    """A try has failed. One by the customer's own hand changes nothing further."""
    if payment.actor_id is not None:
        return
    with subscription_of(payment.account_id) as sub:
        if sub.state == State.ACTIVE:
            sub.state, sub.failed_at, sub.retries = State.PAST_DUE, account_now(sub), 0
        elif sub.state == State.PAST_DUE:
            _count(sub)
        _write(sub)
        audit.record(
            payment.account_id, None, "renewal.failed", f"invoice {payment.invoice_id}",
            reason=reason, retries=sub.retries, state=sub.state,
        )  # fmt: skip
        send_failure.defer(account_id=payment.account_id, payment_id=str(payment.pk))


def overdue(sub: Subscription, invoice: Invoice) -> None:
    """An invoice that is paid by hand has passed its date: one more reminder, then read-only.

    The days of rule 21 are counted from the day until which it could be paid.
    """
    if sub.state == State.ACTIVE:
        sub.state, sub.failed_at, sub.retries = State.PAST_DUE, invoice.payable_until, 0
    _count(sub)
    _write(sub)
    audit.record(
        sub.account_id, None, "invoice.overdue", f"invoice {invoice.pk}",
        retries=sub.retries, state=sub.state,
    )  # fmt: skip
    send_overdue.defer(account_id=sub.account_id, invoice_id=invoice.pk, reminder=sub.retries)


def _count(sub: Subscription) -> None:
    """One more. Whole days that it is late, because nothing ran, move those that follow: every
    account gets all of them, and the days between, before it can only read."""
    due = next_due(sub)
    sub.retries += 1
    if sub.failed_at is not None and due is not None and sub.retries < len(RETRIES):
        sub.failed_at += max(timedelta(), account_now(sub) - due) // DAY * DAY


def _write(sub: Subscription) -> None:
    if sub.state == State.PAST_DUE and sub.retries >= len(RETRIES):
        sub.state = State.UNPAID
        set_read_only(sub.account_id, True)
    save(sub, "state", "failed_at", "retries")
