"""Reads about accounts and the people in them."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from salotto.accounts.initials import initials
from salotto.accounts.members import PRIMARY_ADMIN, Member, Rights
from salotto.accounts.models import Access, Account, ApiToken, Membership, User
from salotto.accounts.paging import after, cursor_of
from salotto.core import clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope, all_accounts

MOST_ACCOUNTS = 100
PAGE = 50


def member_of(user: User, slug: str) -> Member | None:
    """The user as a member of the account with this slug, or None; one query."""
    with all_accounts():
        found = Membership.objects.select_related("account")
        membership = found.filter(user_id=user.pk, account__slug=slug).first()
    return membership and Member.of(membership.account, user, membership)


def accounts_of(user: User) -> list[Member]:
    """The user as a member of each account, by name; at most 100; one query."""
    with all_accounts():
        found = Membership.objects.select_related("account").filter(user_id=user.pk)
        rows = list(found.order_by(Lower("account__name"), "account_id")[:MOST_ACCOUNTS])
    return [Member.of(row.account, user, row) for row in rows]


def account_name(account_id: int) -> str:
    """What the company is called. Raises Missing if the account is gone."""
    name: str | None = Account.objects.filter(pk=account_id).values_list("name", flat=True).first()
    if name is None:
        raise Missing
    return name


def unconfirmed(email: str) -> EmailAddress:
    """The address that waits for its confirmation; one without a user if there is none."""
    found = EmailAddress.objects.filter(email__iexact=email, verified=False).first()
    return found or EmailAddress(user=None, email=email)


def unconfirmed_users() -> QuerySet[User]:
    """Who has signed up, never confirmed the address, never been in, and shares no account."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    with all_accounts():
        mine = Membership.objects.filter(user=OuterRef(OuterRef("pk"))).values("account_id")
        shared = Membership.objects.filter(account_id__in=mine).exclude(user=OuterRef("pk"))
        return User.objects.filter(~Exists(confirmed), ~Exists(shared), last_login=None, is_active=True)


@dataclass(frozen=True)
class Person(Rights):
    """A member as a list shows it."""

    id: int
    name: str
    email: str
    role: str
    access: str
    manages_channels: bool

    @property
    def initials(self) -> str:
        return initials(self.name or self.email)


@dataclass(frozen=True)
class People:
    """One page of members; `next` is the cursor of the following page, or ""."""

    rows: list[Person]
    next: str


def members(account: Account, *, search: str = "", cursor: str = "", limit: int = PAGE) -> People:
    """Members by name, a page at a time; `search` finds part of a name or an address.

    A cursor that is not one of ours starts from the beginning.
    """
    with account_scope(account.pk):
        found = Membership.objects.annotate(key=Lower("user__name"))
        if search := search.replace("\x00", "").strip()[:100]:
            found = found.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
        if place := after(cursor):
            found = found.filter(Q(key__gt=place[0]) | Q(key=place[0], user_id__gt=place[1]))
        fields = ("user_id", "user__name", "user__email", "role", "access", "manages_channels", "key")
        rows = list(found.order_by("key", "user_id").values_list(*fields)[: limit + 1])
    page = rows[:limit]
    more = cursor_of(page[-1][6], page[-1][0]) if len(rows) > limit else ""
    return People([_person(account, *row[:6]) for row in page], more)


def _person(
    account: Account, user_id: int, name: str, email: str, role: str, access: str, manages_channels: bool
) -> Person:
    primary = account.primary_admin_id == user_id
    return Person(user_id, name, email, PRIMARY_ADMIN if primary else role, access, manages_channels)


def person(account: Account, user_id: int) -> Person | None:
    """One member as a list shows it, or None for a stranger."""
    with account_scope(account.pk):
        found = Membership.objects.filter(user_id=user_id).annotate(
            name=F("user__name"), email=F("user__email")
        )
        row = found.values_list("user_id", "name", "email", "role", "access", "manages_channels").first()
    return row and _person(account, *row)


def agents(account: Account, *, limit: int = 1000) -> list[Person]:
    """Who may take over a conversation, by name; at most `limit`."""
    with account_scope(account.pk):
        found = Membership.objects.filter(access=Access.AGENT)
        rows = found.order_by(Lower("user__name"), "user_id").values_list(
            "user_id", "user__name", "user__email", "role", "access", "manages_channels"
        )[:limit]
        return [_person(account, *row) for row in rows]


USED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a key is known: not every request has to write."""


def token_hash(secret: str) -> str:
    """What is kept of a key for programs: SHA-256, since 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def member_of_token(secret: str) -> Member | None:
    """The member whose live key this is, with the rights of now, or None; one query.

    None too for a member who has left or whose sign-in is closed. At most once a minute the
    key's last use is noted.
    """
    with all_accounts():
        mine = Membership.objects.filter(account_id=OuterRef("account_id"), user_id=OuterRef("user_id"))
        found = ApiToken.objects.select_related("account", "user").annotate(
            role=Subquery(mine.values("role")[:1]),
            access=Subquery(mine.values("access")[:1]),
            channels=Subquery(mine.values("manages_channels")[:1]),
        )
        token = found.filter(token_hash=token_hash(secret), revoked_at=None, user__is_active=True).first()
        if token is None or token.role is None:
            return None
        _note_use(token)
    membership = Membership(
        user=token.user, role=token.role, access=token.access, manages_channels=token.channels
    )
    return Member.of(token.account, token.user, membership)


def _note_use(token: ApiToken) -> None:
    now = clock.now()
    if token.last_used_at is None or token.last_used_at <= now - USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def tokens_of(by: Member) -> list[ApiToken]:
    """The live keys of a member, newest first; at most 20."""
    with account_scope(by.account.pk):
        return list(ApiToken.objects.filter(user_id=by.user.pk, revoked_at=None).order_by("-id")[:20])


def operators(*, limit: int = 1000) -> list[User]:
    """The operators of the installation, by address."""
    return list(User.objects.filter(is_operator=True).order_by("email")[:limit])
