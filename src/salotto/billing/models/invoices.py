"""Invoices, which never change once issued, and the ledger that every amount is posted to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from salotto.core.tenancy import AccountModel, LocalKey


class Series(models.Model):
    """A series of numbers without gaps; the row is locked until its number is committed."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)


class InvoiceKind(models.TextChoices):
    """A credit note corrects an invoice; its amounts are negative."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceState(models.TextChoices):
    """Whether it is settled. `void`: a credit note has taken it back whole."""

    OPEN = "open", _("Open")
    PAID = "paid", _("Paid")
    VOID = "void", _("Cancelled by a credit note")


class Invoice(AccountModel):
    """An invoice or credit note; only `state` and `paid_at` may change (trigger and rights).

    All amounts in minor units of `currency`. `lines`: [{"what": "seats_prorated" |
    "seats_cycle" | "correction", "quantity", "unit", "cycle", "from", "to", "at", "amount",
    "text"}], instants as ISO 8601 UTC; `taxes`: [{"name", "basis_points", "note", "base",
    "amount"}], one per rate; `seller`, `buyer`: {"name", "address", "country", "vat_number",
    "email"?, "reference"?} as they were. `due` = `total` − `balance_used` − `carried`.
    """

    kind = models.CharField(max_length=12, choices=InvoiceKind, default=InvoiceKind.INVOICE)
    series = models.CharField(max_length=20)
    number = models.PositiveBigIntegerField()
    corrects = LocalKey("self", null=True)
    currency = models.CharField(max_length=3)
    lines = models.JSONField()
    taxes = models.JSONField()
    subtotal = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    balance_used = models.BigIntegerField(default=0)
    carried = models.BigIntegerField(default=0)
    due = models.BigIntegerField()
    seller = models.JSONField()
    buyer = models.JSONField()
    language = models.CharField(max_length=8)
    gateway = models.CharField(max_length=20)
    issued_at = models.DateTimeField()
    payable_until = models.DateTimeField()
    cycle_start = models.DateTimeField(null=True)  # of a renewal: the period that it is for
    payment_id = models.UUIDField(null=True)  # of a purchase: what it became
    state = models.CharField(max_length=5, choices=InvoiceState, default=InvoiceState.OPEN)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="billing_invoice_number_once"),
            models.UniqueConstraint(
                fields=["account", "cycle_start"],
                condition=models.Q(cycle_start__isnull=False),
                name="billing_invoice_cycle_once",
            ),
            models.UniqueConstraint(
                fields=["account", "payment_id"],
                condition=models.Q(payment_id__isnull=False),
                name="billing_invoice_payment_once",
            ),
            models.CheckConstraint(
                condition=models.Q(total=models.F("subtotal") + models.F("tax"))
                & models.Q(total=models.F("balance_used") + models.F("carried") + models.F("due")),
                name="billing_invoice_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="billing_invoice_list"),
            models.Index(  # refunds that are still owed
                fields=["id"],
                name="billing_invoice_refund",
                condition=models.Q(kind="credit_note", state="open"),
            ),
        ]

    @property
    def name(self) -> str:
        """The number as it is written: `2026-000123`."""
        return f"{self.series}-{self.number:06d}"


class Transaction(AccountModel):
    """One event of money: its postings sum to zero per currency (deferred constraint)."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=20)  # invoice, credit_note, payment, refund, credit
    invoice = LocalKey(Invoice, null=True)
    payment_id = models.UUIDField(null=True)
    memo = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="billing_transaction_list"),
            models.Index(
                fields=["account", "payment_id"],
                name="billing_transaction_payment",
                condition=models.Q(payment_id__isnull=False),
            ),
        ]


class Posting(AccountModel):
    """One side of a transaction, debit positive, in minor units.

    `ledger`: receivable, revenue, tax, cash, balance (what we owe the customer: a credit is
    negative here, a carried amount positive).
    """

    transaction = LocalKey(Transaction)
    ledger = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        indexes = [
            models.Index(fields=["account", "ledger", "currency"], name="billing_posting_by_ledger"),
            models.Index(fields=["account", "transaction"], name="billing_posting_by_transaction"),
        ]
