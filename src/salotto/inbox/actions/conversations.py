"""Every write of an agent to a conversation: one verb each, one transaction, with its event.

A visitor's messages come through `inbox.writer`; both end in the same SQL function.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.errors import ReadOnly
from salotto.accounts.locking import lock_member
from salotto.accounts.members import Member, must_act, must_administer
from salotto.accounts.models import Access, Membership
from salotto.core import audit
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing
from salotto.inbox.actions.files import attach, remove_files
from salotto.inbox.models import Contact, Conversation, Kind, Message, Status
from salotto.inbox.posting import Item, Posted, post
from salotto.inbox.signals import PLAIN, Draft, deleting, replied
from salotto.inbox.text import clean_body
from salotto.live import bell
from salotto.live.actions import emit

BODY_LIMIT = 10_000
"""Characters in one reply or note."""


class UnseenReply(Conflict):
    """409: a colleague answered meanwhile; `message` ids after what the agent had seen."""

    code = "unseen_reply"
    sentence = _("Someone answered while you were writing. Your text was not sent.")


def reply(
    conversation: int,
    body: str,
    *,
    client_id: UUID,
    by: Member,
    seen: int | None = None,
    draft: Draft = PLAIN,
) -> Posted:
    """Answer the contact; the first answer to an unassigned conversation makes `by` its owner.

    `seen` is the last message the agent's page showed: when a colleague's reply is newer,
    UnseenReply is raised and nothing is sent. `draft` holds recipients and files; with a file
    the text may be empty. Raises Forbidden for viewers, ReadOnly where nobody may act, Missing
    for a conversation of another account, Invalid or TooLarge for the text, the files or what
    the channel cannot send.
    """
    return _write(conversation, Kind.REPLY, body, client_id, by, seen, draft)


def add_note(
    conversation: int, body: str, *, client_id: UUID, by: Member, attachments: Sequence[int] = ()
) -> Posted:
    """Write a note that only the team sees. Raises as `reply`."""
    draft = Draft(attachments=tuple(attachments))
    return _write(conversation, Kind.NOTE, body, client_id, by, None, draft)


def _write(
    conversation: int,
    kind: Kind,
    body: str,
    client_id: UUID,
    by: Member,
    seen: int | None,
    draft: Draft,
) -> Posted:
    text = "" if draft.attachments and not body.strip() else clean_body(body, BODY_LIMIT)
    with transaction.atomic():
        found = _lock(conversation, by)
        if seen is not None and _answered_after(found, seen, client_id, by):
            raise UnseenReply
        item = Item(by.account.pk, client_id, kind, text, conversation=found.pk, author=by.user.pk)
        posted = post(item)
        if posted and posted.fresh:
            attach(posted.message, draft.attachments, by)
            if kind == Kind.REPLY:
                replied.send(Conversation, conversation=found, message=posted.message, draft=draft, by=by)
        transaction.on_commit(bell.ring)
    if posted is None:
        raise Missing
    return posted


def _answered_after(conversation: Conversation, seen: int, client_id: UUID, by: Member) -> bool:
    newer = Message.objects.filter(conversation_id=conversation.pk, id__gt=seen, kind=Kind.REPLY)
    return bool(newer.exclude(author_id=by.user.pk).exclude(client_id=client_id).exists())


def assign(conversation: int, to: int | None, *, by: Member) -> None:
    """Give the conversation to an agent of the account, or to nobody (None).

    Leaves a status line; the same owner again changes nothing. Raises Invalid when `to` is
    not an agent of this account.
    """
    with transaction.atomic():
        found = _lock(conversation, by, to)
        if found.assignee_id != to:
            found.assignee_id = to
            what = {"what": "assigned", "to": to} if to else {"what": "unassigned"}
            _save(found, by.user.pk, what, "assignee")


def complete(conversation: int, *, by: Member) -> None:
    """Close the conversation for all agents; it opens again when the contact writes."""
    _set_status(conversation, Status.DONE, by)


def reopen(conversation: int, *, by: Member) -> None:
    """Open a completed conversation again."""
    _set_status(conversation, Status.OPEN, by)


def _set_status(conversation: int, status: Status, by: Member) -> None:
    with transaction.atomic():
        found = _lock(conversation, by)
        if found.status == status:
            return
        found.status = status
        if status == Status.DONE:
            found.waiting_since, found.unread = None, 0
        what = "done" if status == Status.DONE else "reopened"
        _save(found, by.user.pk, {"what": what}, "status", "waiting_since", "unread")


def delete_conversation(conversation: int, *, by: Member) -> None:
    """Remove a conversation with its messages and files for good; admins with a seat only.

    The channel keeps what it needs so that it does not come back. Raises Forbidden for
    others, ReadOnly and Missing.
    """
    with transaction.atomic():
        must_administer(lock_member(by))
        found = _lock(conversation, by)
        deleting.send(Conversation, conversation=found)
        messages = Message.objects.filter(conversation_id=found.pk)
        remove_files(messages)
        messages.delete()
        found.delete()
        audit.record(by.account.pk, by.user.pk, "conversation.deleted", f"conversation {conversation}")
        version = found.version + 1
        emit(
            by.account.pk, "conversation.changed", conversation=conversation, what="deleted", version=version
        )


def mark_read(conversation: int, *, by: Member) -> None:
    """The team has read it: shared by all agents, and shown to a visitor as "seen"."""
    with transaction.atomic():
        found = _lock(conversation, by)
        if found.unread or found.seen_by_team < found.last_message:
            found.unread, found.seen_by_team = 0, found.last_message
            _move(found, "read", "unread", "seen_by_team")


def mark_unread(conversation: int, *, by: Member) -> None:
    """Put it back among the unread, for all agents."""
    with transaction.atomic():
        found = _lock(conversation, by)
        if not found.unread:
            found.unread = 1
            _move(found, "unread", "unread")


def add_address(conversation: int, email: str, *, by: Member) -> None:
    """The contact has told an agent their email address: kept if none is known.

    Raises Invalid for what is no address, Conflict where one is known already.
    """
    given = email.strip()
    try:
        validate_email(given)
    except ValidationError:
        raise Invalid(_("This is not an email address."), code="bad_email") from None
    with transaction.atomic():
        found = _lock(conversation, by)
        if not Contact.objects.filter(pk=found.contact_id, email="").update(email=given[:254]):
            raise Conflict(_("The address is known already."), code="address_known")
        _move(found, "contact")


def set_language(conversation: int, language: str, *, by: Member) -> None:
    """The language that the contact is written to in; "" leaves it to what they write next.

    Raises Invalid for one that the installation has not.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid(code="language")
    with transaction.atomic():
        found = _lock(conversation, by)
        if Contact.objects.filter(pk=found.contact_id).exclude(language=language).update(language=language):
            _move(found, "contact")


def release(user: int, hand_to: int | None, by: int | None) -> int:
    """A seat was taken from `user`: their open conversations go to `hand_to` or to nobody,
    their completed ones to nobody (should one open again, somebody else answers).

    In the caller's transaction and account scope. Returns how many were open. Raises
    Invalid when `hand_to` is not an agent.
    """
    if hand_to is not None and hand_to not in _lock_agents(user, hand_to)[0]:
        raise _not_an_agent()
    what = {"what": "assigned", "to": hand_to} if hand_to else {"what": "unassigned"}
    owned = Conversation.objects.filter(assignee_id=user)
    owned.filter(status=Status.DONE).update(assignee=None)
    count = 0
    for found in owned.filter(status=Status.OPEN).order_by("id").select_for_update(no_key=True):
        found.assignee_id = hand_to
        _save(found, by, what, "assignee")
        count += 1
    return count


def _lock_agents(*users: int) -> tuple[set[int], bool]:
    """Hold these users' seats until the commit; those of them who are agents, and whether
    their account is read-only at this moment.

    All in one statement and in the order of their ids, and always before a conversation's
    lock: whoever takes a seat away or removes a member locks in the same order.
    """
    memberships = Membership.objects.select_for_update(of=("self",), no_key=True).order_by("id")
    found = memberships.filter(user_id__in=users)
    rows = list(found.values_list("user_id", "access", "account__read_only"))
    return {user for user, access, _ in rows if access == Access.AGENT}, any(row[2] for row in rows)


def _not_an_agent() -> Invalid:
    return Invalid(_("This person is not an agent. Give them a seat first."), code="not_an_agent")


def _lock(conversation: int, by: Member, to: int | None = None) -> Conversation:
    """The conversation, locked until the commit, and the seats of who acts and who gets it.

    Raises Forbidden when `by` holds no seat (any more), ReadOnly when the account has become
    read-only, Missing when it has no such conversation, Invalid when `to` is not an agent.
    """
    must_act(by)
    agents, read_only = _lock_agents(by.user.pk, *([] if to is None else [to]))
    if by.user.pk not in agents:
        raise Forbidden(code="no_seat")
    if read_only:
        raise ReadOnly
    if to is not None and to not in agents:
        raise _not_an_agent()
    locked = Conversation.objects.select_for_update(no_key=True)
    found: Conversation | None = locked.filter(pk=conversation).first()
    if found is None:
        raise Missing
    return found


def _save(found: Conversation, author: int | None, what: dict[str, Any], *changed: str) -> None:
    """Store the change with its status line and event."""
    _move(found, what["what"], *changed, line=_status_line(found, author, what))


def _status_line(found: Conversation, author: int | None, what: dict[str, Any]) -> int:
    line = Message.objects.create(
        account_id=found.account_id,
        conversation=found,
        client_id=uuid4(),
        kind=Kind.STATUS,
        author_id=author,
        data=what,
    )
    return int(line.pk)


def _move(found: Conversation, what: str, *changed: str, line: int | None = None) -> None:
    found.version += 1
    found.save(update_fields=[*changed, "version"])
    told: dict[str, Any] = {"what": what, "version": found.version}
    if line is not None:
        told["message"] = line
    visitor = found.visitor if what == "read" else None
    emit(found.account_id, "conversation.changed", conversation=found.pk, visitor=visitor, **told)
