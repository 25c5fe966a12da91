"""Invitations by mail: made, sent again, withdrawn, accepted once.

The link carries a random token of which only a hash is kept. An invitation reserves no
seat: whether there is one is seen when it is accepted.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts import mails
from salotto.accounts.actions.unconfirmed import free_address
from salotto.accounts.actions.users import create_user
from salotto.accounts.errors import Gone
from salotto.accounts.locking import lock_people, people_of
from salotto.accounts.members import Member, must_administer
from salotto.accounts.models import (
    LANGUAGES,
    Access,
    Account,
    Invitation,
    Membership,
    Role,
    User,
)
from salotto.accounts.signals import member_joined
from salotto.core import audit, clock
from salotto.core.errors import Conflict, Invalid, Missing, TooMany
from salotto.core.tenancy import account_scope, all_accounts
from salotto.live.actions import emit

LIFE = timedelta(days=7)
PAUSE = timedelta(minutes=1)
DAY = timedelta(days=1)
PER_DAY = 200


@dataclass(frozen=True)
class Joined:
    """What an accepted invitation has led to; `access` is less than `wanted` without a seat."""

    account: Account
    wanted: str
    access: str


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite(
    email: str,
    *,
    by: Member,
    role: str = Role.MEMBER,
    access: str = Access.AGENT,
    language: str | None = None,
) -> Invitation:
    """Write an invitation and queue its mail, in `language` (the account's unless given).

    Raises Forbidden unless `by` is an admin, Invalid for an address, role or level that
    cannot be, Conflict for a member or an address with an open invitation, TooMany after
    200 mails of one account in a day.
    """
    email = _clean(email, role, access, language)
    with people_of(by) as now:
        must_administer(now)
        _not_a_member(email)
        _withdraw_expired(email)
        _within_the_day()
        token = secrets.token_urlsafe(32)
        invitation: Invitation = Invitation.objects.create(
            account=now.account,
            email=email,
            role=role,
            access=access,
            invited_by=now.user,
            language=language or now.account.language,
            token_hash=hash_of(token),
            sent_at=clock.now(),
            expires_at=clock.now() + LIFE,
        )
        mails.send_invitation(invitation, token)
        _record(now, "invitation.sent", invitation, email=email)
    return invitation


def _clean(email: str, role: str, access: str, language: str | None) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise _not_an_address() from None
    if len(email) > 254:
        raise _not_an_address()
    if role not in Role.values or access not in Access.values:
        raise Invalid(_("There is no such role or access level. Nothing was changed."))
    if language is not None and language not in dict(LANGUAGES):
        raise Invalid(_("There is no such language. Nothing was changed."))
    return email


def _not_an_address() -> Invalid:
    return Invalid(_("This is not an email address. Check it and try again."), code="email")


def _not_a_member(email: str) -> None:
    if Membership.objects.filter(user__email__iexact=email).exists():
        raise Conflict(
            _("This person is a member already. Nothing was changed."),
            code="already_member",
        )


def _withdraw_expired(email: str) -> None:
    pending = _open().filter(email__iexact=email)
    if pending.filter(expires_at__gt=clock.now()).exists():
        raise Conflict(
            _("This address has an open invitation. Send it again instead."),
            code="already_invited",
        )
    pending.update(revoked_at=clock.now())


def _within_the_day() -> None:
    sent = Invitation.objects.filter(sent_at__gt=clock.now() - DAY)
    if sent.count() >= PER_DAY:
        raise TooMany(
            3600,
            _("200 invitations were sent in a day, which is the limit. Wait an hour."),
        )


def _open() -> Any:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def _pending(invitation_id: int) -> Invitation:
    found = _open().filter(pk=invitation_id).first()
    if not isinstance(found, Invitation):
        raise Missing()
    return found


def resend_invitation(invitation_id: int, *, by: Member) -> None:
    """Send an open invitation again, with a new link and seven days; the old link ends.

    Raises Forbidden unless `by` is an admin, Missing if it is not open, TooMany within a
    minute of the last mail and after 200 mails of one account in a day.
    """
    with people_of(by) as now:
        must_administer(now)
        invitation = _pending(invitation_id)
        wait = invitation.sent_at + PAUSE - clock.now()
        if wait > timedelta(0):
            raise TooMany(wait.total_seconds())
        _within_the_day()
        token = secrets.token_urlsafe(32)
        _renew(invitation, token, now.user)
        mails.send_invitation(invitation, token)
        _record(now, "invitation.sent_again", invitation)


def _renew(invitation: Invitation, token: str, by: User) -> None:
    invitation.invited_by = by
    invitation.token_hash = hash_of(token)
    invitation.sent_at = clock.now()
    invitation.expires_at = clock.now() + LIFE
    invitation.save(update_fields=["invited_by", "token_hash", "sent_at", "expires_at"])


def revoke_invitation(invitation_id: int, *, by: Member) -> None:
    """Withdraw an open invitation; its link ends.

    Raises Forbidden unless `by` is an admin, Missing if it is not open.
    """
    with people_of(by) as now:
        must_administer(now)
        invitation = _pending(invitation_id)
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        _record(now, "invitation.withdrawn", invitation)


def withdraw_invitations_of(user_id: int, *, by: Member) -> None:
    """Withdraw what somebody has sent who is no admin any more, in the caller's transaction."""
    for invitation in _open().filter(invited_by_id=user_id):
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        _record(by, "invitation.withdrawn", invitation)


def find_invitation(token: str) -> Invitation:
    """The open invitation of a link, with its account and who invited.

    Raises Missing for a token that was never ours, Gone for one that was used, withdrawn
    or has run out, or whose sender is no admin any more, each with the sentence that says what to do.
    """
    with all_accounts():
        found = Invitation.objects.select_related("account", "invited_by")
        invitation = found.filter(token_hash=hash_of(token)).first()
        vouched = invitation is not None and _is_vouched_for(invitation)
    if not isinstance(invitation, Invitation):
        raise Missing(
            _("This invitation does not exist. Check that the link is complete."),
            code="no_invitation",
        )
    _still_open(invitation, vouched)
    return invitation


def _is_vouched_for(invitation: Invitation) -> bool:
    """Is who invited still an admin of the account? The primary admin's role is admin too."""
    sender = Membership.objects.filter(account_id=invitation.account_id, user_id=invitation.invited_by_id)
    return bool(sender.filter(role=Role.ADMIN).exists())


def _still_open(invitation: Invitation, vouched: bool) -> None:
    if invitation.accepted_at:
        raise Gone(_("This invitation has been used. Sign in to go on."), code="invitation_used")
    if invitation.revoked_at or not vouched:
        raise Gone(
            _("This invitation was withdrawn. Ask for a new one."),
            code="invitation_withdrawn",
        )
    if invitation.expires_at <= clock.now():
        raise Gone(
            _("This invitation has run out after seven days. Ask for a new one."),
            code="invitation_expired",
        )


def accept_invitation(token: str, user: User, *, another_address: bool = False) -> Joined:
    """The user joins the account; the invitation is used up.

    With another address than the invited one the user must have said so
    (`another_address`), else Conflict. Raises what `find_invitation` raises, and Conflict
    for somebody who is a member already.
    """
    with transaction.atomic():
        invitation = _claimed(token)
        if invitation.email.lower() != user.email.lower() and not another_address:
            raise Conflict(
                _("This invitation was sent to another address. Confirm that you want to join with yours."),
                code="another_address",
            )
        with account_scope(invitation.account_id):
            return _join(invitation, user)


def join_as_new_user(token: str, *, name: str, password: str, language: str = "en") -> tuple[User, Joined]:
    """Make the invited person's user, its address confirmed by the link, and join.

    A sign-up with this address that nobody has confirmed is forgotten. Raises what
    `accept_invitation` raises, and Conflict if the address has a user.
    """
    with transaction.atomic():
        invitation = _claimed(token)
        free_address(invitation.email)
        if User.objects.filter(email__iexact=invitation.email).exists():
            raise Conflict(
                _("You have a Salotto sign-in already. Sign in to accept."),
                code="has_user",
            )
        user = create_user(invitation.email, name, password, language=language)
        with account_scope(invitation.account_id):
            return user, _join(invitation, user)


def _claimed(token: str) -> Invitation:
    """The open invitation, read again under the lock of the account's people."""
    seen = find_invitation(token)
    lock_people(seen.account_id)
    return find_invitation(token)


def _join(invitation: Invitation, user: User) -> Joined:
    account = invitation.account
    if Membership.objects.filter(user_id=user.pk).exists():
        raise Conflict(
            _("You are a member of this account already. Nothing was changed."),
            code="already_member",
        )
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=clock.now())
    Membership.objects.create(account=account, user=user, role=invitation.role)
    member_joined.send(Membership, account=account, user=user, wanted=invitation.access)
    access = Membership.objects.values_list("access", flat=True).get(user_id=user.pk)
    audit.record(
        account.pk,
        user.pk,
        "invitation.accepted",
        f"user {user.pk}",
        invitation=invitation.pk,
        wanted=invitation.access,
        access=access,
    )
    emit(account.pk, "member.changed", user=user.pk)
    return Joined(account, invitation.access, access)


def _record(by: Member, verb: str, invitation: Invitation, **detail: object) -> None:
    audit.record(by.account.pk, by.user.pk, verb, f"invitation {invitation.pk}", **detail)
    emit(by.account.pk, "invitation.changed")
