"""A mailbox that sends by a server of the tests, and what became of its mails."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import connection

from salotto.channels.email.actions.sending import send
from salotto.channels.email.models import Mail, MailState, Server
from salotto.core import clock
from salotto.core.sealing import seal
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import reply
from salotto.inbox.signals import PLAIN, Draft
from salotto.live.models import Event
from tests.channels.email.post import Post, letter, open_post, person


@dataclass(frozen=True)
class Outbox:
    """A mailbox with a conversation that a customer has begun."""

    post: Post
    conversation: int
    customer: str

    @property
    def account(self) -> int:
        return self.post.account

    def reply(self, body: str = "Here you are", draft: Draft = PLAIN) -> Mail:
        """An agent answers; the mail in line."""
        with account_scope(self.account):
            posted = reply(self.conversation, body, client_id=uuid4(), by=self.post.owner, draft=draft)
            found: Mail = Mail.objects.get(message_id=posted.message)
        return found

    def sent(self, mail: Mail) -> Mail:
        """The mail after an attempt of a sender."""
        send(self.account, mail.pk)
        return self.now(mail)

    def now(self, mail: Mail) -> Mail:
        """As the database has it."""
        with account_scope(self.account):
            found: Mail = Mail.objects.get(pk=mail.pk)
        return found

    def due(self, mail: Mail, **changes: Any) -> None:
        """It is due at once."""
        with account_scope(self.account):
            Mail.objects.filter(pk=mail.pk).update(**{"next_try_at": clock.now(), **changes})

    def told(self) -> int:
        """How often open desks were told that a mail's state has changed."""
        with account_scope(self.account):
            return Event.objects.filter(
                conversation_id=self.conversation, kind="conversation.changed", data__what="delivery"
            ).count()


def by_server(post: Post, port: int, **fields: Any) -> Server:
    """The mailbox sends by this server."""
    fields = {"host": "127.0.0.1", "security": "none", "auth": "none", **fields}
    if "password" in fields:
        fields["secret"] = seal(fields.pop("password"))
    with account_scope(post.account):
        made: Server = Server.objects.create(
            account_id=post.account, mailbox=post.mailbox, way="out", port=port, **fields
        )
    return made


def open_outbox(port: int | None = None, customer: str = "", server: Any = None, **fields: Any) -> Outbox:
    """A fresh account's mailbox with a conversation; it sends by the server on `port`."""
    post = open_post(**fields)
    if port is not None:
        by_server(post, port, **(server or {}))
    customer = customer or person()
    (raw,) = post.receive(letter(f"Anna Rossi <{customer}>", post.address, subject="The jacket"))
    assert raw.conversation_id is not None
    return Outbox(post, raw.conversation_id, customer)


def transport(port: int) -> dict[str, Any]:
    """The installation's own server, as the settings name it."""
    return {
        "backend": "django.core.mail.backends.smtp.EmailBackend", "host": "127.0.0.1",
        "port": port, "username": "", "password": "", "use_ssl": False, "use_tls": False,
    }  # fmt: skip


def jobs(name: str, account: int) -> int:
    """How many jobs of a task wait for an account."""
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE %s AND status = 'todo'"
            " AND (args->>'account_id')::bigint = %s",
            [f"%.{name}", account],
        )
        return int(db.fetchone()[0])


def mails(post: Post, **like: Any) -> list[Mail]:
    """What went out or waits, in order."""
    with account_scope(post.account):
        return list(Mail.objects.exclude(state=MailState.RECEIVED).filter(**like).order_by("id"))
