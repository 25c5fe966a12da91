"""A mailbox of a fresh account that is read from a server of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from salotto.accounts.members import Member
from salotto.channels.email.actions import connecting
from salotto.channels.email.imap.station import Station
from salotto.channels.email.models import Mailbox, Position, RawMail, Security, Server, Way
from salotto.core.tenancy import account_scope, all_accounts
from salotto.inbox.models import Inbox
from tests.cast import found_account
from tests.mailservers.dovecot import PASSWORD, await_that


@dataclass(frozen=True)
class Letterbox:
    """A mailbox, and the user whose mail it reads."""

    owner: Member
    mailbox: Mailbox
    user: str

    @property
    def account(self) -> int:
        return self.owner.account.pk

    def connect(self, port: int, **settings: object) -> Server:
        """Have it read from this port, without TLS unless said otherwise; from its first mail on."""
        given: dict[str, object] = {
            "host": "127.0.0.1",
            "security": Security.NONE,
            "username": self.user,
            "password": PASSWORD,
            "everything": True,
        }
        whole = connecting.Settings(port=port, **{**given, **settings})  # type: ignore[arg-type]
        return connecting.save_server(self.mailbox.pk, Way.IN, whole, by=self.owner)

    def server(self) -> Server:
        with account_scope(self.account):
            found: Server = Server.objects.get(mailbox=self.mailbox, way=Way.IN)
        return found

    def position(self) -> Position:
        with account_scope(self.account):
            found: Position = Position.objects.get(server__mailbox=self.mailbox)
        return found

    def subjects(self) -> list[str]:
        """Of all mails that were stored, in order."""
        with account_scope(self.account):
            contents = RawMail.objects.order_by("id").values_list("content", flat=True)
            return [subject_of(bytes(content)) for content in contents]

    def count(self) -> int:
        with account_scope(self.account):
            return int(RawMail.objects.count())

    def raws(self) -> list[RawMail]:
        with account_scope(self.account):
            return list(RawMail.objects.order_by("id"))

    def await_count(self, number: int, within: float = 30.0) -> None:
        """Until so many mails are stored."""
        await_that(lambda: self.count() >= number, f"{number} mails", within)
        assert self.count() == number

    def await_trouble(self, sentence: str, within: float = 30.0) -> Server:
        """Until the admin is told this."""
        await_that(lambda: self.server().trouble.startswith(sentence), sentence, within)
        return self.server()

    def await_no_trouble(self) -> None:
        await_that(lambda: not self.server().trouble, "the trouble is over")


def letterbox(owner: Member | None = None) -> Letterbox:
    """A mailbox without a server, of an account of its own unless there is an owner."""
    owner = owner or found_account()
    user = f"user-{uuid4().hex[:10]}"
    with account_scope(owner.account.pk):
        inbox = Inbox.objects.create(account=owner.account, name="Mail", channel="email")
        mailbox = Mailbox.objects.create(account=owner.account, inbox=inbox, address=f"{user}@example.com")
    return Letterbox(owner, mailbox, user)


@contextmanager
def tending() -> Iterator[Station]:
    """A station at work for the length of the block."""
    station = Station()
    station.start()
    try:
        yield station
    finally:
        station.stop(10)
        assert not station.is_alive


def leave_none() -> None:
    """No mailbox of an earlier test is read any more."""
    with all_accounts():
        Server.objects.update(enabled=False)
        Position.objects.update(lease_by=None, lease_until=None)


def mail(number: int, size: int = 300) -> bytes:
    """A mail with its number as subject, of at least so many bytes."""
    head = (
        f"From: customer{number}@example.org\r\nTo: shop@example.com\r\nSubject: {number}\r\n"
        f"Message-ID: <{number}.{uuid4().hex}@example.org>\r\n\r\n"
    )
    line = "Where is my parcel? It should have been here on Monday.\r\n"
    return (head + line * (max(0, size - len(head)) // len(line) + 1)).encode()


def subject_of(content: bytes) -> str:
    return content.split(b"Subject: ", 1)[1].split(b"\r\n", 1)[0].decode()
