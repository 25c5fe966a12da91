"""Conversations made as visitors make them, and every action of a member on one."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from salotto.accounts.members import Member
from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Inbox
from salotto.inbox.posting import Item, Posted, post


def item_of(
    account: int, body: str = "Hello", *, visitor: UUID | None = None, client_id: UUID | None = None
) -> Item:
    """A visitor's message to the account's first inbox."""
    with account_scope(account):
        inbox = Inbox.objects.earliest("id").pk
    return Item(account, client_id or uuid4(), "visitor", body, inbox=inbox, visitor=visitor or uuid4())


def new_thread(account: int) -> int:
    """A conversation with one message; its id."""
    return must(post(item_of(account))).conversation


def must(posted: Posted | None) -> Posted:
    """The written message, which must be there."""
    assert posted is not None
    return posted


@dataclass(frozen=True)
class State:
    """What a list and a thread's head show of a conversation."""

    status: str
    assignee: int | None
    unread: int
    version: int
    last_message: int
    preview: str


def state_of(account: int, conversation: int) -> State:
    """As the database has it now."""
    with account_scope(account):
        fields = ("status", "assignee_id", "unread", "version", "last_message", "preview")
        return State(*Conversation.objects.values_list(*fields).get(pk=conversation))


ACTIONS: dict[str, Callable[[int, Member], object]] = {
    "reply": lambda c, by: actions.reply(c, "Good morning", client_id=uuid4(), by=by),
    "note": lambda c, by: actions.add_note(c, "ask Marco", client_id=uuid4(), by=by),
    "assign": lambda c, by: actions.assign(c, by.user.pk, by=by),
    "unassign": lambda c, by: actions.assign(c, None, by=by),
    "complete": lambda c, by: actions.complete(c, by=by),
    "reopen": lambda c, by: actions.reopen(c, by=by),
    "read": lambda c, by: actions.mark_read(c, by=by),
    "unread": lambda c, by: actions.mark_unread(c, by=by),
}
