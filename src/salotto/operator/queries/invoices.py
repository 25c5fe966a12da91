"""One invoice or credit note, as its page shows it to an operator."""

from dataclasses import dataclass

from django.conf import settings

from salotto.accounts.models import Account
from salotto.billing import history
from salotto.billing.invoices import InvoiceView
from salotto.billing.models import Invoice, InvoiceKind, InvoiceState, Subscription, Transaction
from salotto.billing.money import Money
from salotto.core.tenancy import account_scope
from salotto.operator.queries.accounts import account as find_account

MOST = 50


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """The row, the document made of it, its credit notes and the movements of money about it.

    `gateway` is how the account pays today.
    """

    account: Account
    gateway: str
    invoice: Invoice
    document: InvoiceView
    notes: list[Invoice]
    movements: list[Transaction]

    @property
    def left(self) -> Money:
        """What credit notes have not taken back yet."""
        taken = sum(note.total for note in self.notes)
        return Money(self.invoice.total + taken, self.invoice.currency)

    @property
    def may_mark_paid(self) -> bool:
        """Whether the operator's word settles it: an open one, of an account that pays on invoice."""
        row = self.invoice
        is_open = row.kind == InvoiceKind.INVOICE and row.state == InvoiceState.OPEN
        return is_open and "invoice" in (row.gateway, self.gateway)

    @property
    def may_correct(self) -> bool:
        """Whether a credit note can take something back."""
        return self.invoice.kind == InvoiceKind.INVOICE and self.left.amount > 0

    @property
    def may_settle(self) -> bool:
        """Whether it is a refund that has not gone back yet."""
        row = self.invoice
        return row.kind == InvoiceKind.CREDIT_NOTE and row.state == InvoiceState.OPEN

    @property
    def was_paid(self) -> bool:
        """Whether there is money to give back."""
        return self.invoice.state == InvoiceState.PAID


def invoice_page(account_id: int, invoice_id: int) -> InvoicePage:
    """An invoice of this account; raises Missing."""
    account = find_account(account_id)
    row = history.invoice(account_id, invoice_id)
    with account_scope(account_id):
        notes = list(Invoice.objects.filter(corrects_id=invoice_id).order_by("id")[:MOST])
        own = Subscription.objects.values_list("gateway", flat=True).first()
        movements = list(Transaction.objects.filter(invoice_id=invoice_id).order_by("id")[:MOST])
    pays_by = own or settings.BILLING_GATEWAY
    return InvoicePage(account, pays_by, row, history.view_of(account, row), notes, movements)
