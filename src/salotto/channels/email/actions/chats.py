"""Carrying a chat on by mail, when its visitor has left before the answer came.

An answer to what came by mail is not shown in the chat (`channels/web/queries.py`), as whoever chats
has only claimed the address: it goes out by mail whatever the visitor has seen.
"""

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from salotto.channels.email.actions.queueing import Letter, enqueue, from_address
from salotto.channels.email.languages import language_for
from salotto.channels.email.models import Mail, Mailbox
from salotto.channels.email.recipients import Recipients, is_address
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation, Kind, Message
from salotto.inbox.support import is_asker

MOST_ANSWERS = 50
"""Answers that one mail carries; the next ones go with the next mail."""


def carry_on_later(conversation: Conversation) -> None:
    """An agent has answered a chat: look in a while whether the visitor has seen it.

    In the caller's transaction and account scope; one look in line is enough, and takes along
    whatever is answered until then. Nothing where no mailbox carries this chat on, nor where a
    request to support is talked about: its answers reach the account by themselves.
    """
    from salotto.channels.email.tasks import carry_chat_on  # which calls actions itself

    if conversation.visitor is None or is_asker(conversation.visitor):
        return
    mailbox = _mailbox_for(conversation)
    if mailbox is None:
        return
    lock = f"email.chat.{conversation.account_id}.{conversation.pk}"
    job = carry_chat_on.configure(queueing_lock=lock, schedule_in={"minutes": mailbox.chat_minutes})
    try:
        with transaction.atomic():  # a refused job must not undo the answer
            job.defer(account_id=conversation.account_id, conversation_id=conversation.pk)
    except AlreadyEnqueued:
        pass


def carry_on(account_id: int, conversation_id: int) -> Mail | None:
    """Mail what the visitor of a chat has not been shown yet, once; None if there is nothing to mail,
    and for conversations about requests to support, whose contact may have an address from long ago."""
    with account_scope(account_id), transaction.atomic():
        conversation = _locked(conversation_id)
        if conversation is None or is_asker(conversation.visitor):
            return None
        mailbox = _mailbox_for(conversation)
        if mailbox is None or not is_address(conversation.contact.email):
            return None
        answers = _to_mail(conversation, mailbox)
        if not answers or not from_address(mailbox):
            return None
        return enqueue(mailbox, conversation, answers[-1].pk, _letter(mailbox, conversation, answers))


def _mailbox_for(conversation: Conversation) -> Mailbox | None:
    """The mailbox that carries chats on; without one, what came by mail is still answered by the
    mailbox that it came to."""
    on = Mailbox.objects.select_related("account").filter(enabled=True)
    came = Mail.objects.filter(conversation=conversation, kind="mail").order_by("-id").values("mailbox")
    found: Mailbox | None = on.filter(continues_chats=True).first() or on.filter(pk__in=came[:1]).first()
    return found


def _locked(conversation_id: int) -> Conversation | None:
    """The chat, locked: two workers that look at the same time mail once."""
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("contact")
    found: Conversation | None = rows.filter(pk=conversation_id, visitor__isnull=False).first()
    return found


def _to_mail(conversation: Conversation, mailbox: Mailbox) -> list[Message]:
    """Answers that the visitor has neither seen nor been mailed, oldest first."""
    mailed = Mail.objects.filter(conversation=conversation, kind="chat").order_by("-message_id")
    edge = mailed.values_list("message_id", flat=True).first() or 0
    wanted = Q(to_mail=True)
    if mailbox.continues_chats:
        wanted |= Q(id__gt=conversation.seen_by_visitor)
    answers = _answers(conversation).filter(wanted, id__gt=edge)
    return list(answers.select_related("author").order_by("id")[:MOST_ANSWERS])


def _answers(conversation: Conversation) -> "QuerySet[Message]":
    """What was answered in a conversation and has not left by mail already; `to_mail` is whether what
    the customer said last before it came by mail."""
    by_mail = ExpressionWrapper(Q(data__has_key="email"), output_field=BooleanField())
    said = Message.objects.filter(conversation=conversation, kind=Kind.VISITOR, id__lt=OuterRef("id"))
    last = said.order_by("-id").annotate(by_mail=by_mail).values("by_mail")[:1]
    replies = Message.objects.filter(conversation=conversation, kind=Kind.REPLY)
    answers: QuerySet[Message] = replies.exclude(data__has_key="email").annotate(to_mail=Subquery(last))
    return answers


def _letter(mailbox: Mailbox, conversation: Conversation, answers: list[Message]) -> Letter:
    contact = conversation.contact
    last = Mail.objects.filter(conversation=conversation).exclude(kind="forward").order_by("-id").first()
    return Letter(
        kind="chat",
        recipients=Recipients(to=((contact.name, contact.email),)),
        subject=last.subject if last else chat_subject(mailbox, contact.language),
        text=_text(answers),
        in_reply_to=last.header_id if last else "",
        references=(*last.references, last.header_id) if last else (),
    )


def chat_subject(mailbox: Mailbox, language: str) -> str:
    """The subject of the mail that carries a chat on, in the visitor's language."""
    company = mailbox.company or mailbox.account.name
    with translation.override(language_for(mailbox, language)):
        return mailbox.subject or _("Your chat with %(company)s") % {"company": company}


def _text(answers: list[Message]) -> str:
    """The answers, each under its author's name where several people have answered."""
    if len({answer.author_id for answer in answers}) == 1:
        return "\n\n".join(answer.body for answer in answers)
    return "\n\n".join(f"{answer.author.name if answer.author else ''}:\n{answer.body}" for answer in answers)
