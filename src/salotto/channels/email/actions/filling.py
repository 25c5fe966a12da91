"""The rest of a mail that was too large: it fills in the message that its headers have made."""

from salotto.channels.email.actions.records import Record, said
from salotto.channels.email.models import KnownId, Mail, Mailbox, RawMail, RawState
from salotto.inbox import actions as inbox_actions
from salotto.inbox.models import Kind


def fill(mailbox: Mailbox, record: Record) -> None:
    """Fill in the message of a record, whose mail is whole, in the caller's transaction and account
    scope. Where that has been done before, the mail came once more and is nothing new."""
    message = record.message or 0
    mail = Mail.objects.filter(message_id=message).first()
    if mail is None:
        return
    record.conversation = mail.conversation_id
    kind = inbox_actions.fill_in(message, record.body, record.data())
    if kind is None:
        return
    record.state, record.kind = RawState.DONE, Kind(kind)
    inbox_actions.add_files(mailbox.account_id, message, record.files())
    raw = record.opened.envelope.raw
    Mail.objects.filter(pk=mail.pk).update(raw_id=raw, **said(record))
    known = KnownId.objects.filter(inbox_id=mailbox.inbox_id, value=mail.header_id)
    known.update(fingerprint=record.opened.letter.fingerprint)
    headers = RawMail.objects.filter(pk=mail.raw_id, state=RawState.FAILED).exclude(pk=raw)
    headers.update(state=RawState.DUPLICATE, error="")
