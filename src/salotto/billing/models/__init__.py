"""What billing keeps: the catalogue, subscriptions, payments, invoices and the money ledger."""

from salotto.billing.models.catalogue import Catalogue, Price, TaxRate
from salotto.billing.models.invoices import Invoice, InvoiceKind, InvoiceState, Posting, Series, Transaction
from salotto.billing.models.payments import (
    Payment,
    PaymentKind,
    PaymentMethod,
    PaymentState,
    SandboxObject,
    WebhookEvent,
)
from salotto.billing.models.subscriptions import BillingDetails, Cycle, State, Subscription

__all__ = [
    "BillingDetails",
    "Catalogue",
    "Cycle",
    "Invoice",
    "InvoiceKind",
    "InvoiceState",
    "Payment",
    "PaymentKind",
    "PaymentMethod",
    "PaymentState",
    "Posting",
    "Price",
    "SandboxObject",
    "Series",
    "State",
    "Subscription",
    "TaxRate",
    "Transaction",
    "WebhookEvent",
]
