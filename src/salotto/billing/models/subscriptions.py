"""An account's subscription to the add-on, and whom its invoices are made out to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from salotto.billing.models.catalogue import Price
from salotto.core.tenancy import AccountModel


class Cycle(models.TextChoices):
    """How often it renews. A year costs twelve months (rule S10)."""

    MONTH = "month", _("Monthly")
    YEAR = "year", _("Yearly")


class State(models.TextChoices):
    """Where a subscription stands."""

    TRIAL = "trial", _("Trial")
    LAPSED = "lapsed", _("Trial over")
    ACTIVE = "active", _("Active")
    PAST_DUE = "past_due", _("Past due")
    UNPAID = "unpaid", _("Read-only until paid")
    ENDED = "ended", _("Ended")


class Subscription(AccountModel):
    """One row per account: the lock of everything about its money.

    `quantity` is paid for; `quantity_next` what the next renewal takes if nothing changes;
    `high_water` the most that was paid for in this period. Every change raises `version`,
    and a quote of an older version is worth nothing. `ahead` (seconds) is how far the
    account's own clock runs before the real one (sandbox only); `due_at` is the real instant
    at which something is to be done next (a reminder, a renewal, a retry).
    """

    state = models.CharField(max_length=10, choices=State, default=State.TRIAL)
    quantity = models.PositiveIntegerField(default=0)
    quantity_next = models.PositiveIntegerField(default=0)
    high_water = models.PositiveIntegerField(default=0)
    cycle = models.CharField(max_length=5, choices=Cycle, default=Cycle.MONTH)
    cycle_next = models.CharField(max_length=5, choices=Cycle, default=Cycle.MONTH)
    currency = models.CharField(max_length=3, blank=True)
    price = models.ForeignKey(Price, models.PROTECT, null=True, related_name="+")
    time_zone = models.CharField(max_length=60, default="UTC")
    anchor = models.DateTimeField(null=True)
    months = models.IntegerField(default=0)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    trial_ends_at = models.DateTimeField(null=True)
    reminded = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    retries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    ahead = models.BigIntegerField(default=0)
    gateway = models.CharField(max_length=20)
    customer = models.CharField(max_length=100, blank=True)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], name="billing_subscription_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="billing_subscription_state"
            ),
            models.CheckConstraint(
                condition=models.Q(high_water__gte=models.F("quantity")), name="billing_high_water"
            ),
            models.CheckConstraint(condition=models.Q(ahead__gte=0), name="billing_ahead"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="billing_due", condition=models.Q(due_at__isnull=False))
        ]


class BillingDetails(AccountModel):
    """Whom invoices are made out to; one row per account, made when first saved."""

    legal_name = models.CharField(_("legal name"), max_length=200)
    address = models.TextField(_("address"), max_length=500, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    email = models.EmailField(_("email for invoices"), blank=True)
    reference = models.CharField(_("your reference"), max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="billing_details_once")]
