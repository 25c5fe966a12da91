"""How many seats an account has, and the ledger that says why."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from salotto.core.tenancy import AccountModel, LocalKey


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

    `quantity` seats of the `seats_then`; `support_conversation_id` (with its account) is where
    support and the account talk about it, if the operator has an inbox here: a `SupportTalk`.
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


class SupportTalk(AccountModel):
    """The conversation in support's own account in which this account's requests are talked
    about. Insert-only; a conversation is of one account for ever, and a request can be linked to
    one of its own account alone (composite key of `SeatRequest`)."""

    support_account_id = models.BigIntegerField()
    conversation_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["support_account_id", "conversation_id"], name="seats_talk_of_one_account"
            ),
            models.UniqueConstraint(
                fields=["account", "support_account_id", "conversation_id"], name="seats_talk_key"
            ),
        ]


class RequestWord(AccountModel):
    """What support and the account have said about a request; append-only.

    `key` makes a retry harmless: the form's of the account's words, one made from the
    message's id of words that support wrote in its inbox.
    """

    class Side(models.TextChoices):
        ACCOUNT = "account", _("The account")
        SUPPORT = "support", _("Support")

    request = LocalKey(SeatRequest)
    key = models.UUIDField()
    side = models.CharField(max_length=8, choices=Side)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "request", "key"], name="seats_word_once"),
            models.CheckConstraint(
                condition=models.Q(side__in=["account", "support"]), name="seats_word_side"
            ),
        ]
        indexes = [models.Index(fields=["account", "request", "-id"], name="seats_word_list")]
