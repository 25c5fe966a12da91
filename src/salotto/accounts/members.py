"""Who is asking: a user in an account, with role and access level."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from salotto.accounts.errors import ReadOnly
from salotto.accounts.models import Access, Account, Membership, Role, User
from salotto.core.errors import Forbidden

PRIMARY_ADMIN = "primary_admin"


class Rights:
    """What a role and an access level amount to."""

    role: str
    access: str
    manages_channels: bool

    @property
    def is_primary_admin(self) -> bool:
        return self.role == PRIMARY_ADMIN

    @property
    def is_admin(self) -> bool:
        """The primary admin is an admin too."""
        return self.role in (PRIMARY_ADMIN, Role.ADMIN)

    @property
    def is_agent(self) -> bool:
        return self.access == Access.AGENT

    @property
    def can_manage_channels(self) -> bool:
        """May set up where conversations come in: the primary admin, and permitted admins."""
        return self.is_primary_admin or (self.is_admin and self.manages_channels)


@dataclass(frozen=True)
class Member(Rights):
    """A user in an account, as loaded for this request."""

    account: Account
    user: User
    role: str
    access: str
    manages_channels: bool = False

    @classmethod
    def of(cls, account: Account, user: User, membership: Membership) -> "Member":
        """The member behind a membership row; the primary admin's role is the account's."""
        primary = account.primary_admin_id == user.pk
        role = PRIMARY_ADMIN if primary else membership.role
        return cls(account, user, role, membership.access, membership.manages_channels)

    @property
    def can_read(self) -> bool:
        return self.access in (Access.AGENT, Access.VIEWER)

    @property
    def can_act(self) -> bool:
        """An agent, of an account that is not read-only."""
        return self.is_agent and not self.account.read_only


def must_act(by: Member) -> None:
    """Raises Forbidden unless the member is an agent (holds a seat), ReadOnly if none may act."""
    if not by.is_agent:
        words = _("Only agents do this. An admin can give you a seat under People.")
        raise Forbidden(words, code="no_seat")
    if by.account.read_only:
        raise ReadOnly


def must_read(by: Member) -> None:
    """Raises Forbidden unless the member is an agent or a viewer."""
    if not by.can_read:
        raise Forbidden(code="no_access")


def must_administer(by: Member) -> None:
    """Raises Forbidden unless the member is an admin."""
    if not by.is_admin:
        raise Forbidden(code="not_admin")


def must_manage_channels(by: Member) -> None:
    """Raises Forbidden unless the member is the primary admin or a permitted admin."""
    if by.can_manage_channels:
        return
    if not by.is_admin:
        words = _("Admins set up channels. Ask one of them if something is to be changed.")
    else:
        words = _(
            "Setting up channels needs a permission. The primary admin can give it to you under People."
        )
    raise Forbidden(words, code="not_channels")


def must_be_primary_admin(by: Member) -> None:
    """Raises Forbidden unless the member is the account's primary admin."""
    if not by.is_primary_admin:
        raise Forbidden(code="not_primary_admin")
