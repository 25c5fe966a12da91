"""How many seats an account has, and the ledger that says why."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from salotto.core.tenancy import AccountModel


class SeatPlan(AccountModel):
    """One row per account: the lock and the gate for everything about seats.

    `agents` is kept by a trigger on the membership table, and a check constraint holds
    agents <= seats at every commit, under any concurrency and for any writer.
    """

    seats = models.PositiveIntegerField()
    agents = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], name="seats_plan_once"),
            models.CheckConstraint(
                condition=models.Q(agents__lte=models.F("seats")),
                name="seats_agents_within_seats",
            ),
        ]


class SeatChange(AccountModel):
    """The seat ledger: append-only; the account's seats are its last row."""

    class Kind(models.TextChoices):
        TRIAL = "trial_started", _("Trial started")

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind)
    seats_after = models.PositiveIntegerField()
    seats_at_renewal = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
