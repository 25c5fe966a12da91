"""A mailbox of a fresh account, and mails to it as any client would write them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from itertools import count
from typing import Any
from uuid import uuid4

from salotto.accounts.members import Member
from salotto.accounts.models import Access, Role
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.actions.taking import Taken, take_in
from salotto.channels.email.models import Mail, Mailbox, RawMail
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import delete_conversation, reply
from salotto.inbox.models import Conversation, Inbox, Message
from tests.cast import add_member, found_account

_number = count(1)
DAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Post:
    """A mailbox, and what comes to it."""

    owner: Member
    mailbox: Mailbox

    @property
    def account(self) -> int:
        return self.owner.account.pk

    @property
    def address(self) -> str:
        return self.mailbox.address

    def store(self, *mails: bytes, recipients: tuple[str, ...] = (), sender: str | None = None) -> list[int]:
        """Store raw mails, as a way in does; their ids. The envelope's sender is the one that a
        mail server would use, unless it is given: nobody's for a report, else whoever it is from."""
        arrivals = [
            Arrival("smtp", mail, envelope_sender(mail) if sender is None else sender, recipients)
            for mail in mails
        ]
        with account_scope(self.account):
            last = RawMail.objects.order_by("-id").values_list("id", flat=True).first() or 0
            store(self.account, self.mailbox.pk, arrivals)
            return list(RawMail.objects.filter(id__gt=last).order_by("id").values_list("id", flat=True))

    def take_in(self) -> Taken:
        """Take in what waits."""
        return take_in(self.account, self.mailbox.pk)

    def receive(
        self, *mails: bytes, recipients: tuple[str, ...] = (), sender: str | None = None
    ) -> list[RawMail]:
        """Store and take in; what became of each."""
        ids = self.store(*mails, recipients=recipients, sender=sender)
        self.take_in()
        return [self.raw(pk) for pk in ids]

    def raw(self, pk: int) -> RawMail:
        """A stored mail as the database has it now."""
        with account_scope(self.account):
            found: RawMail = RawMail.objects.get(pk=pk)
        return found

    def conversations(self) -> list[Conversation]:
        """All of the account, oldest first."""
        with account_scope(self.account):
            return list(Conversation.objects.select_related("contact").order_by("id"))

    def conversation(self, pk: int | None) -> Conversation:
        """One of them, with its contact."""
        return next(found for found in self.conversations() if found.pk == pk)

    def messages(self, conversation: int | None) -> list[Message]:
        """Of a conversation, in order."""
        with account_scope(self.account):
            return list(Message.objects.filter(conversation_id=conversation).order_by("id"))

    def bodies(self, conversation: int | None) -> list[str]:
        """What was written in a conversation, without status lines."""
        return [message.body for message in self.messages(conversation) if message.kind != "status"]

    def mail(self, message: int | None) -> Mail:
        """The email behind a message."""
        with account_scope(self.account):
            found: Mail = Mail.objects.get(message_id=message)
        return found


def envelope_sender(mail: bytes) -> str:
    """Whom a mail server would name as a mail's sender."""
    read = message_from_bytes(mail, policy=compat32)
    if read.get_content_type() == "multipart/report":
        return ""
    return parseaddr(str(read["From"] or ""))[1]


def open_post(owner: Member | None = None, name: str = "Support", **fields: Any) -> Post:
    """A mailbox with an address of its own; of a fresh account unless an owner is given."""
    owner = owner or found_account()
    address = fields.pop("address", f"support-{uuid4().hex[:10]}@shop.example")
    with account_scope(owner.account.pk):
        inbox = Inbox.objects.create(account=owner.account, name=name, channel="email")
        made = Mailbox.objects.create(account=owner.account, inbox=inbox, address=address, **fields)
    return Post(owner, made)


def person(name: str = "anna") -> str:
    """An address that no other test has."""
    return f"{name}-{uuid4().hex[:10]}@customer.example"


def new_id() -> str:
    """A Message-ID, without its angle brackets."""
    return f"{uuid4().hex}@mua.example"


def letter(
    sender: str,
    to: str,
    body: str = "Hello",
    *,
    id: str | None = None,
    subject: str = "A question",
    reply_to_id: str = "",
    references: tuple[str, ...] = (),
    date: datetime | None = DAY,
    **headers: Any,
) -> bytes:
    """A mail; `id` "" leaves the Message-ID out. Further headers by name, `_` for `-`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    if date is not None:
        mail["Date"] = format_datetime(date)
    own = new_id() if id is None else id
    if own:
        mail["Message-ID"] = f"<{own}>"
    if reply_to_id:
        mail["In-Reply-To"] = f"<{reply_to_id}>"
    if references:
        mail["References"] = " ".join(f"<{value}>" for value in references)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"{body}\n")
    return mail.as_bytes()


def add_agent(post: Post, name: str = "Marco De Luca") -> Member:
    """An admin of the account who holds a seat."""
    return add_member(post.owner.account, name, role=Role.ADMIN, access=Access.AGENT)


def sent_by_us(post: Post, conversation: int) -> str:
    """An agent's answer, as it would leave; its Message-ID."""
    agent = add_agent(post)
    with account_scope(post.account):
        answer = reply(conversation, "Here you are", client_id=uuid4(), by=agent)
        return str(Mail.objects.get(message_id=answer.message).header_id)


def delete(post: Post, conversation: int) -> None:
    """As an admin deletes it."""
    admin = add_agent(post)
    with account_scope(post.account):
        delete_conversation(conversation, by=admin)
