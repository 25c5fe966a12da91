"""The event log: the truth that the live stream only hints at."""

import uuid

from django.db import models
from django.db.models.functions import Now


class Xid8Field(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's 64-bit transaction id, read as an int."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class Event(models.Model):
    """One small fact ("conversation 12 changed, version 7") of one account.

    `txid` is the writing transaction: with a cursor that is a snapshot it says exactly
    which facts a listener has not seen, whatever order transactions commit in
    (see `live.cursor`). `visitor` is set when that visitor may see the fact too.
    """

    account_id = models.BigIntegerField()
    txid = Xid8Field(db_default=models.Func(function="pg_current_xact_id", output_field=Xid8Field()))
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=40)
    conversation_id = models.BigIntegerField(null=True)
    visitor = models.UUIDField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["txid"], name="live_event_txid"),
        ]


class Era(models.Model):
    """One row: which database a cursor belongs to, and how far back the log reaches.

    A log restored into another cluster has foreign transaction ids, so its cursors must
    not be trusted: the era changes and every listener is told to load its state anew.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    era = models.UUIDField(default=uuid.uuid4)
    system = models.CharField(max_length=40, default="")
    pruned = Xid8Field(db_default=models.Value("0", output_field=Xid8Field()))
