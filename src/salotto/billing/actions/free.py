"""A trial on a server whose price is 0 becomes a plan by itself at its end (rule 23).

Read-only over no money would serve nobody; the plan has the trial's seats, or as many as the
account has agents.
"""

from dataclasses import fields

from salotto.billing.models import Payment, PaymentKind, Subscription
from salotto.billing.quotes import Quote, make_quote
from salotto.billing.signals import renewing
from salotto.billing.standing import Standing
from salotto.core import clock
from salotto.core.errors import Refused

LEAST = 20
"""Seats of a trial (rule S6)."""


def begin(sub: Subscription, st: Standing) -> bool:
    """Buy the trial's seats for nothing, in the transaction that holds the lock on `sub`.

    False, with nothing written, where seats cost money or are not sold (any more).
    """
    from salotto.billing.actions import settling  # which knows of everything that follows a payment

    answers = renewing.send(Subscription, account_id=sub.account_id, quantity=LEAST)
    seats = max([LEAST, *(int(answer or 0) for _, answer in answers)])
    try:
        quote = make_quote(st, seats)
    except Refused:
        return False
    if quote.unit or quote.amount:
        return False
    payment = _payment(quote, st)
    payment.save(force_insert=True)
    settling.settle(payment, 0, st)
    return True


def _payment(quote: Quote, st: Standing) -> Payment:
    known = {field.attname for field in Payment._meta.concrete_fields}
    given = {f.name: getattr(quote, f.name) for f in fields(Quote) if f.name in known}
    given["method_id"] = None
    return Payment(
        kind=PaymentKind.PURCHASE, customer=st.subscription.customer, created_at=clock.now(), **given
    )
