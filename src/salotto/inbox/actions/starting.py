"""Beginning a conversation from our side, and telling desks of what a channel has changed."""

from django.db.models.functions import Lower

from salotto.accounts.errors import ReadOnly
from salotto.accounts.members import Member, must_act
from salotto.core import turns
from salotto.core.addresses import email_key, spellings
from salotto.core.errors import Forbidden
from salotto.inbox.actions.conversations import _lock_agents, _move
from salotto.inbox.models import Contact, Conversation, Status


def contact_of(account_id: int, email: str, name: str = "") -> Contact:
    """The account's oldest contact with this address (in any spelling), made if it has none.

    In the caller's transaction and account scope. Two at once get the same one.
    """
    turns.take_turn(f"inbox.contact {account_id} {email_key(email)}")
    known: Contact | None = (
        Contact.objects.annotate(key=Lower("email"))  # as the index has it
        .filter(key__in=spellings(email))
        .exclude(email="")
        .order_by("id")
        .first()
    )
    if known is not None:
        return known
    made: Contact = Contact.objects.create(account_id=account_id, email=email[:254], name=name[:120])
    return made


def must_act_still(by: Member) -> None:
    """Hold the seat of who acts until the commit, in the caller's transaction and account scope;
    before any lock on a conversation.

    Raises Forbidden for whoever holds none (any more), ReadOnly where nobody may act.
    """
    must_act(by)
    agents, read_only = _lock_agents(by.user.pk)
    if by.user.pk not in agents:
        raise Forbidden(code="no_seat")
    if read_only:
        raise ReadOnly


def start_conversation(
    inbox: int, contact: Contact, subject: str, *, by: Member, done: bool = False
) -> Conversation:
    """A new conversation that `by` owns, in the caller's transaction; `done`: it opens only when
    the contact writes. Its first message is the caller's to post.

    Raises Forbidden for whoever holds no seat, ReadOnly where nobody may act.
    """
    must_act_still(by)
    made: Conversation = Conversation.objects.create(
        account_id=by.account.pk,
        inbox_id=inbox,
        contact=contact,
        subject=subject[:200],
        assignee=by.user,
        status=Status.DONE if done else Status.OPEN,
    )
    return made


def tell(conversation: int, what: str, *, opens: bool = False) -> bool:
    """Lock a conversation, raise its version and tell open desks `what` its channel has changed,
    in the caller's transaction and account scope; False when it is gone. `opens`: it is open
    and unread again, as after a message of the contact, since somebody has to see it."""
    locked = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation)
    found: Conversation | None = locked.first()
    if found is not None:
        if opens:
            found.status, found.unread = Status.OPEN, found.unread + 1
        _move(found, what, "status", "unread")
    return found is not None
