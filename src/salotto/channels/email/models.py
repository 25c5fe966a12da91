"""Mailboxes, the mail that came in and goes out, and what threads it."""

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from salotto.core.tenancy import AccountModel, LocalKey
from salotto.inbox.models import Blob, Conversation, Inbox, Message

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """The local part of a forwarding address: 12 characters that survive any spelling."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


class FromName(models.TextChoices):
    """Whose name a customer sees."""

    AGENT = "agent", _("The agent")
    COMPANY = "company", _("The company")
    BOTH = "both", _("The agent and the company")


class Mailbox(AccountModel):
    """An email inbox: its address, its looks, and what it does by itself.

    `address` is what customers write to, `aliases` are further own addresses, one per line.
    `language` is what its mails are in, "" for that of whom they go to.
    `key` is the local part of the forwarding address; `hook_digest` the SHA-256 (hex) of the
    secret of its raw-mail address. At most one mailbox of an account carries on chats whose
    visitor has left (`continues_chats`), `chat_minutes` after the answer.
    """

    inbox = LocalKey(Inbox)
    address = models.CharField(max_length=254, blank=True)
    aliases = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    key = models.CharField(max_length=24, unique=True, default=new_key)
    hook_digest = models.CharField(max_length=64, blank=True)
    from_name = models.CharField(max_length=8, choices=FromName, default=FromName.BOTH)
    company = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True, default="", db_default="")
    signature = models.TextField(blank=True)
    colour = models.CharField(max_length=7, blank=True)
    footer = models.TextField(blank=True)
    logo = LocalKey(Blob, null=True)
    auto_reply = models.TextField(blank=True)
    continues_chats = models.BooleanField(default=False)
    chat_minutes = models.PositiveSmallIntegerField(default=5)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "inbox"], name="email_mailbox_inbox"),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(continues_chats=True),
                name="email_mailbox_chats",
            ),
        ]


class Way(models.TextChoices):
    """What a server is used for."""

    IN = "in", _("Receiving")
    OUT = "out", _("Sending")


class Security(models.TextChoices):
    """How the connection is protected."""

    TLS = "tls", _("TLS")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None")


class Auth(models.TextChoices):
    """How we sign in."""

    PASSWORD = "password", _("Password")
    GOOGLE = "google", "Google"
    MICROSOFT = "microsoft", "Microsoft 365"
    NONE = "none", _("Without signing in")


class Server(AccountModel):
    """An IMAP server that a mailbox is read from, or an SMTP server that it sends by.

    `secret` is sealed (`core.secrets`): the password, or the OAuth 2 refresh token; `token` the
    sealed access token, good until `token_until`. `trouble` says in words what is wrong since
    `trouble_since`. A mailbox without an outgoing server sends by the installation's own.
    """

    mailbox = LocalKey(Mailbox)
    way = models.CharField(max_length=3, choices=Way)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    auth = models.CharField(max_length=10, choices=Auth, default=Auth.PASSWORD)
    username = models.CharField(max_length=254, blank=True)
    secret = models.TextField(blank=True)
    token = models.TextField(blank=True)
    token_until = models.DateTimeField(null=True)
    folder = models.CharField(max_length=250, default="INBOX")
    per_minute = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    trouble = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "mailbox", "way"], name="email_server_way"),
            models.CheckConstraint(condition=models.Q(port__range=(1, 65535)), name="email_server_port"),
        ]


class Position(AccountModel):
    """How far a folder has been read (RFC 3501 2.3.1.1), moved with the mails it stands behind.

    `uidvalidity` is null before the first look. `everything`: mails that lay there before were
    wanted as well. Without it `since` is when the first look was; if the folder is numbered anew,
    mails up to `renumbered_to` that came there before `since` are left where they are. On another
    server `since` is when the one before was looked through last. A fetcher holds the lease while
    it is at work.

    The lower 32 bits of `uidvalidity` are the server's own; those above count how often UIDs were
    given out anew under that number, because the server was put back to an earlier state
    (`set_back_at`: when that was seen last). So a mail's place is never another mail's. The number is
    kept as -1 - n while the settings name another server, until its folder proves to be the same.
    """

    server = LocalKey(Server)
    folder = models.CharField(max_length=250)
    uidvalidity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    everything = models.BooleanField(default=False)
    since = models.DateTimeField(null=True)
    renumbered_to = models.BigIntegerField(default=0)
    set_back_at = models.DateTimeField(null=True)
    lease_by = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "server", "folder"], name="email_position_once"),
        ]


class RawState(models.TextChoices):
    """How far a mail that came in has got."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Taken in")
    DUPLICATE = "duplicate", _("Came before")
    FAILED = "failed", _("Could not be read")
    UNROUTED = "unrouted", _("For no inbox")
    DELETED = "deleted", _("Deleted")


class RawMail(AccountModel):
    """A mail exactly as it came, stored before anybody looks into it.

    `source` is imap, smtp, lmtp, http or upload; `sender` and `recipients` are the envelope's,
    where there was one. `mailbox` is null while nothing says whose it is. `content` is emptied
    when its conversation is deleted.
    """

    mailbox = LocalKey(Mailbox, null=True)
    source = models.CharField(max_length=8)
    folder = models.CharField(max_length=250, blank=True)
    uidvalidity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    sender = models.CharField(max_length=320, blank=True)
    recipients = ArrayField(models.CharField(max_length=320), default=list)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=RawState, default=RawState.WAITING)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    conversation = LocalKey(Conversation, null=True)
    message = LocalKey(Message, null=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "mailbox", "folder", "uidvalidity", "uid"],
                condition=models.Q(uid__isnull=False),
                name="email_raw_position",
            ),
        ]
        indexes = [
            models.Index(
                "account", "mailbox", "id", condition=models.Q(state="waiting"), name="email_raw_waiting"
            ),
            models.Index(
                "account",
                models.F("id").desc(),
                condition=models.Q(state__in=["failed", "unrouted"]),
                name="email_raw_dead",
            ),
            models.Index("account", "conversation", name="email_raw_conversation"),
            models.Index("account", "mailbox", "id", name="email_raw_mailbox"),
        ]


class MailState(models.TextChoices):
    """Where a mail is: received, or on its way out."""

    RECEIVED = "received", _("Received")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    STOPPED = "stopped", _("Stopped")
    BOUNCED = "bounced", _("Came back")


class Mail(AccountModel):
    """The email behind a message: its headers, its whole text, and where it is on its way.

    `header_id` is its Message-ID; ids are without angle brackets. `to`, `cc`, `bcc` are lists of
    [name, address]. `text` is the
    whole plain text (the message's body has quote and signature folded off), `html` the HTML as
    it came or goes out, made safe only when it is shown. `kind` of an outgoing mail: reply, new,
    forward, bulk (one mail to many), chat (carries a chat on), auto; `language` is what it is in,
    `files` how many files it must have. `error` is the server's own words. While it is being sent,
    `next_try_at` is when the sender counts as lost; `losses` is how many were lost at it in a row,
    and `tried_at` when it was first tried.
    """

    mailbox = LocalKey(Mailbox)
    conversation = LocalKey(Conversation)
    message = LocalKey(Message, null=True)
    raw = LocalKey(RawMail, null=True)
    kind = models.CharField(max_length=8, default="mail")
    header_id = models.TextField()
    in_reply_to = models.TextField(blank=True)
    references = ArrayField(models.TextField(), default=list)
    sender_name = models.CharField(max_length=200, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    reply_to = models.JSONField(default=list)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    bcc = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    dated = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    automatic = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=8, blank=True, default="", db_default="")
    problems = models.JSONField(default=list)
    files = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=MailState)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "message"], name="email_mail_message"),
        ]
        indexes = [
            models.Index("account", "conversation", "id", name="email_mail_conversation"),
            models.Index(
                "next_try_at", condition=models.Q(state__in=["queued", "sending"]), name="email_mail_queue"
            ),
            models.Index(
                "account", "mailbox", "changed_at", condition=models.Q(state="sent"), name="email_mail_sent"
            ),
            models.Index(
                "account",
                "mailbox",
                "created_at",
                condition=models.Q(kind="auto"),
                name="email_mail_auto",
            ),
            models.Index(
                "account",
                "mailbox",
                Lower("sender"),
                "created_at",
                condition=~models.Q(automatic=""),
                name="email_mail_automatic",
            ),
        ]


class KnownId(AccountModel):
    """A Message-ID that was sent or received, once per inbox, and where it belongs.

    `fingerprint` tells a second mail with the same id from the same mail come twice; it is empty
    for what we have sent. Without a conversation it is a tombstone: what it belonged to was
    deleted, and does not come back; `was` is the number that the conversation had.
    """

    inbox = LocalKey(Inbox)
    value = models.TextField()
    conversation = LocalKey(Conversation, null=True)
    message = LocalKey(Message, null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    was = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "value", "inbox"], name="email_known_id_once"),
        ]
        indexes = [
            models.Index("account", "conversation", name="email_known_id_conversation"),
            models.Index(
                "account", "was", "id", condition=models.Q(was__isnull=False), name="email_known_id_was"
            ),
        ]


class NamedId(AccountModel):
    """A Message-ID that a mail of a conversation names, and that was not seen there: its mail is
    still on its way, or belongs elsewhere."""

    inbox = LocalKey(Inbox)
    value = models.TextField()
    conversation = LocalKey(Conversation)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "inbox", "value", "conversation"], name="email_named_id_once"
            ),
        ]
        indexes = [models.Index("account", "conversation", name="email_named_id_conversation")]


class Participant(AccountModel):
    """An address (its key) that takes part in a conversation by email."""

    conversation = LocalKey(Conversation)
    address = models.CharField(max_length=320)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "conversation", "address"], name="email_participant_once"
            ),
        ]
        indexes = [models.Index("account", "address", name="email_participant_address")]


class Batch(AccountModel):
    """One mail to many people, each in a conversation of their own; `author` owns these.

    `key` is made by who asks, so that asking twice sends once.
    """

    key = models.UUIDField()
    mailbox = LocalKey(Mailbox)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    subject = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="email_batch_once")]


class BatchFile(AccountModel):
    """A file of a mail to many. Its bytes are kept once: each of the messages refers to them too, and
    they stay while one of these or the batch does."""

    batch = LocalKey(Batch)
    blob = LocalKey(Blob)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    place = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "batch", "place"], name="email_batch_file_once"),
        ]
        indexes = [models.Index("account", "blob", name="email_batch_file_blob")]


class BatchState(models.TextChoices):
    """What became of one person of a batch; how their mail fares is the mail's own state."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Queued")
    SKIPPED = "skipped", _("Unsubscribed")
    REFUSED = "refused", _("Refused")
    STOPPED = "stopped", _("Stopped")


class BatchRecipient(AccountModel):
    """One person of a batch, once per address (`key`: `email_key`)."""

    batch = LocalKey(Batch)
    name = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    state = models.CharField(max_length=8, choices=BatchState, default=BatchState.WAITING)
    error = models.TextField(blank=True)
    conversation = LocalKey(Conversation, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "batch", "key"], name="email_batch_recipient_once"),
        ]
        indexes = [
            models.Index(
                "account",
                "batch",
                "id",
                condition=models.Q(state="waiting"),
                name="email_batch_waiting",
            ),
            models.Index("account", "conversation", name="email_batch_conversation"),
        ]


class Domain(AccountModel):
    """A domain that mail is sent from: its DKIM key (sealed), and what its DNS said last."""

    name = models.CharField(max_length=253)
    selector = models.CharField(max_length=63, default="salotto")
    private_key = models.TextField(blank=True)
    public_key = models.TextField(blank=True)
    signs = models.BooleanField(default=False)
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="email_domain_once")]


class Trial(AccountModel):
    """A test mail of a mailbox to its own address, and how far it has got: `begun_at` the sender
    took it, `accepted_at` the server did (`words` its answer), `seen_at` it lay in the mailbox
    again (`source` says how it came), `taken_at` it was taken in and thrown away. `returns` is
    false where the mailbox has no way in. `error` is why it was not sent.
    """

    mailbox = LocalKey(Mailbox)
    address = models.CharField(max_length=320)
    host = models.CharField(max_length=253, blank=True)
    returns = models.BooleanField(default=True)
    begun_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)
    error = models.TextField(blank=True)
    seen_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=8, blank=True)
    taken_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("account", "mailbox", "id", name="email_trial_mailbox")]
