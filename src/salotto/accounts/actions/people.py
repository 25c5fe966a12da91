"""Roles, the hand-over of the primary admin's, and leaving."""

from django.utils.translation import gettext_lazy as _

from salotto.accounts.actions.invitations import withdraw_invitations_of
from salotto.accounts.actions.tokens import revoke_tokens_of
from salotto.accounts.locking import lock_handover, lock_memberships, membership_of, people_of
from salotto.accounts.members import Member, must_administer, must_be_primary_admin
from salotto.accounts.models import Account, Membership, Role
from salotto.accounts.signals import member_leaving
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid
from salotto.live.actions import emit


def hand_over(to: int, *, by: Member) -> None:
    """The member `to` (a user id) becomes the primary admin, and `by` an admin, in one step.

    Raises Forbidden unless `by` is the primary admin at this very moment (a request that
    has waited for another hand-over is refused), Missing if `to` is not a member, Conflict
    if `to` is the primary admin already.
    """
    with people_of(by) as now:
        must_be_primary_admin(now)
        lock_memberships(to, now.user.pk)
        if to == now.user.pk:
            raise Conflict(
                _("This person is the primary admin already. Nothing was changed."),
                code="is_primary_admin",
            )
        # What an earlier primary admin has permitted is not the new one's word.
        Membership.objects.filter(user_id__in=[to, now.user.pk]).update(
            role=Role.ADMIN, manages_channels=False
        )
        Account.objects.filter(pk=now.account.pk).update(primary_admin=to)
        audit.record(now.account.pk, now.user.pk, "account.handed_over", f"user {to}")
        for user_id in (to, now.user.pk):
            emit(now.account.pk, "member.changed", user=user_id)


def change_role(user_id: int, role: str, *, by: Member) -> None:
    """Make a member an admin or an ordinary member.

    Raises Forbidden unless `by` is an admin, Invalid for an unknown role, Missing for a
    stranger, Conflict for the primary admin, whose role is handed over instead. The open
    invitations of who is no admin any more are withdrawn.
    """
    if role not in Role.values:
        raise Invalid(_("There is no such role. Nothing was changed."))
    with people_of(by) as now:
        must_administer(now)
        member = membership_of(user_id)
        _not_the_primary_admin(now.account, user_id)
        if member.role == role:
            return
        Membership.objects.filter(pk=member.pk).update(role=role, manages_channels=False)
        if role != Role.ADMIN:
            withdraw_invitations_of(user_id, by=now)
        audit.record(now.account.pk, now.user.pk, "role.changed", f"user {user_id}", role=role)
        emit(now.account.pk, "member.changed", user=user_id)


def permit_channels(user_id: int, on: bool, *, by: Member) -> None:
    """Let an admin set up channels, or no more; the primary admin's to give.

    Raises Forbidden for others, Missing for a stranger, Conflict for who is no admin.
    """
    with people_of(by) as now:
        must_be_primary_admin(now)
        member = membership_of(user_id)
        _not_the_primary_admin(now.account, user_id)
        if member.role != Role.ADMIN:
            raise Conflict(_("Only admins set up channels. Make this person an admin first."))
        if member.manages_channels == on:
            return
        Membership.objects.filter(pk=member.pk).update(manages_channels=on)
        audit.record(now.account.pk, now.user.pk, "channels.permitted", f"user {user_id}", on=on)
        emit(now.account.pk, "member.changed", user=user_id)


def remove_member(user_id: int, *, by: Member, hand_to: int | None = None) -> None:
    """Take a member out of the account; admins may remove anyone, members themselves.

    Open conversations go to the agent `hand_to` (a user id), or become unassigned; what
    the person has written stays, their open invitations are withdrawn, their keys for
    programs end. Raises Forbidden, Missing, Conflict for the primary admin, Invalid if
    `hand_to` cannot take over.
    """
    with people_of(by) as now:
        if user_id != now.user.pk:
            must_administer(now)
        _not_the_primary_admin(now.account, user_id)
        member = lock_handover(user_id, hand_to)
        withdraw_invitations_of(user_id, by=now)
        revoke_tokens_of(user_id)
        member_leaving.send(
            Membership,
            account_id=now.account.pk,
            user_id=user_id,
            access=member.access,
            hand_to=hand_to,
            by=now,
        )
        member.delete()
        audit.record(
            now.account.pk,
            now.user.pk,
            "member.removed",
            f"user {user_id}",
            hand_to=hand_to,
        )
        emit(now.account.pk, "member.changed", user=user_id)


def _not_the_primary_admin(account: Account, user_id: int) -> None:
    if account.primary_admin_id == user_id:
        raise Conflict(
            _("The primary admin keeps this role until it is handed over. Nothing was changed."),
            code="is_primary_admin",
        )
