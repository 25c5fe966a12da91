"""Buying seats: claim the quote, collect the money, settle. Rules S1, S8, S11, S12."""

import json
from uuid import UUID

from django.db import IntegrityError, connection

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.actions import collecting, renewals
from salotto.billing.errors import (
    Declined,
    ForeignQuote,
    NoMethod,
    OtherQuantity,
    PurchaseUnderWay,
    QuoteOver,
)
from salotto.billing.gateways import gateway
from salotto.billing.models import Payment, PaymentKind, PaymentState
from salotto.billing.queries import payment as find_payment
from salotto.billing.quotes import Quote, make_quote, quantity_of, read_quote
from salotto.billing.signals import FIRST_PURCHASE_FITS, checking_first
from salotto.billing.standing import Standing, standing
from salotto.core import clock
from salotto.core.errors import Forbidden, Missing, Refused
from salotto.core.sql import constraint_of

CLAIM = """
    INSERT INTO billing_payment
    SELECT p.* FROM billing_subscription s JOIN accounts_account a ON a.id = s.account_id,
           jsonb_populate_record(NULL::billing_payment, %s::jsonb) p
     WHERE s.account_id = %s AND s.version = %s AND a.primary_admin_id = %s
       FOR NO KEY UPDATE OF s FOR SHARE OF a
    ON CONFLICT DO NOTHING
"""
"""One statement holds the claim: the version, the person and "one open payment" are checked
by the database at the moment of writing, whatever happened since they were read. Both rows
are locked: a statement that waited for one of them looks at it again."""


def buy(token: str, add: object, *, by: Member) -> Payment:
    """Buy what the quote says, for exactly its amount.

    The payment is `paid`, or still `charging`: then `challenge` says what the customer has to
    do (3-D Secure), or is None while the outcome is unknown. The same quote again gives the
    same payment. Raises Forbidden unless `by` is the primary admin now, ForgedQuote,
    ForeignQuote, BadQuantity, OtherQuantity, QuoteOver, NoMethod, PurchaseUnderWay, PastDue,
    SaleOver, SelfServiceOver, and Declined with the reason: then nothing was charged.
    """
    must_be_primary_admin(by)
    quote = read_quote(token)
    if quote.account_id != by.account.pk:
        raise ForeignQuote()
    if quantity_of(add) != quote.add:
        raise OtherQuantity()
    payment, st = claim(quote, by)
    return _said(payment if st is None else collecting.collect(payment, st))


def continue_purchase(payment_id: UUID, *, by: Member) -> Payment:
    """What became of it: asks the gateway when it is open. Raises like `buy`, and Missing."""
    must_be_primary_admin(by)
    payment = find_payment(by.account.pk, payment_id)
    if payment.state == PaymentState.CHARGING:
        payment = collecting.resume(payment, customer_is_here=True)
    return _said(payment)


def give_up(payment_id: UUID, *, by: Member) -> Payment:
    """Leave a challenge: cancelled at the gateway first; if it has succeeded, it is settled."""
    must_be_primary_admin(by)
    payment = find_payment(by.account.pk, payment_id)
    if payment.state == PaymentState.CHARGING:
        payment = collecting.cancel(payment)
    return payment


def _said(payment: Payment) -> Payment:
    if payment.state == PaymentState.FAILED:
        raise Declined(payment.error_code)
    return payment


def claim(quote: Quote, by: Member) -> tuple[Payment, Standing | None]:
    """Transaction 1, a single statement. The open payment, and the standing that it was claimed on.

    For a quote that was claimed before it is that payment, without a standing.
    """
    st = standing(by.account.pk)
    if st.account.primary_admin_id != by.user.pk:
        raise Forbidden(code="not_primary_admin")
    try:
        _must_hold(quote, st)
        payment = _payment(quote, st, by)
        if not _write(payment, st):
            raise QuoteOver()
    except Refused as refused:
        return _claimed_before(quote, by, refused), None
    return payment, st


def _must_hold(quote: Quote, st: Standing) -> None:
    """Make the quote again, at its own instant: it must come out the same."""
    if st.period_over:
        renewals.renew(st.account.pk)
        raise QuoteOver()
    if st.open_payment is not None:
        raise PurchaseUnderWay()
    again = make_quote(
        st, quote.add, currency=quote.currency, cycle=quote.cycle, at=quote.at, quote_id=quote.id
    )
    if again != quote or st.now >= quote.expires_at:
        raise QuoteOver()
    if quote.amount and quote.method_id is None and gateway(quote.gateway).takes_cards:
        raise NoMethod()


def _payment(quote: Quote, st: Standing, by: Member) -> Payment:
    copied = {f: getattr(quote, f) for f in _COPIED}
    payment = Payment(
        kind=PaymentKind.PURCHASE,
        account_id=quote.account_id,
        actor_id=by.user.pk,
        customer=st.subscription.customer,
        method_id=quote.method_id if quote.amount else None,
        created_at=clock.now(),
        **copied,
    )
    if payment.method_id and st.method:
        payment.method = st.method
    return payment


_COPIED = (
    *("id", "version", "is_first", "quantity_from", "quantity_to", "next_from", "next_to", "delta", "unit"),
    *("price_id", "cycle", "months", "anchor", "at", "period_start", "period_end", "subtotal"),
    *("tax_name", "tax_points", "tax_note", "tax", "total", "balance_used", "carried", "amount"),
    *("currency", "gateway"),
)


def _write(payment: Payment, st: Standing) -> bool:
    """Whether the claim was written, in one statement.

    Rooms above look at a first purchase inside it, by a trigger (rule 20); the one that has
    refused says why. If it would not any more, somebody has made room: False.
    """
    try:
        return _insert(payment)
    except IntegrityError as error:
        if constraint_of(error) != FIRST_PURCHASE_FITS:
            raise
    checking_first.send(Payment, account=st.account, quantity=payment.quantity_to)
    return False


def _insert(payment: Payment) -> bool:
    row = {f.column: getattr(payment, f.attname) for f in Payment._meta.concrete_fields}
    with connection.cursor() as db:
        db.execute(
            CLAIM, [json.dumps(row, default=str), payment.account_id, payment.version, payment.actor_id]
        )
        return bool(db.rowcount)


def _claimed_before(quote: Quote, by: Member, refused: Refused) -> Payment:
    """The payment of this very quote (a second click); else raises what stands in the way."""
    try:
        return find_payment(by.account.pk, quote.id)
    except Missing:
        if isinstance(refused, QuoteOver) and standing(by.account.pk).open_payment is not None:
            raise PurchaseUnderWay() from None
        raise refused from None
