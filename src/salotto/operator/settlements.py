"""What operators do about invoices and balances, from texts as a form or a command gives them."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions import refunds
from salotto.billing.actions.credits import credit_note, grant_credit
from salotto.billing.actions.invoices import mark_paid
from salotto.billing.actions.locking import subscription_of
from salotto.billing.days import day_of
from salotto.billing.models import Invoice
from salotto.billing.money import parse_amount
from salotto.core.errors import Conflict, Invalid
from salotto.operator.queries.catalogue import terms_today
from salotto.operator.queries.invoices import invoice_page

SETTLED = {
    "card": _("The gateway has given the money back after all."),
    "balance": _("The money is credited to the balance."),
    "given": _("The refund is booked as given back otherwise."),
}


class OtherwiseLeft(Conflict):
    """409: the page was older than the last credit note."""

    code = "otherwise_left"
    sentence = _(
        "A credit note was issued meanwhile. Nothing was changed. Look at what is left, then decide."
    )


def settle(account_id: int, invoice_id: int, day: str, *, by: User | None) -> Invoice:
    """Mark an invoice of this account as paid on a day (ISO; empty is today).

    Raises Missing, BadDay, and what `mark_paid` does.
    """
    row = invoice_page(account_id, invoice_id).invoice
    return mark_paid(row.pk, by, day_of(day) or terms_today())


def correct(
    account_id: int, invoice_id: int, amount: str, to: str, reason: str, *, by: User | None, left: str = ""
) -> Invoice:
    """Take an invoice of this account back, whole (`amount` empty) or in part, with tax.

    `left`: what was left of it, in minor units, when it was decided; the same form sent twice
    is refused. Raises Missing, Invalid, OtherwiseLeft, and what `credit_note` does.
    """
    with subscription_of(account_id):
        view = invoice_page(account_id, invoice_id)
        if left and left != str(view.left.amount):
            raise OtherwiseLeft()
        part = parse_amount(amount, view.invoice.currency) if amount.strip() else None
        return credit_note(invoice_id, part, to, reason[:200], by)


def settle_refund(account_id: int, invoice_id: int, to: str, reason: str, *, by: User | None) -> str:
    """Close an open refund of this account; gives a sentence that says what became of it.

    Raises Missing, and what `refunds.settle_refund` does.
    """
    row = invoice_page(account_id, invoice_id).invoice
    return str(SETTLED[refunds.settle_refund(row.pk, to, reason.replace("\x00", ""), by)])


def grant(account_id: int, amount: str, currency: str, reason: str, key: str, *, by: User | None) -> None:
    """Grant a credit, once per `key` (a UUID). Raises Invalid, and what `grant_credit` does."""
    try:
        once = str(UUID(key))
    except ValueError:
        raise Invalid(_("The key is no UUID. Nothing was changed."), code="key") from None
    minor = parse_amount(amount, currency)
    grant_credit(account_id, minor, currency.strip().upper(), reason.replace("\x00", "")[:200], by, key=once)
