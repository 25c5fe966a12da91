"""How many seats an account has, and the ledger that says why."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
        TRIAL_OVER = "trial_over", _("Trial over")
        BOUGHT = "bought", _("Seats bought")
        RENEWED = "renewed", _("Renewed")
        REMOVAL_SCHEDULED = "removal_scheduled", _("Removal scheduled")
        REMOVAL_WITHDRAWN = "removal_withdrawn", _("Removal taken back")
        REMOVED = "removed", _("Seats removed")
        NOT_SOLD = "not_sold", _("Started without a trial")

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind)
    seats_after = models.PositiveIntegerField()
    seats_at_renewal = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="seats_change_list")]


class SeatRequest(AccountModel):
    """A request by Email support: to remove seats (rule S13), or, when self-service has ended,
    to add some (rule S14). At most one is open.

    `quantity` seats of the `seats_then`; `conversation` (with its account) is where support
    and the account talk about it, if the operator has an inbox here.
    """

    class Kind(models.TextChoices):
        REMOVE = "remove", _("Remove seats")
        ADD = "add", _("Add seats")

    class State(models.TextChoices):
        REQUESTED = "requested", _("Waiting for support")
        SCHEDULED = "scheduled", _("Scheduled")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")
        DONE = "done", pgettext_lazy("a request", "Done")

    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    quantity = models.PositiveIntegerField()
    seats_then = models.PositiveIntegerField()
    note = models.TextField(blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    support_account_id = models.BigIntegerField(null=True)
    support_conversation_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=["requested", "scheduled"]),
                name="seats_request_one_open",
            ),
            models.CheckConstraint(condition=models.Q(quantity__gte=1), name="seats_request_some"),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="seats_request_open", condition=models.Q(state="requested")
            ),
            models.Index(fields=["account", "-id"], name="seats_request_list"),
        ]
