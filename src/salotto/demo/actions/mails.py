"""The demo's email: a mailbox, and its conversations through the same doors as any mail's."""

from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.utils import parseaddr
from uuid import uuid4

from salotto.accounts.members import Member
from salotto.accounts.models import Account
from salotto.channels.email.actions.receiving import receive
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.actions.taking import take_in
from salotto.channels.email.models import Mail, Mailbox, MailState, RawMail
from salotto.core.clock import now
from salotto.demo.actions.past import was
from salotto.demo.cast import COMPANY, DOMAIN
from salotto.demo.mails import Before, Letter, Thread, mime, threads
from salotto.demo.queries import place_at
from salotto.inbox import actions as inbox
from salotto.inbox.models import Contact, Conversation, Inbox
from salotto.inbox.signals import Draft

NAME = "Ciao"
ADDRESS = f"ciao@{DOMAIN}"

Team = Mapping[str, Member]


def play_mails(account: Account, team: Team) -> None:
    """Open the mailbox and have everything written; in the account's scope."""
    place = Inbox.objects.create(account=account, name=NAME, channel="email")
    mailbox = Mailbox.objects.create(account=account, inbox=place, address=ADDRESS, company=COMPANY)
    for number, thread in enumerate(threads()):
        _Play(mailbox, thread, number, team).run()
    Mailbox.objects.filter(pk=mailbox.pk).update(continues_chats=True)


def bring(raw: bytes, address: str) -> bool:
    """Have a customer's mail taken in, as if a server had brought it; False if no inbox has the
    address."""
    place = place_at(address)
    if place is None:
        return False
    receive([(place, _arrival(raw, (address,)))])
    return True


def _arrival(raw: bytes, recipients: tuple[str, ...] = ()) -> Arrival:
    """The mail as a server hands it over, from whoever has written it: what comes from nobody is no
    person's."""
    sender = parseaddr(str(message_from_bytes(raw)["From"] or ""))[1]
    return Arrival("smtp", raw, sender, recipients)


class _Play:
    """One conversation as it goes on."""

    def __init__(self, mailbox: Mailbox, thread: Thread, number: int, team: Team) -> None:
        self.mailbox, self.thread, self.number, self.team = mailbox, thread, number, team
        self.account = mailbox.account_id
        self.conversation = self.last = 0
        self.before: Before | None = None
        self.waiting: datetime | None = None

    def run(self) -> None:
        """Everything in order, then the times of the whole."""
        moment = now()
        for place, letter in enumerate(self.thread.letters):
            at = moment - letter.ago
            if letter.received:
                self._receive(letter, at, f"{self.number}-{place}.{self.account}")
            else:
                self._write(letter, at)
            self.last = was(self.account, self.conversation, self.last, at)
        self._settle(moment)

    def _receive(self, letter: Letter, at: datetime, name: str) -> None:
        raw = mime(letter, self.thread.subject, ADDRESS, at, name, self.before)
        store(self.account, self.mailbox.pk, [_arrival(raw)])
        take_in(self.account, self.mailbox.pk)
        stored = RawMail.objects.order_by("-id").only("conversation_id").first()
        self.conversation = stored.conversation_id if stored else self.conversation
        self.before = Before(f"{name}@mail.example", letter.who.partition(" <")[0], at, letter.text)
        self.waiting = self.waiting or at

    def _write(self, letter: Letter, at: datetime) -> None:
        by = self.team[letter.who]
        if letter.notes:
            inbox.add_note(self.conversation, letter.text, client_id=uuid4(), by=by)
            return
        posted = inbox.reply(
            self.conversation, letter.text, client_id=uuid4(), by=by, draft=Draft(quote=True)
        )
        state = MailState.FAILED if letter.fails else MailState.SENT
        mail = Mail.objects.filter(message_id=posted.message)
        mail.update(state=state, error=letter.fails, next_try_at=None, dated=at, changed_at=at)
        self.before = Before(mail.get().header_id, by.user.name, at, letter.text)
        self.waiting = None

    def _settle(self, moment: datetime) -> None:
        """The conversation's and the contact's own times."""
        begun, at = (moment - self.thread.letters[place].ago for place in (0, -1))
        found = Conversation.objects.filter(pk=self.conversation)
        found.update(created_at=begun, last_activity=at, waiting_since=self.waiting)
        if self.waiting is None:
            found.update(unread=0)
        contact = Contact.objects.filter(pk=found.get().contact_id)
        contact.update(language=self.thread.language, created_at=begun)
