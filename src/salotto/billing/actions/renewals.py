"""Renewing: one period at a time, oldest first, each exactly once.

Any number of workers may run this: the subscription's row is the lock, and the period's
invoice is unique in the database.
"""

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.actions import dunning
from salotto.billing.actions.collecting import collect
from salotto.billing.actions.cycles import begin_cycle, claim_invoice, following, method_of
from salotto.billing.actions.locking import ON_ACCOUNT, subscription_of
from salotto.billing.errors import Declined, NoMethod, PurchaseUnderWay
from salotto.billing.gateways import gateway
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, Payment, PaymentState
from salotto.billing.quotes import gateway_of
from salotto.billing.standing import standing
from salotto.core.errors import Conflict, Forbidden, Missing

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


def retry(account_id: int) -> str:
    """Go on about what an account owes; what that was: "retried", "overdue" or "".

    A card is tried once more for an invoice that was issued to be collected from it. One that
    was issued to be paid by hand is reminded of, and never charged unasked, whatever the
    account pays by meanwhile. "" while another payment is open.
    """
    with subscription_of(account_id) as sub:
        st = standing(account_id)
        if st.open_payment is not None:
            return ""
        takes_cards = gateway(gateway_of(st)).takes_cards
        invoice = dunning.next_owed(sub, takes_cards)
        if invoice is None:
            dunning.go_on(sub)
            return "retried"
        if not takes_cards or invoice.gateway == ON_ACCOUNT:
            dunning.overdue(sub, invoice)
            return "overdue"
        tries = Payment.objects.filter(invoice_id=invoice.pk).count()
        payment = claim_invoice(sub, st, invoice.pk, invoice.due, attempt=tries, actor_id=None)
    collect(payment)
    return "retried"


def pay_invoice(invoice_id: int, *, by: Member) -> Payment:
    """The primary admin pays an open invoice now, with the current card.

    Like a purchase it may ask for a challenge. Raises Forbidden, Missing, Conflict if it is
    paid already, NoMethod without a card, PurchaseUnderWay, and Declined.
    """
    must_be_primary_admin(by)
    with subscription_of(by.account.pk) as sub:
        st = standing(by.account.pk)
        if st.account.primary_admin_id != by.user.pk:
            raise Forbidden(code="not_primary_admin")
        if st.open_payment is not None:
            raise PurchaseUnderWay()
        invoice = Invoice.objects.filter(pk=invoice_id, kind=InvoiceKind.INVOICE).first()
        if invoice is None:
            raise Missing()
        if invoice.state != InvoiceState.OPEN or invoice.due <= 0:
            raise Conflict(code="not_open")
        if not gateway(gateway_of(st)).takes_cards or method_of(st) is None:
            raise NoMethod()
        tries = Payment.objects.filter(invoice_id=invoice.pk).count()
        payment = claim_invoice(sub, st, invoice.pk, invoice.due, attempt=tries, actor_id=by.user.pk)
    done = collect(payment)
    if done.state == PaymentState.FAILED:
        raise Declined(done.error_code)
    return done
