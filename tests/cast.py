"""A small company with everyone a test needs, made through the real actions.

cast = found_cast()
cast.client(cast.agent).get(f"/a/{cast.slug}/inbox")
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client

from salotto.accounts import actions
from salotto.accounts.members import Member
from salotto.accounts.models import Access, Account, Membership, Role, User
from salotto.accounts.queries import member_of
from salotto.accounts.signals import member_joined
from salotto.core.tenancy import account_scope

PASSWORD = "correct horse battery"
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@dataclass(frozen=True)
class Cast:
    """The members of one fresh account; who leads another one, the outsider, comes when asked for."""

    account: Account
    primary_admin: Member
    admin: Member
    agent: Member
    viewer: Member
    nobody: Member

    @cached_property
    def outsider(self) -> Member:
        """Otto leads an account of his own, which most tests need not found."""
        return found_account("Altra Casa", "Otto Fremd")

    @property
    def slug(self) -> str:
        return self.account.slug

    def members(self) -> dict[str, Member]:
        """Everyone by the name of the attribute, the outsider too."""
        names = ("primary_admin", "admin", "agent", "viewer", "nobody", "outsider")
        return {name: getattr(self, name) for name in names}

    def client(self, member: Member | None = None, **options: Any) -> Client:
        """A test client, signed in as `member` if given; each from an address of its own."""
        return client_of(member.user if member else None, **options)

    def again(self, member: Member) -> Member:
        """The member as the database has it now."""
        found = member_of(member.user, member.account.slug)
        assert found is not None
        return found


def client_of(user: User | None = None, **options: Any) -> Client:
    """A test client from an address of its own, signed in as `user` if given."""
    client = Client(REMOTE_ADDR=some_address(), **options)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


def some_address() -> str:
    """A network address that no other test has, so that rate limits do not meet."""
    number = uuid4().int
    return "10." + ".".join(str(number >> shift & 255) for shift in (0, 8, 16))


def new_user(name: str = "Anna Neri", **options: Any) -> User:
    """A user with a fresh address and the password `PASSWORD`."""
    first = name.split()[0].lower()
    email = options.pop("email", f"{first}.{uuid4().hex[:10]}@example.com")
    return actions.create_user(email, name, PASSWORD, **options)


def add_member(
    account: Account,
    name: str,
    *,
    role: str = Role.MEMBER,
    access: str = Access.NONE,
    user: User | None = None,
) -> Member:
    """A new member, joined as an accepted invitation joins."""
    user = user or new_user(name)
    with account_scope(account.pk):
        Membership.objects.create(account=account, user=user, role=role)
        member_joined.send(Membership, account=account, user=user, wanted=access)
    member = member_of(user, account.slug)
    assert member is not None
    return member


def found_account(company: str = "Bottega Conti", name: str = "Giulia Conti") -> Member:
    """A fresh account with a trial; its primary admin."""
    user = new_user(name)
    account = actions.found_account(f"{company} {uuid4().hex[:10]}", user)
    member = member_of(user, account.slug)
    assert member is not None
    return member


def found_cast() -> Cast:
    """Giulia leads, Marco administers, Sara answers, Luca reads, Emma sees nothing."""
    giulia = found_account()
    account = giulia.account
    return Cast(
        account=account,
        primary_admin=giulia,
        admin=add_member(account, "Marco De Luca", role=Role.ADMIN, access=Access.AGENT),
        agent=add_member(account, "Sara Bianchi", access=Access.AGENT),
        viewer=add_member(account, "Luca Verdi", access=Access.VIEWER),
        nobody=add_member(account, "Emma Riva"),
    )
