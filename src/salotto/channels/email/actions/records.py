"""What is written of a batch of mails, once it is clear where each belongs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import connection

from salotto.channels.email.letters import Opened
from salotto.channels.email.mime.parsed import Address
from salotto.channels.email.models import KnownId, Mail, Mailbox, MailState, NamedId, Participant, RawState
from salotto.inbox.actions import File
from salotto.inbox.models import Kind
from salotto.inbox.posting import Item

BODY_LIMIT = 50_000
"""Characters of a message's body; the mail's row has the rest."""
EVENT_LIMIT = 2_000
"""Characters of what a calendar entry says."""
TEXT_LIMIT = 1_000_000
"""Characters of the whole text that are kept beside the original."""
HTML_LIMIT = 4_000_000
NAMED = 20
"""Ids that one mail names and that were not seen in its conversation: so many are kept, the
nearest."""
_SETTLE = """
    UPDATE email_rawmail raw
       SET state = CASE WHEN given.state = 'failed' AND raw.size = length(raw.content) THEN 'waiting'
                        ELSE given.state END,
           conversation_id = given.conversation, message_id = given.message,
           error = CASE WHEN given.state = 'failed' THEN raw.error ELSE '' END,
           attempts = CASE WHEN given.state = 'failed' THEN 0 ELSE greatest(raw.attempts, 1) END,
           content = CASE WHEN given.state = 'deleted' THEN ''::bytea ELSE raw.content END,
           sender = CASE WHEN given.state = 'deleted' THEN '' ELSE raw.sender END,
           recipients = CASE WHEN given.state = 'deleted' THEN '{}' ELSE raw.recipients END
      FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(conversations)s::bigint[], %(messages)s::bigint[])
           AS given(id, state, conversation, message)
     WHERE raw.account_id = %(account)s AND raw.id = given.id
"""


@dataclass(slots=True)
class Record:
    """One mail and what becomes of it. `kind` is that of its message, None if it is none;
    `first` is the record of the same mail, which came earlier in this batch; `deleted`: it begins
    a conversation since the one that it answers was deleted."""

    opened: Opened
    state: RawState
    conversation: int | None
    kind: Kind | None = None
    linked: int | None = None
    people: tuple[str, ...] = ()
    message: int | None = None
    first: "Record | None" = None
    deleted: bool = False

    @property
    def settled(self) -> RawState:
        """What becomes of the stored mail: one of which only the headers came waits for the rest."""
        waits = self.state == RawState.DONE and self.opened.envelope.part
        return RawState.FAILED if waits else self.state

    def settle_on(self, real: Mapping[int, int]) -> None:
        """Give it the ids of conversations that have been made now."""
        self.conversation = self.conversation and real.get(self.conversation, self.conversation)
        self.linked = self.linked and real.get(self.linked, self.linked)

    @property
    def thread(self) -> int:
        """Its conversation, which it has."""
        if self.conversation is None:
            raise LookupError("This mail belongs to no conversation")
        return self.conversation

    def client_id(self, account: int) -> UUID:
        """Of its message: made from the stored mail, which can then never be taken in twice."""
        return uuid5(NAMESPACE_URL, f"salotto:mail:{account}:{self.opened.envelope.raw}")

    def items(self, account: int) -> Iterator[Item]:
        """The message, below a line that says what it refers to without being part of it."""
        key = self.client_id(account)
        if line := self._line():
            yield Item(
                account, uuid5(key, "linked"), Kind.STATUS, "", conversation=self.conversation, data=line
            )
        yield Item(
            account,
            key,
            self.kind or Kind.VISITOR,
            self.body,
            conversation=self.conversation,
            data=self.data(),
        )

    def _line(self) -> dict[str, object]:
        if self.linked is not None:
            return {"what": "linked", "conversation": self.linked}
        return {"what": "answers_deleted"} if self.deleted else {}

    @property
    def body(self) -> str:
        """That of its message."""
        return self.opened.mail.visible[:BODY_LIMIT]

    def data(self) -> dict[str, object]:
        """What is told of its message beside its body."""
        data: dict[str, object] = {"email": True}
        if self.opened.envelope.part:
            data["part"] = {"size": self.opened.envelope.part, "limit": settings.MAIL_LIMIT}
        if self.opened.automatic:
            data["automatic"] = self.opened.automatic
        if self.kind == Kind.REPLY:
            data["outside"] = True
        if self.opened.mail.event:
            data["event"] = self.opened.mail.event[:EVENT_LIMIT]
        return data

    def files(self) -> Iterator[File]:
        """What came with it, in order."""
        for part in self.opened.mail.parts:
            yield File(part.name[:200], part.type[:120], part.content, part.inline, part.content_id[:250])


def keep_mails(mailbox: Mailbox, records: Iterable[Record]) -> None:
    """The emails behind the messages."""
    Mail.objects.bulk_create(_mail(mailbox, record) for record in records if record.kind is not None)


def said(record: Record) -> dict[str, Any]:
    """What the row of a mail keeps of what it says."""
    mail = record.opened.mail
    return {
        "text": mail.text[:TEXT_LIMIT],
        "html": mail.html if len(mail.html) <= HTML_LIMIT else "",
        "problems": list(_problems(record.opened)),
        "files": min(len(mail.parts), 32_767),
    }


def _mail(mailbox: Mailbox, record: Record) -> Mail:
    opened, mail = record.opened, record.opened.mail
    return Mail(
        account_id=mailbox.account_id,
        mailbox_id=mailbox.pk,
        conversation_id=record.thread,
        message_id=record.message,
        raw_id=opened.envelope.raw,
        header_id=opened.letter.id,
        in_reply_to=mail.in_reply_to[0] if mail.in_reply_to else "",
        references=list(mail.references[-100:]),
        sender_name=opened.mail.sender.name[:200],
        sender=(mail.sender.address or opened.person.address)[:320],
        reply_to=_people(mail.reply_to),
        to=_people(mail.to),
        cc=_people(mail.cc),
        bcc=_people(mail.bcc),
        subject=mail.subject[:2000],
        dated=mail.date,
        automatic=opened.automatic,
        state=MailState.RECEIVED,
        **said(record),
    )


def _people(people: Sequence[Address]) -> list[list[str]]:
    return [[one.name[:200], one.address[:320]] for one in people[:1000]]


def _problems(opened: Opened) -> Iterator[str]:
    yield from opened.problems[:100]
    if len(opened.mail.text) > TEXT_LIMIT:
        yield "The text is too long to be shown whole; the original has all of it."
    if len(opened.mail.html) > HTML_LIMIT:
        yield "The HTML is too large to be shown; the original has it."


def keep_ids(mailbox: Mailbox, records: Iterable[Record]) -> None:
    """Where the mails' ids were seen."""
    own = {r.opened.letter.id: r for r in records if r.state == RawState.DONE}
    KnownId.objects.bulk_create(
        [
            KnownId(
                account_id=mailbox.account_id,
                inbox_id=mailbox.inbox_id,
                value=value,
                conversation_id=own[value].conversation,
                message_id=own[value].message,
                fingerprint=own[value].opened.letter.fingerprint,
            )
            for value in sorted(own)
        ]
    )


def keep_names(mailbox: Mailbox, named: Iterable[tuple[str, int]]) -> None:
    """Ids that mails name and that were not seen in their conversation."""
    NamedId.objects.bulk_create(
        [
            NamedId(
                account_id=mailbox.account_id,
                inbox_id=mailbox.inbox_id,
                value=value,
                conversation_id=conversation,
            )
            for value, conversation in sorted(named)
        ],
        ignore_conflicts=True,
    )


def keep_people(account_id: int, records: Iterable[Record]) -> None:
    """Who takes part in the conversations now."""
    found = {(record.thread, address) for record in records for address in record.people}
    Participant.objects.bulk_create(
        [
            Participant(account_id=account_id, conversation_id=conversation, address=address)
            for conversation, address in sorted(found)
        ],
        ignore_conflicts=True,
    )


def settle(account_id: int, records: Sequence[Record]) -> None:
    """The stored mails are taken in; one that was deleted before keeps nothing."""
    for record in records:
        if record.first is not None:
            record.message = record.first.message
    given: dict[str, Any] = {
        "account": account_id,
        "ids": [record.opened.envelope.raw for record in records],
        "states": [record.settled.value for record in records],
        "conversations": [record.conversation for record in records],
        "messages": [record.message for record in records],
    }
    with connection.cursor() as db:
        db.execute(_SETTLE, given)
