"""What an operator says about an invoice that is paid by hand."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions import dunning
from salotto.billing.actions.credits import account_of
from salotto.billing.actions.locking import ON_ACCOUNT, subscription_of
from salotto.billing.days import midnight, today
from salotto.billing.errors import PurchaseUnderWay
from salotto.billing.models import (
    Catalogue,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Payment,
    PaymentState,
    Subscription,
)
from salotto.billing.operators import must_operate
from salotto.billing.standing import account_now
from salotto.billing.tasks import send_invoice
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid


class NotOnAccount(Conflict):
    """409: not an open invoice that is paid by hand."""

    code = "not_on_account"
    sentence = _("Only an open invoice that is paid by transfer can be marked as paid. Nothing was changed.")


class BadPaidOn(Invalid):
    """422: a day on which it cannot have been paid."""

    code = "bad_paid_on"
    sentence = _("It was paid between the day of the invoice and today. Nothing was changed.")


def mark_paid(invoice_id: int, operator: User | None, paid_on: date) -> Invoice:
    """The money for an open invoice of the gateway `invoice` has come in on the day `paid_on`.

    What was read-only goes on. Raises OperatorsOnly, Missing, NotOnAccount and
    PurchaseUnderWay (409), BadPaidOn.
    """
    actor = must_operate(operator)
    account_id = account_of(invoice_id)
    with subscription_of(account_id) as sub:
        row: Invoice = Invoice.objects.get(pk=invoice_id)
        _must_be_open(row, sub)
        now = account_now(sub)
        row.state, row.paid_at = InvoiceState.PAID, _instant(row, paid_on, now)
        Invoice.objects.filter(pk=row.pk).update(state=row.state, paid_at=row.paid_at)
        given: list[Any] = [account_id, now, "payment", row.pk, None, row.due, row.currency]
        with connection.cursor() as db:
            db.execute("SELECT billing_post_cash(%s, %s, %s, %s, %s, %s, %s)", given)
        audit.record(
            account_id, actor, "invoice.paid", f"invoice {row.pk}",
            amount=row.due, currency=row.currency, paid_on=paid_on.isoformat(),
        )  # fmt: skip
        send_invoice.defer(account_id=account_id, invoice_id=row.pk)
        dunning.go_on(sub)
    return row


def _must_be_open(row: Invoice, sub: Subscription) -> None:
    """Raises NotOnAccount, and PurchaseUnderWay while a card is being charged for it.

    An account that was switched to paying on invoice may owe what a card was once asked for.
    """
    if row.kind != InvoiceKind.INVOICE or row.state != InvoiceState.OPEN:
        raise NotOnAccount()
    if ON_ACCOUNT not in (row.gateway, sub.gateway or settings.BILLING_GATEWAY):
        raise NotOnAccount()
    if Payment.objects.filter(invoice_id=row.pk, state=PaymentState.CHARGING).exists():
        raise PurchaseUnderWay()


def _instant(row: Invoice, paid_on: date, now: datetime) -> datetime:
    """The day's first instant by the catalogue's clock, not before the invoice; raises BadPaidOn."""
    zone = Catalogue.objects.get(pk=1).time_zone
    if not today(zone, row.issued_at) <= paid_on <= today(zone, now):
        raise BadPaidOn()
    return max(row.issued_at, midnight(paid_on, zone))
