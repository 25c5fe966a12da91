"""Carrying a chat on by mail, when its visitor has left before the answer came.

An answer to what came by mail is not shown in the chat (`channels/web/queries.py`), as whoever chats
has only claimed the address: it goes out by mail whatever the visitor has seen.
"""

from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.exceptions import AlreadyEnqueued

from salotto.channels.email.actions.queueing import Letter, enqueue, from_address
from salotto.channels.email.carrying import MOST_ASKED, Asked, chat_text, site_of, why_it_comes
from salotto.channels.email.languages import language_for
from salotto.channels.email.models import FromName, Mail, Mailbox
from salotto.channels.email.queries import sending
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
    mailbox = sending.mailbox_for_chat(conversation.pk)
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
        mailbox = sending.mailbox_for_chat(conversation.pk)
        if mailbox is None or not is_address(conversation.contact.email):
            return None
        answers = _to_mail(conversation, mailbox)
        if not answers or not from_address(mailbox):
            return None
        return enqueue(mailbox, conversation, answers[-1].pk, _letter(mailbox, conversation, answers))


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
    language = language_for(mailbox, contact.language)
    last = Mail.objects.filter(conversation=conversation).exclude(kind="forward").order_by("-id").first()
    return Letter(
        kind="chat",
        recipients=Recipients(to=((contact.name, contact.email),)),
        subject=last.subject if last else chat_subject(mailbox, contact.language),
        text=_text(mailbox, conversation, answers, language),
        in_reply_to=last.header_id if last else "",
        references=(*last.references, last.header_id) if last else (),
        language=language,
        author=_author(answers),
    )


def chat_subject(mailbox: Mailbox, language: str) -> str:
    """The subject of the mail that carries a chat on, in the visitor's language."""
    company = mailbox.company or mailbox.account.name
    with translation.override(language_for(mailbox, language)):
        return mailbox.subject or _("Your chat with %(company)s") % {"company": company}


def _author(answers: list[Message]) -> str:
    """Who has answered, if one person has."""
    names = {answer.author.name if answer.author else "" for answer in answers}
    return names.pop() if len(names) == 1 else ""


def _text(mailbox: Mailbox, conversation: Conversation, answers: list[Message], language: str) -> str:
    """The answers, and what they answer where that was said in the chat: whoever wrote a mail has it."""
    words = _asked_before(conversation, answers[-1].pk)
    in_chat = not all(vars(answer)["to_mail"] for answer in answers)
    company = mailbox.company or mailbox.account.name
    with translation.override(language):
        return chat_text(
            _with_names(mailbox, answers),
            why_it_comes(company, _site(mailbox, conversation)) if in_chat else "",
            _asked(conversation, words, ZoneInfo(mailbox.account.time_zone)) if words else None,
        )


def _with_names(mailbox: Mailbox, answers: list[Message]) -> list[tuple[str, str]]:
    """The answers, each with its author's name where several people have answered and the mailbox
    names them."""
    if _author(answers) or mailbox.from_name == FromName.COMPANY:
        return [("", answer.body) for answer in answers]
    whole = mailbox.from_name == FromName.AGENT
    names = [answer.author.name if answer.author else "" for answer in answers]
    shown = [name if whole else name.partition(" ")[0] for name in names]
    return [(name, answer.body) for name, answer in zip(shown, answers, strict=True)]


def _said_in_chat(conversation: Conversation) -> "QuerySet[Message]":
    """What the visitor wrote in the chat itself, the latest first."""
    said = Message.objects.filter(conversation=conversation, kind=Kind.VISITOR)
    found: QuerySet[Message] = said.exclude(data__has_key="email").order_by("-id")
    return found


def _asked_before(conversation: Conversation, answer: int) -> list[Message]:
    """What the visitor wrote in the chat before this answer and since the mail before it, oldest
    first; the latest few."""
    mails = Mail.objects.filter(conversation=conversation).exclude(kind="forward")
    edge = mails.aggregate(Max("message_id"))["message_id__max"] or 0
    return list(_said_in_chat(conversation).filter(id__gt=edge, id__lt=answer)[:MOST_ASKED])[::-1]


def _asked(conversation: Conversation, words: list[Message], zone: ZoneInfo) -> Asked:
    contact = conversation.contact
    at = words[-1].created_at.astimezone(zone)
    return Asked(contact.name or contact.email, at, [word.body for word in words])


def _site(mailbox: Mailbox, conversation: Conversation) -> str:
    """The site that the visitor wrote on, if it is the mailbox's own."""
    page = _said_in_chat(conversation).values_list("data__page", flat=True).first()
    return site_of(str(page or ""), [mailbox.address, *mailbox.aliases.split()])
