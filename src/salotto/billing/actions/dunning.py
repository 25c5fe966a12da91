"""What follows when an open invoice is paid, or is not (rule 21).

Both are called inside the transaction that closes the payment: the subscription's row is
locked before the payment's, everywhere.
"""

from salotto.accounts.actions import set_read_only
from salotto.billing.actions.cycles import begin_cycle
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.due import RETRIES
from salotto.billing.models import Invoice, InvoiceState, Payment, State, Subscription
from salotto.billing.period import period_at
from salotto.billing.standing import account_now, standing
from salotto.billing.tasks import send_failure, send_invoice
from salotto.core import audit


def collected(payment: Payment) -> None:
    """The invoice of this payment is paid: the account goes on.

    After a time of read-only whose period has passed, the period of today begins, for the
    rest of it: nobody pays for days on which nobody could answer.
    """
    with subscription_of(payment.account_id) as sub:
        Invoice.objects.filter(pk=payment.invoice_id, state=InvoiceState.OPEN).update(
            state=InvoiceState.PAID, paid_at=account_now(sub)
        )
        audit.record(
            payment.account_id, payment.actor_id, "invoice.paid", f"invoice {payment.invoice_id}",
            amount=payment.amount, currency=payment.currency,
        )  # fmt: skip
        send_invoice.defer(account_id=payment.account_id, invoice_id=payment.invoice_id or 0)
        if sub.state in (State.PAST_DUE, State.UNPAID):
            _go_on(sub)


def _go_on(sub: Subscription) -> None:
    was_read_only = sub.state == State.UNPAID
    sub.state, sub.failed_at, sub.retries = State.ACTIVE, None, 0
    save(sub, "state", "failed_at", "retries")
    if not was_read_only:
        return
    set_read_only(sub.account_id, False)
    now = account_now(sub)
    if sub.anchor and sub.period_end and sub.period_end <= now:
        begin_cycle(
            sub, standing(sub.account_id), period_at(sub.anchor, now, sub.cycle_next, sub.time_zone), now
        )


def not_collected(payment: Payment, reason: str) -> None:
    """A try has failed. One by the customer's own hand changes nothing further."""
    if payment.actor_id is not None:
        return
    with subscription_of(payment.account_id) as sub:
        if sub.state == State.ACTIVE:
            sub.state, sub.failed_at, sub.retries = State.PAST_DUE, account_now(sub), 0
        elif sub.state == State.PAST_DUE:
            sub.retries += 1
        if sub.state == State.PAST_DUE and sub.retries >= len(RETRIES):
            sub.state = State.UNPAID
            set_read_only(sub.account_id, True)
        save(sub, "state", "failed_at", "retries")
        audit.record(
            payment.account_id, None, "renewal.failed", f"invoice {payment.invoice_id}",
            reason=reason, retries=sub.retries, state=sub.state,
        )  # fmt: skip
        send_failure.defer(account_id=payment.account_id, payment_id=str(payment.pk))
