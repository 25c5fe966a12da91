"""The audit log: who did what, kept apart from the things it was done to."""

from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One act of a person or of the system; append-only, by trigger and by privilege."""

    account_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())
    actor_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "core_audit"
        indexes = [models.Index(fields=["account_id", "-id"], name="core_audit_by_account")]
