"""One lock for everything about an account's people: the account's own row.

Changes of people are rare, so they are made one after the other per account: whoever
waits sees what the one before has left. Who acts on a conversation does not wait for this
lock: such an action locks the memberships that it needs, in the order of their ids, then
the conversation. A change that reaches conversations locks memberships first too. Nor does
who sets up a channel: the membership of who acts is enough, because every change of a right
locks it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.members import Member, must_manage_channels
from salotto.accounts.models import Access, Account, Membership
from salotto.core.errors import Forbidden, Invalid, Missing
from salotto.core.tenancy import account_scope


@contextmanager
def people_of(by: Member) -> Iterator[Member]:
    """A transaction that holds the lock, in the account's scope; yields `by` as of now.

    Raises Forbidden if the member has left since the request began.
    """
    with transaction.atomic(), account_scope(by.account.pk):
        account = lock_people(by.account.pk)
        yield _now(by, account, Membership.objects.filter(user_id=by.user.pk).first())


@contextmanager
def setting_up(by: Member) -> Iterator[Member]:
    """A transaction in the account's scope for who may set up channels; yields `by` as of now.

    Whoever takes the permission away waits until it ends, or came before: raises Forbidden then.
    """
    with transaction.atomic(), account_scope(by.account.pk):
        now = lock_member(by)
        must_manage_channels(now)
        yield now


def lock_member(by: Member) -> Member:
    """`by` as of now, in the open scope; no right of theirs changes until the transaction ends.

    Raises Forbidden if the member has left since the request began.
    """
    rows = Membership.objects.select_for_update(no_key=True)
    membership = rows.filter(user_id=by.user.pk).first()  # before the account, which a hand-over changes
    return _now(by, Account.objects.get(pk=by.account.pk), membership)


def lock_people(account_id: int) -> Account:
    """Lock the account's people until the transaction ends; the account as of now."""
    return Account.objects.select_for_update(no_key=True).get(pk=account_id)


def _now(by: Member, account: Account, membership: Membership | None) -> Member:
    if membership is None:
        raise Forbidden(code="not_member")
    return Member.of(account, by.user, membership)


def membership_of(user_id: int) -> Membership:
    """The membership, with its user, in the open scope; raises Missing."""
    found: Membership | None = Membership.objects.select_related("user").filter(user_id=user_id).first()
    if found is None:
        raise Missing()
    return found


def lock_memberships(*user_ids: int) -> dict[int, Membership]:
    """The memberships by user id, locked in the order of their ids until the transaction ends.

    Nobody can act as one of them, nor get a conversation, in between. Raises Missing if one
    is not there.
    """
    rows = Membership.objects.filter(user_id__in=user_ids).order_by("id").select_for_update()
    found = {row.user_id: row for row in rows}
    if len(found) < len(set(user_ids)):
        raise Missing()
    return found


def lock_handover(leaving: int, hand_to: int | None) -> Membership:
    """The membership of who leaves or loses the seat, locked with the one who takes over.

    Both are user ids. Raises Missing, and Invalid unless `hand_to` is None or another agent.
    """
    found = lock_memberships(leaving, *([] if hand_to is None else [hand_to]))
    if hand_to is not None and (hand_to == leaving or found[hand_to].access != Access.AGENT):
        raise Invalid(
            _("Only another agent can take over conversations. Nothing was changed."),
            code="hand_to",
        )
    return found[leaving]
