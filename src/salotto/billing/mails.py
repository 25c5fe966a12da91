"""Mails about money, in the account's language, to whom its invoices are made out."""

from typing import Any

from django.conf import settings

from salotto.accounts.mails import address, build
from salotto.accounts.models import Account
from salotto.billing.history import details, invoice, view_of
from salotto.billing.models import InvoiceKind, InvoiceState
from salotto.billing.pdf import pdf_of


def recipient(account: Account) -> str:
    """Where an account's bills go: the address in its details, else its primary admin."""
    known = details(account)
    return (known.email if known else "") or account.primary_admin.email


def send_invoice(account_id: int, invoice_id: int) -> None:
    """Queue the mail with the invoice as PDF; raises Missing."""
    account = Account.objects.select_related("primary_admin").get(pk=account_id)
    row = invoice(account_id, invoice_id)
    view = view_of(account, row)
    context: dict[str, Any] = {
        "account": account,
        "invoice": view,
        "credit": row.kind == InvoiceKind.CREDIT_NOTE,
        "open": row.state == InvoiceState.OPEN and row.due > 0,
        "link": address("invoice", account.slug, row.pk),
        "support": view.seller.email or settings.DEFAULT_FROM_EMAIL,
    }
    mail = build("billing/email/invoice", recipient(account), context, account.language)
    mail.attach(f"{view.name}.pdf", pdf_of(view), "application/pdf")
    mail.send()
