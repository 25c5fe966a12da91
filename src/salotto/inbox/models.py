"""Contacts, conversations, messages: what the unified inbox is made of."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from salotto.core.tenancy import AccountModel, LocalKey


class Inbox(AccountModel):
    """A place that conversations come in by: one site, one mailbox, one number."""

    name = models.CharField(max_length=80)
    channel = models.CharField(max_length=20)
    created_at = models.DateTimeField(db_default=Now())


class Contact(AccountModel):
    """A person who writes to the company."""

    name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=8, blank=True)
    attributes = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                "account",
                Lower("email"),
                "id",
                condition=~models.Q(email=""),
                name="inbox_contact_email",
            ),
        ]


class Status(models.TextChoices):
    """Done is shared by all agents, as open is."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")


class Conversation(AccountModel):
    """One thread. Written by `inbox.actions` and the SQL function `inbox_post_messages` only.

    `visitor` is the client-made identity of a channel that has no address of its own (web
    chat), or one that no client has once the contact has written by mail (`sql/formers.sql`); unread,
    read and done are shared by all agents. `version` grows with each change; `last_message` is
    the newest message that somebody wrote, status lines left out. `linked` is the conversation that
    this one refers to without being part of it.
    """

    inbox = LocalKey(Inbox)
    contact = LocalKey(Contact)
    visitor = models.UUIDField(null=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    subject = models.CharField(max_length=200, blank=True)
    linked = LocalKey("self", models.DO_NOTHING, null=True)  # the database empties it
    preview = models.CharField(max_length=160, blank=True)
    preview_ours = models.BooleanField(default=False)
    unread = models.PositiveIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)
    last_activity = models.DateTimeField(db_default=Now())
    last_message = models.BigIntegerField(default=0)
    seen_by_visitor = models.BigIntegerField(default=0)
    seen_by_team = models.BigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "inbox", "visitor"],
                name="inbox_conversation_visitor",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values),
                name="inbox_conversation_status",
            ),
        ]
        indexes = [
            models.Index(
                "account",
                models.F("last_activity").desc(),
                models.F("id").desc(),
                condition=models.Q(status="open"),
                name="inbox_conv_open",
            ),
            models.Index(
                "account",
                "assignee",
                models.F("last_activity").desc(),
                models.F("id").desc(),
                condition=models.Q(status="open", assignee__isnull=False),
                name="inbox_conv_mine",
            ),
            models.Index(
                "account",
                models.F("last_activity").desc(),
                models.F("id").desc(),
                condition=models.Q(status="open", assignee=None),
                name="inbox_conv_unassigned",
            ),
            models.Index(
                "account",
                models.F("last_activity").desc(),
                models.F("id").desc(),
                condition=models.Q(status="done"),
                name="inbox_conv_done",
            ),
            models.Index(
                "account",
                "contact",
                models.F("id").desc(),
                name="inbox_conv_contact",
            ),
            models.Index(
                "account", "linked", condition=models.Q(linked__isnull=False), name="inbox_conv_linked"
            ),
        ]


class Kind(models.TextChoices):
    """What a message is; note and status are seen by the team only."""

    VISITOR = "visitor", _("From the contact")
    REPLY = "reply", _("Reply")
    NOTE = "note", _("Note")
    STATUS = "status", _("Status line")


PUBLIC_KINDS = (Kind.VISITOR, Kind.REPLY)


class Message(AccountModel):
    """One entry of a thread; `client_id` is made by the writer and makes a retry harmless.

    A status line has no body: `data` holds what happened ({"what": "assigned",
    "to": 12, "to_name": "Sara"}) and is put into words in the reader's language.
    """

    conversation = LocalKey(Conversation)
    client_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    body = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "conversation", "client_id"],
                name="inbox_message_once",
            ),
        ]
        indexes = [models.Index(fields=["account", "conversation", "id"], name="inbox_message_thread")]


class Blob(AccountModel):
    """The bytes of a file, kept once per account whoever sent it; `sha256` in hex."""

    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "sha256"], name="inbox_blob_once")]


class Attachment(AccountModel):
    """A file of a message; without a message it is an upload of `author` that waits to be sent.

    `inline` files stand in the text of an email, named by `content_id`; `place` is their order.
    """

    message = LocalKey(Message, null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    blob = LocalKey(Blob)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    inline = models.BooleanField(default=False)
    content_id = models.CharField(max_length=250, blank=True)
    place = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["account", "message", "place"], name="inbox_attachment_of"),
            models.Index(
                fields=["account", "created_at"],
                condition=models.Q(message=None),
                name="inbox_attachment_waiting",
            ),
            models.Index(fields=["account", "blob"], name="inbox_attachment_blob"),
        ]


class Tally(AccountModel):
    """Deltas of the counters that a page shows, appended by a trigger (`sql/tally.sql`).

    The counter is the sum of its rows; a job folds them into one. `owner` is a user's id
    for "mine", 0 for "open" and "unassigned".
    """

    owner = models.BigIntegerField(default=0)
    name = models.CharField(max_length=12)
    value = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["account", "owner", "name"], name="inbox_tally_read")]
