"""One mail to many people: each gets a conversation of their own, made by a job in slices."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from salotto.accounts.members import Member, must_act
from salotto.accounts.queries import member_of
from salotto.channels.email import recipients
from salotto.channels.email.actions.enclosing import enclose, is_enclosed, lock_files
from salotto.channels.email.actions.queueing import (
    MailboxOff,
    NoAddress,
    SentAlready,
    begin,
    from_address,
    must_find,
)
from salotto.channels.email.models import Batch, BatchFile, BatchRecipient, BatchState, Mailbox
from salotto.channels.email.queries import batches, sending
from salotto.channels.email.recipients import Recipients
from salotto.channels.email.subjects import clean_subject
from salotto.core import audit
from salotto.core.addresses import email_key
from salotto.core.errors import Invalid, Refused
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import BODY_LIMIT, must_act_still
from salotto.inbox.models import Contact
from salotto.inbox.text import clean_body

MOST = 1000
"""People of one batch."""
LONGEST_NAME = 80
"""Characters of a name in the text."""
SLICE = 20
"""People whom one job takes, before others have their turn."""
_NAMELESS = re.compile(r"^[ \t]*\{name\}[,;:!]?[ \t]*|[ \t]*\{name\}", re.MULTILINE)


def queue_many(
    mailbox_id: int,
    people: Iterable[str],
    subject: str,
    text: str,
    by: Member,
    key: UUID,
    attachments: Sequence[int] = (),
) -> Batch:
    """Send a mail to many people, each by themselves; asking twice with one `key` sends once.

    `{name}` in subject and text is each person's name; `attachments` are uploads of `by`, which wait
    on and may go with another mail too. Who has unsubscribed is left out, and an address of our own
    is refused. Raises SentAlready where another mail had this key, Missing, Invalid or TooLarge for
    what cannot be, Forbidden, ReadOnly, NoAddress, MailboxOff.
    """
    must_act(by)
    body = clean_body(text, BODY_LIMIT)
    subject = clean_subject(subject)
    if not subject:
        raise Invalid(_("A mail to many people needs a subject."), code="no_subject")
    wanted = _everybody(people)
    with account_scope(by.account.pk), transaction.atomic():
        must_act_still(by)
        _must_be_others(by.account.pk, wanted)
        mailbox = _sending(mailbox_id)
        files = lock_files(attachments, len(wanted), by)
        defaults = {"mailbox": mailbox, "author": by.user, "subject": subject, "text": body}
        batch, fresh = Batch.objects.get_or_create(account_id=by.account.pk, key=key, defaults=defaults)
        if fresh:
            _add(batch, wanted)
            enclose(batch, files)
            _note(batch, by, people=len(wanted), files=len(files))
            continue_soon(by.account.pk, batch.pk)
        elif _says_other(batch, defaults) or not is_enclosed(batch, files):
            raise SentAlready
    made: Batch = batch
    return made


def _says_other(batch: Batch, said: dict[str, Any]) -> bool:
    return any(getattr(batch, name) != value for name, value in said.items())


def _note(batch: Batch, by: Member, **numbers: int) -> None:
    audit.record(by.account.pk, by.user.pk, "mail.sent_to_many", f"batch {batch.pk}", **numbers)


def personal(text: str, name: str) -> str:
    """The text with the person's name in place of `{name}`; of somebody without one the greeting
    stays, without a gap: "Hello {name}," is "Hello,"."""
    known = " ".join(name.split())[:LONGEST_NAME]
    return text.replace("{name}", known) if known else _NAMELESS.sub("", text)


def _must_be_others(account_id: int, people: Iterable[recipients.Person]) -> None:
    """Raises Invalid where an inbox of the account would write to itself or another one."""
    is_own = sending.is_own(account_id)
    own = next((address for _name, address in people if is_own(address)), None)
    if own is not None:
        words = _("%(address)s belongs to your own inboxes. Leave it out: the mail would come back here.")
        raise Invalid(words % {"address": own}, code="own_address")


def _sending(mailbox_id: int) -> Mailbox:
    """The mailbox, which sends. Raises Missing, MailboxOff, NoAddress."""
    mailbox = must_find(mailbox_id)
    if not mailbox.enabled:
        raise MailboxOff
    if not from_address(mailbox):
        raise NoAddress
    return mailbox


def _everybody(people: Iterable[str]) -> list[recipients.Person]:
    found: dict[str, recipients.Person] = {}
    for text in people:
        for person in recipients.parsed([text]):
            found.setdefault(email_key(person[1]), person)
        if len(found) > MOST:
            raise Invalid(_("A mail goes to at most 1,000 people at once."), code="too_many_recipients")
    if not found:
        raise Invalid(_("Name at least one recipient."), code="no_recipients")
    return list(found.values())


def _add(batch: Batch, people: Iterable[recipients.Person]) -> None:
    BatchRecipient.objects.bulk_create(
        [
            BatchRecipient(
                account_id=batch.account_id, batch=batch, name=name, address=address, key=email_key(address)
            )
            for name, address in people
        ],
        ignore_conflicts=True,
    )


def continue_soon(account_id: int, batch_id: int) -> None:
    """Have the next slice made; one job in line is enough."""
    from salotto.channels.email import tasks  # which calls actions itself

    job = tasks.continue_batch.configure(queueing_lock=f"email.batch.{account_id}.{batch_id}")
    try:
        with transaction.atomic():
            job.defer(account_id=account_id, batch_id=batch_id)
    except AlreadyEnqueued:
        pass


def continue_batch(account_id: int, batch_id: int) -> None:
    """Make the conversations of the next people, and come again if there are more."""
    with account_scope(account_id):
        batch = Batch.objects.select_related("mailbox__account", "author", "account").get(pk=batch_id)
        by = member_of(batch.author, batch.account.slug)
        files = batches.files_of(batch.pk)
        for _number in range(SLICE):
            if not _next(batch, by, files):
                return
        continue_soon(account_id, batch_id)


def _next(batch: Batch, by: Member | None, files: Sequence[BatchFile]) -> bool:
    """The next person, in a transaction of their own; False when nobody waits."""
    with transaction.atomic():
        waiting = BatchRecipient.objects.select_for_update(of=("self",), skip_locked=True)
        person = waiting.filter(batch=batch, state=BatchState.WAITING).order_by("id").first()
        if person is None:
            return False
        if sending.has_unsubscribed(person.address):
            person.state = BatchState.SKIPPED
        else:
            _write(batch, person, by, files)
        person.save(update_fields=["state", "error", "conversation"])
    return True


def _write(batch: Batch, person: BatchRecipient, by: Member | None, files: Sequence[BatchFile]) -> None:
    """Begin the person's conversation, or say why not."""
    try:
        with transaction.atomic():
            if by is None:
                raise Invalid(_("Who sent this mail is no longer here."), code="author_gone")
            people = Recipients(to=((person.name, person.address),))
            key = uuid5(batch.key, person.key)
            subject, text = (personal(each, person.name) for each in (batch.subject, batch.text))
            mail = begin(batch.mailbox, people, subject, text, by, key, kind="bulk", files=files)
    except Refused as refused:
        person.state, person.error = BatchState.REFUSED, str(refused.message)
    else:
        person.state, person.conversation_id = BatchState.DONE, mail.conversation_id


def continue_batches() -> None:
    """Take up the batches whose job was lost."""
    for account, batch in sending.open_batches():
        with transaction.atomic():
            continue_soon(account, batch)


def unsubscribe(account_id: int, contact_id: int) -> None:
    """Note on a contact, once, that they want no more mail to many; nothing if they are gone."""
    with account_scope(account_id), transaction.atomic():
        contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if contact is not None and "unsubscribed" not in contact.attributes:
            contact.attributes["unsubscribed"] = timezone.now().isoformat(timespec="seconds")
            contact.save(update_fields=["attributes"])
