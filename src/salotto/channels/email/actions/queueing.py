"""Putting mail in line to be sent, in the transaction of what it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.exceptions import AlreadyEnqueued

from salotto.accounts.members import Member, must_act
from salotto.channels.email import addresses, queries, recipients, subjects
from salotto.channels.email.actions.copying import copy_files
from salotto.channels.email.actions.enclosing import give_files
from salotto.channels.email.languages import language_for
from salotto.channels.email.letters import REFUTED
from salotto.channels.email.models import (
    BatchFile,
    FromName,
    KnownId,
    Mail,
    Mailbox,
    MailState,
    Participant,
)
from salotto.channels.email.queries import sending
from salotto.channels.email.queries.secret import secret_people
from salotto.channels.email.quoting import quoted
from salotto.channels.email.recipients import Recipients, as_lists
from salotto.channels.email.subjects import clean_subject, forward_subject, reply_subject
from salotto.core import clock, turns
from salotto.core.addresses import email_key
from salotto.core.errors import Conflict, Missing
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import BODY_LIMIT, attach, contact_of, must_act_still, start_conversation
from salotto.inbox.models import Conversation, Kind, Message
from salotto.inbox.posting import Item, post
from salotto.inbox.signals import Draft
from salotto.inbox.text import clean_body
from salotto.live import bell

MOST_REFERENCES = 30
"""Ids in the References of a mail: the first ones and the newest (RFC 5322 sets no bound)."""
_NO_REPLY = ("no-reply", "noreply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster",
             "bounce", "bounces", "daemon", "listserv", "majordomo", "root", "nobody")  # fmt: skip


class NoAddress(Conflict):
    """409: the mailbox has no address to send from."""

    code = "no_address"
    sentence = gettext_lazy("This inbox has no email address yet. Ask an admin to set it.")


class MailboxOff(Conflict):
    """409: the mailbox is switched off."""

    code = "mailbox_off"
    sentence = gettext_lazy("This inbox is switched off, so it sends nothing. Ask an admin to switch it on.")


class SentAlready(Conflict):
    """409: another mail was sent with this key."""

    code = "sent_already"
    sentence = gettext_lazy("Your mail was sent a moment ago, as it was then. Reload to write another one.")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent, and what it answers; ids without angle brackets. `author` is the name of who
    wrote it, where no member sends it."""

    kind: str
    recipients: Recipients
    subject: str
    text: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    html: str = ""
    files: int = 0
    automatic: str = ""
    header_id: str = ""
    language: str = ""
    author: str = ""


def enqueue(
    mailbox: Mailbox,
    conversation: Conversation,
    message: int | None,
    letter: Letter,
    by: Member | None = None,
) -> Mail:
    """Put a mail in line, note its id and who takes part, in the caller's transaction and scope.

    Raises NoAddress and MailboxOff.
    """
    if not mailbox.enabled:
        raise MailboxOff
    if not from_address(mailbox):
        raise NoAddress
    mail = _written(mailbox, conversation, message, letter, by)
    _note_id(mail, mailbox)
    if letter.kind != "forward":
        _add_participants(mail, letter.recipients)
    send_soon(mail)
    return mail


def _written(
    mailbox: Mailbox, conversation: Conversation, message: int | None, letter: Letter, by: Member | None
) -> Mail:
    address = from_address(mailbox)
    language = letter.language or language_for(mailbox, conversation.contact.language)
    made: Mail = Mail.objects.create(
        account_id=mailbox.account_id,
        mailbox=mailbox,
        conversation=conversation,
        message_id=message,
        kind=letter.kind,
        header_id=letter.header_id or new_id(address),
        in_reply_to=letter.in_reply_to,
        references=list(bounded(letter.references)),
        sender_name=sender_name(mailbox, by.user.name if by else letter.author, language),
        sender=address,
        to=as_lists(letter.recipients.to),
        cc=as_lists(letter.recipients.cc),
        bcc=as_lists(letter.recipients.bcc),
        subject=letter.subject[: subjects.LIMIT],
        dated=clock.now(),
        text=letter.text,
        html=letter.html,
        automatic=letter.automatic,
        language=language,
        files=letter.files,
        state=MailState.QUEUED,
        next_try_at=clock.now(),
    )
    return made


def send_soon(mail: Mail, at: datetime | None = None) -> None:
    """Have a sender take the mail once this transaction is committed, or `at` a later moment; one
    job in line is enough."""
    from salotto.channels.email import tasks  # which calls actions itself

    job = tasks.send_bulk if mail.kind == "bulk" else tasks.send_mail
    lock = f"email.send.{mail.account_id}.{mail.pk}"
    try:
        with transaction.atomic():  # a refused job must not undo the rest
            job.configure(queueing_lock=lock, schedule_at=at).defer(
                account_id=mail.account_id, mail_id=mail.pk
            )
    except AlreadyEnqueued:
        pass


def _note_id(mail: Mail, mailbox: Mailbox) -> None:
    """The id is known from now on, also where another mail has named it before."""
    KnownId.objects.bulk_create(
        [
            KnownId(
                account_id=mail.account_id,
                inbox_id=mailbox.inbox_id,
                value=mail.header_id,
                conversation_id=mail.conversation_id,
                message_id=mail.message_id,
            )
        ],
        update_conflicts=True,
        unique_fields=["account", "inbox", "value"],
        update_fields=["conversation", "message"],
    )


def _add_participants(mail: Mail, people: Recipients) -> None:
    rows = [
        Participant(
            account_id=mail.account_id,
            conversation_id=mail.conversation_id,
            address=email_key(address)[:320],
        )
        for address in people.addresses
    ]
    Participant.objects.bulk_create(rows, ignore_conflicts=True)


def from_address(mailbox: Mailbox) -> str:
    """The address that a mailbox sends from; "" if it has none."""
    return str(mailbox.address or addresses.forwarding_address(mailbox.key))


def new_id(address: str) -> str:
    """A fresh Message-ID, without angle brackets, in the domain of an address."""
    return addresses.message_id(uuid4(), address)


def sender_name(mailbox: Mailbox, author: str, language: str) -> str:
    """The name that a customer sees, in the language of the mail; `author` is who wrote it, if one
    person did."""
    company = mailbox.company or mailbox.account.name
    if not author or mailbox.from_name == FromName.COMPANY:
        return str(company)
    if mailbox.from_name == FromName.AGENT:
        return author
    with translation.override(language):
        return _("%(agent)s from %(company)s") % {"agent": author.split()[0], "company": company}


def bounded(references: Sequence[str]) -> tuple[str, ...]:
    """Each id once; of a long chain the first ones and the newest."""
    chain = tuple(dict.fromkeys(reference for reference in references if reference))
    if len(chain) <= MOST_REFERENCES:
        return chain
    return (*chain[:5], *chain[5 - MOST_REFERENCES :])


# An agent's reply


def queue_mail(message: int, conversation: Conversation, draft: Draft, by: Member) -> Mail | None:
    """Put an agent's reply in line, in its transaction; None where its inbox is not email.

    Without recipients in the draft it goes to everybody of the last mail. Raises Invalid for
    recipients that cannot be, NoAddress, MailboxOff.
    """
    if conversation.inbox.channel != "email":
        return None
    mailbox = queries.mailbox_of(conversation.inbox_id)
    if mailbox is None:
        raise NoAddress
    last = sending.last_mail(conversation.pk)
    people = _people(conversation, last, draft)
    text = Message.objects.get(pk=message).body
    subject = clean_subject(draft.subject or "")
    language = language_for(mailbox, conversation.contact.language)
    with translation.override(language):
        subject = subject or _subject(mailbox, conversation, last)
        text = _with_quote(text, last, conversation) if draft.quote and last else text
    letter = Letter(
        kind="reply",
        recipients=people,
        subject=subject,
        text=text,
        in_reply_to=last.header_id if last else "",
        references=(*last.references, last.header_id) if last else (),
        files=len(set(draft.attachments)),
        language=language,
    )
    return enqueue(mailbox, conversation, message, letter, by)


def _with_quote(body: str, last: Mail, conversation: Conversation) -> str:
    """The text above what it answers, whose heading is in the active language."""
    at = (last.dated or last.created_at).astimezone(ZoneInfo(conversation.account.time_zone))
    quote = quoted(last.text, last.sender_name or last.sender, at)
    return f"{body}\n\n{quote}" if quote else body


def _people(conversation: Conversation, last: Mail | None, draft: Draft) -> Recipients:
    usual = usual_recipients(conversation, last)
    if draft.to is None and draft.cc is None:
        extra = draft.bcc or ()
        to, cc = ([recipients.written(p) for p in group] for group in (usual.to, usual.cc))
        return recipients.chosen(to, cc, extra)
    return recipients.chosen(draft.to or (), draft.cc or (), draft.bcc or ())


def usual_recipients(conversation: Conversation, last: Mail | None) -> Recipients:
    """Whom a reply goes to unless the agent says otherwise: of a mail that its sender may not have
    sent, only who takes part already, and openly. In the caller's account scope."""
    is_own = sending.is_own(conversation.account_id)
    found = recipients.reply_all(sending.as_last(last), is_own) if last else Recipients()
    if last and REFUTED in last.problems:
        secret = secret_people(conversation) - {email_key(last.sender)}
        found = found.among(sending.people_of(conversation) - secret)
    contact = email_key(conversation.contact.email)
    if found.to or not contact or (found.cc and contact in secret_people(conversation)):
        return found
    return Recipients(to=((conversation.contact.name, conversation.contact.email),), cc=found.cc)


def _subject(mailbox: Mailbox, conversation: Conversation, last: Mail | None) -> str:
    known = (last.subject if last else "") or conversation.subject
    if known:
        return reply_subject(known)
    return mailbox.subject or _("Your message to %(company)s") % {
        "company": mailbox.company or mailbox.account.name
    }


# Out of the thread, and new threads


def queue_forward(
    message_id: int,
    to: Iterable[str],
    text: str,
    by: Member,
    key: UUID | None = None,
    without: Sequence[int] = (),
) -> Mail:
    """Send a message of a thread, with its files but those `without`, to somebody outside of it;
    asking twice with one `key` sends once.

    The team sees a note; who gets it does not become part of the conversation, and answers into
    a conversation of their own. Raises Missing for a message that did not come or go by email,
    TooLarge for its files, Invalid, Forbidden, ReadOnly, NoAddress, MailboxOff.
    """
    must_act(by)
    people = recipients.chosen(to)
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        mail = Mail.objects.select_related("mailbox", "conversation").filter(message_id=message_id).first()
        if mail is None:
            raise Missing
        body = clean_body(text, BODY_LIMIT) if text.strip() else ""
        names = ", ".join(recipients.written(person) for person in people.to)
        data = {"forwarded": mail.message_id, "to": [address for _, address in people.to]}
        note = _post(mail.conversation, Kind.NOTE, body or names, by, key or uuid4(), data)
        sent: Mail | None = Mail.objects.select_related("message").filter(message_id=note).first()
        if sent is not None:
            if sent.message is None or sent.message.data != data or sent.text != body:
                raise SentAlready
            return sent
        files = copy_files(mail.message_id, note, without)
        title = forward_subject(mail.subject)
        language = language_for(mail.mailbox, sending.written_by(people.addresses))
        letter = Letter("forward", people, title, body, files=files, language=language)
        return enqueue(mail.mailbox, mail.conversation, note, letter, by)


def _post(
    conversation: Conversation,
    kind: Kind,
    body: str,
    by: Member,
    key: UUID,
    data: dict[str, Any] | None = None,
) -> int:
    item = Item(
        conversation.account_id, key, kind, body, conversation=conversation.pk, author=by.user.pk, data=data
    )
    posted = post(item)
    if posted is None:
        raise Missing
    transaction.on_commit(bell.ring)
    return posted.message


def queue_new(
    mailbox_id: int,
    to: Iterable[str],
    cc: Iterable[str],
    bcc: Iterable[str],
    subject: str,
    text: str,
    attachments: Sequence[int],
    by: Member,
    key: UUID | None = None,
) -> int:
    """Begin a conversation by mail, owned by `by`; its id. Asking twice with one `key` sends once.

    Its contact is who has the first address. Raises SentAlready where another mail had this key,
    Missing for a mailbox that is not there, Invalid or TooLarge for recipients, text and files,
    Forbidden, ReadOnly, NoAddress, MailboxOff.
    """
    must_act(by)
    people = recipients.chosen(to, cc, bcc)
    body = clean_body(text, BODY_LIMIT) if text.strip() or not attachments else ""
    subject = clean_subject(subject)
    with account_scope(by.account.pk), transaction.atomic():
        mailbox = must_find(mailbox_id)
        token = key or uuid4()
        known = _known(by, token)
        if known is not None:
            return _same(known, mailbox, people, subject, body)
        return begin(mailbox, people, subject, body, by, token, attachments=attachments).conversation_id


def must_find(mailbox_id: int) -> Mailbox:
    """The mailbox, in the caller's account scope. Raises Missing."""
    mailbox: Mailbox | None = Mailbox.objects.select_related("account").filter(pk=mailbox_id).first()
    if mailbox is None:
        raise Missing
    return mailbox


def _id_of(mailbox: Mailbox, key: UUID) -> str:
    return addresses.message_id(key, from_address(mailbox))


def _known(by: Member, key: UUID) -> Mail | None:
    """The mail that was begun with this key, from whichever mailbox; who asks at the same time waits."""
    turns.take_turn(f"email.new {by.account.pk} {key}")
    return sending.begun_with([_id_of(mailbox, key) for mailbox in sending.mailboxes()])


def _same(known: Mail, mailbox: Mailbox, people: Recipients, subject: str, body: str) -> int:
    """The conversation, if the mail says the same. Raises SentAlready."""
    lists = [as_lists(each) for each in (people.to, people.cc, people.bcc)]
    given = [mailbox.pk, subject or known.subject, body, *lists]
    if given != [known.mailbox_id, known.subject, known.text, known.to, known.cc, known.bcc]:
        raise SentAlready
    return int(known.conversation_id)


def begin(
    mailbox: Mailbox,
    people: Recipients,
    subject: str,
    body: str,
    by: Member,
    key: UUID,
    *,
    attachments: Sequence[int] = (),
    kind: str = "new",
    files: Sequence[BatchFile] = (),
) -> Mail:
    """A conversation with its first mail, in the caller's transaction and account scope. One of
    a mail to many, with its `files`, waits among the completed until the contact answers, or it
    cannot be delivered."""
    name, address = (*people.to, *people.cc, *people.bcc)[0]
    contact = contact_of(mailbox.account_id, address, name)
    with translation.override(language_for(mailbox, contact.language)):
        title = subject.strip() or mailbox.subject or _subject_of(mailbox)
    conversation = start_conversation(mailbox.inbox_id, contact, title, by=by, done=kind == "bulk")
    message = _post(conversation, Kind.REPLY, body, by, uuid5(key, "message"))
    attach(message, attachments, by)
    number = len(set(attachments)) + give_files(files, message, by)
    letter = Letter(kind, people, title, body, files=number, header_id=_id_of(mailbox, key))
    return enqueue(mailbox, conversation, message, letter, by)


def _subject_of(mailbox: Mailbox) -> str:
    return _("A message from %(company)s") % {"company": mailbox.company or mailbox.account.name}


# What we answer by ourselves


def queue_auto(conversation: Conversation, received: Mail, text: str, subject: str = "") -> Mail | None:
    """Answer a mail by ourselves (RFC 3834), in the caller's transaction and account scope.

    Only its sender gets it; never in answer to an automatic mail, a list, a null sender, an
    address that takes none, or ourselves; once a day per sender and mailbox. None if it is not
    sent.
    """
    mailbox = Mailbox.objects.select_related("account").get(pk=received.mailbox_id)
    sender = received.sender
    if not mailbox.enabled or not from_address(mailbox) or not may_answer(received):
        return None
    if sending.is_own(mailbox.account_id)(sender) or not _first_today(mailbox, sender):
        return None
    letter = Letter(
        kind="auto",
        recipients=Recipients(to=((received.sender_name, sender),)),
        subject=subject or reply_subject(received.subject),
        text=text,
        in_reply_to=received.header_id,
        references=(*received.references, received.header_id),
        automatic="auto-replied",
    )
    return enqueue(mailbox, conversation, None, letter)


def may_answer(received: Mail) -> bool:
    """Whether an automatic answer may go to who sent this mail: not where its sender is forged, as
    it would reach somebody who has written nothing."""
    local = received.sender.rpartition("@")[0].lower()
    stem = local.partition("+")[0]
    return (
        received.state == MailState.RECEIVED
        and not received.automatic
        and REFUTED not in received.problems
        and recipients.is_address(received.sender)
        and stem not in _NO_REPLY
        and not stem.startswith(("no-reply", "noreply", "owner-", "bounce-", "bounces-"))
        and not stem.endswith(("-request", "-owner", "-bounces", "-noreply", "-no-reply"))
    )


def _first_today(mailbox: Mailbox, address: str) -> bool:
    turns.take_turn(f"email.auto {mailbox.pk} {email_key(address)}")
    return not sending.answered_by_itself(mailbox.pk, address, clock.now())


def acknowledge(conversation: Conversation, mail: Mail) -> Mail | None:
    """Tell who has begun a conversation that their mail has arrived, if the mailbox does that;
    in the caller's transaction and account scope. None if nothing is sent."""
    text = Mailbox.objects.values_list("auto_reply", flat=True).get(pk=mail.mailbox_id)
    return queue_auto(conversation, mail, text) if text.strip() else None
