"""What is to be collected, with what, and what gateways have told us."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salotto.billing.models.catalogue import Price
from salotto.billing.models.subscriptions import Cycle
from salotto.core.tenancy import AccountModel, LocalKey


class PaymentMethod(AccountModel):
    """A card, known to us by the gateway's token alone; at most one is the current one."""

    gateway = models.CharField(max_length=20)
    token = models.CharField(max_length=100)
    brand = models.CharField(max_length=20)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    is_current = models.BooleanField(default=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(is_current=True),
                name="billing_method_current_once",
            ),
            models.UniqueConstraint(fields=["account", "gateway", "token"], name="billing_method_once"),
            models.CheckConstraint(
                condition=models.Q(is_current=False) | models.Q(removed_at=None),
                name="billing_method_removed_is_not_current",
            ),
        ]


class PaymentKind(models.TextChoices):
    """Why money is collected."""

    PURCHASE = "purchase", _("Purchase")
    RENEWAL = "renewal", _("Renewal")


class PaymentState(models.TextChoices):
    """`charging` is open: the outcome at the gateway is not known yet, or not reached."""

    CHARGING = "charging", _("Being charged")
    PAID = "paid", pgettext_lazy("a payment", "Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Payment(AccountModel):
    """One claim on money; the id of a purchase is that of its quote.

    A purchase holds the whole quote and becomes an invoice when it is paid; a renewal is one
    attempt to collect the open `invoice`. At most one payment of an account is open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=10, choices=PaymentKind)
    state = models.CharField(max_length=10, choices=PaymentState, default=PaymentState.CHARGING)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveBigIntegerField()
    # of a purchase: the quote
    is_first = models.BooleanField(default=False)
    quantity_from = models.PositiveIntegerField(default=0)
    quantity_to = models.PositiveIntegerField(default=0)
    next_from = models.PositiveIntegerField(default=0)
    next_to = models.PositiveIntegerField(default=0)
    delta = models.PositiveIntegerField(default=0)
    unit = models.PositiveBigIntegerField(default=0)
    price = models.ForeignKey(Price, models.PROTECT, null=True, related_name="+")
    cycle = models.CharField(max_length=5, choices=Cycle, default=Cycle.MONTH)
    months = models.IntegerField(default=0)
    anchor = models.DateTimeField(null=True)
    at = models.DateTimeField()
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    subtotal = models.BigIntegerField(default=0)
    tax_name = models.CharField(max_length=20, blank=True)
    tax_points = models.PositiveIntegerField(default=0)
    tax_note = models.CharField(max_length=40, blank=True)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField()
    balance_used = models.BigIntegerField(default=0)
    carried = models.BigIntegerField(default=0)
    # what the gateway is asked for: total = balance_used + carried + amount
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.CharField(max_length=20)
    customer = models.CharField(max_length=100, blank=True)
    method = LocalKey(PaymentMethod, null=True)
    # of a renewal: the invoice that it collects, and the how manieth try it is
    invoice_id = models.BigIntegerField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    # what became of it
    intent = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)
    needs_person = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    # of this moment, not of the row
    challenge: Mapping[str, str] | None = None
    settled: Any = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state="charging"),
                name="billing_payment_one_open",
            ),
            models.UniqueConstraint(fields=["id"], name="billing_payment_id_once"),
            models.UniqueConstraint(
                fields=["account", "invoice_id", "attempt"],
                condition=models.Q(kind="renewal"),
                name="billing_payment_attempt_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=PaymentState.values), name="billing_payment_state"
            ),
            models.CheckConstraint(
                condition=models.Q(total=models.F("balance_used") + models.F("carried") + models.F("amount")),
                name="billing_payment_adds_up",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="billing_payment_open", condition=models.Q(state="charging")
            ),
            models.Index(fields=["intent"], name="billing_payment_intent", condition=~models.Q(intent="")),
            models.Index(fields=["account", "-created_at", "-id"], name="billing_payment_list"),
            models.Index(fields=["created_at", "id"], name="billing_payment_made"),  # the comparison
        ]


HANDLED = models.Q(handled_at__isnull=False)


class WebhookEvent(models.Model):
    """What a gateway has told us, kept as it came; handled by a job, once."""

    source = models.CharField(max_length=20)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    body = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="billing_webhook_once")]
        indexes = [
            models.Index(fields=["id"], name="billing_webhook_waiting", condition=models.Q(handled_at=None)),
            models.Index(fields=["handled_at"], name="billing_webhook_old", condition=HANDLED),
        ]


class SandboxObject(models.Model):
    """What the sandbox gateway remembers: its side of the wire, not ours."""

    id = models.CharField(max_length=100, primary_key=True)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200, unique=True, null=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["kind", "created_at"], name="billing_sandbox_by_age")]
