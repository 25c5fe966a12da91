"""A small company with everyone a test needs, made through the real actions.

cast = found_cast()
cast.client(cast.agent).get(f"/a/{cast.slug}/inbox")
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.test import Client

from salotto.accounts import actions
from salotto.accounts.members import Member
from salotto.accounts.models import Access, Account, Membership, Role, User
from salotto.accounts.queries import member_of
from salotto.accounts.signals import member_joined
from salotto.core.tenancy import account_scope
from salotto.live import bell

PASSWORD = "correct horse battery"
HASHED = make_password(PASSWORD)
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


def some_email(name: str) -> str:
    """An address of this person's that nobody else has."""
    return f"{name.split()[0].lower()}.{uuid4().hex[:10]}@example.com"


def new_user(name: str = "Anna Neri", **options: Any) -> User:
    """A user with a fresh address and the password `PASSWORD`."""
    email = options.pop("email", None) or some_email(name)
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
    with transaction.atomic():
        giulia = found_account()
        marco, sara, luca, emma = _join(
            giulia.account,
            ("Marco De Luca", Role.ADMIN, Access.AGENT),
            ("Sara Bianchi", Role.MEMBER, Access.AGENT),
            ("Luca Verdi", Role.MEMBER, Access.VIEWER),
            ("Emma Riva", Role.MEMBER, Access.NONE),
        )
        _ring_once()
    return Cast(giulia.account, giulia, admin=marco, agent=sara, viewer=luca, nobody=emma)


def _join(account: Account, *people: tuple[str, Role, Access]) -> list[Member]:
    """As `add_member` for each, in fewer queries: most tests begin with it."""
    users = User.objects.bulk_create(
        User(email=some_email(name), name=name, password=HASHED, language="en") for name, _, _ in people
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in users
    )
    with account_scope(account.pk):
        Membership.objects.bulk_create(
            Membership(account=account, user=user, role=role)
            for user, (_, role, _) in zip(users, people, strict=True)
        )
        for user, (_, _, wanted) in zip(users, people, strict=True):
            member_joined.send(Membership, account=account, user=user, wanted=wanted)
        rows = {row.user_id: row for row in Membership.objects.select_related("account")}
    return [Member.of(rows[user.pk].account, user, rows[user.pk]) for user in users]


def _ring_once() -> None:
    """Of all the events of this transaction, the bell is rung once."""
    connection.run_on_commit = [late for late in connection.run_on_commit if late[1] is not bell.ring]
    transaction.on_commit(bell.ring)
