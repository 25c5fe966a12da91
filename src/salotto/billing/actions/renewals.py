"""Renewing: one period at a time, oldest first, each exactly once.

Any number of workers may run this: the subscription's row is the lock, and the period's
invoice is unique in the database.
"""

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.actions.collecting import collect
from salotto.billing.actions.cycles import begin_cycle, claim_invoice, following
from salotto.billing.actions.locking import subscription_of
from salotto.billing.errors import Declined, PurchaseUnderWay
from salotto.billing.models import Invoice, InvoiceState, Payment, PaymentState, State
from salotto.billing.standing import standing
from salotto.core.errors import Conflict, Missing

MOST_PERIODS = 240
"""Periods made up for in one go after a downtime; the next run goes on."""


def renew(account_id: int) -> int:
    """Begin every period that has come, oldest first, and collect each; how many were begun.

    Stops where one is not paid, and while another payment of the account is open.
    """
    begun = 0
    while begun < MOST_PERIODS:
        more, payment = _begin_next(account_id)
        if not more:
            break
        begun += 1
        if payment is not None and collect(payment).state != PaymentState.PAID:
            break
    return begun


def _begin_next(account_id: int) -> tuple[bool, Payment | None]:
    with subscription_of(account_id) as sub:
        st = standing(account_id)
        if not st.period_over or st.open_payment is not None:
            return False, None
        span = following(sub)
        return True, begin_cycle(sub, st, span, span.start)


def retry(account_id: int) -> Payment | None:
    """Try the oldest open invoice of an account that is past due once more."""
    with subscription_of(account_id) as sub:
        st = standing(account_id)
        invoice = Invoice.objects.filter(state=InvoiceState.OPEN).order_by("id").first()
        if sub.state != State.PAST_DUE or invoice is None or st.open_payment is not None:
            return None
        tries = Payment.objects.filter(invoice_id=invoice.pk).count()
        payment = claim_invoice(sub, st, invoice.pk, invoice.due, attempt=tries, actor_id=None)
    return collect(payment)


def pay_invoice(invoice_id: int, *, by: Member) -> Payment:
    """The primary admin pays an open invoice now, with the current card.

    Like a purchase it may ask for a challenge. Raises Forbidden, Missing, Conflict if it is
    paid already, PurchaseUnderWay, and Declined.
    """
    must_be_primary_admin(by)
    with subscription_of(by.account.pk) as sub:
        st = standing(by.account.pk)
        if st.account.primary_admin_id != by.user.pk:
            raise PurchaseUnderWay()
        if st.open_payment is not None:
            raise PurchaseUnderWay()
        invoice = Invoice.objects.filter(pk=invoice_id).first()
        if invoice is None:
            raise Missing()
        if invoice.state != InvoiceState.OPEN or invoice.due <= 0:
            raise Conflict(code="not_open")
        tries = Payment.objects.filter(invoice_id=invoice.pk).count()
        payment = claim_invoice(sub, st, invoice.pk, invoice.due, attempt=tries, actor_id=by.user.pk)
    done = collect(payment)
    if done.state == PaymentState.FAILED:
        raise Declined(done.error_code)
    return done
