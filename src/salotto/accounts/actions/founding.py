"""A new account with its primary admin."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import Account, Membership, Role, User
from salotto.accounts.signals import account_founded
from salotto.accounts.slugs import candidates
from salotto.core import audit
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from salotto.live.actions import emit

NAME_LENGTH = 80


def clean_name(name: str) -> str:
    """The name without surrounding or repeated space; raises Invalid if empty or too long."""
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise Invalid(_("A name is needed. Nothing was changed."))
    if len(name) > NAME_LENGTH:
        raise Invalid(_("This name is longer than 80 characters. Nothing was changed."))
    return name


def found_account(name: str, user: User, *, language: str | None = None, time_zone: str = "UTC") -> Account:
    """Account, membership, primary admin, and what rooms above add, in one transaction.

    The slug is made from the name and is unique. Rooms above receive `account_founded`
    (trial seats, the first inbox). `language` is the user's own unless given. Raises
    Invalid for a name that is empty or too long.
    """
    name = clean_name(name)
    with transaction.atomic():
        account = _insert(name, user, language or user.language, time_zone)
        with account_scope(account.pk):
            Membership.objects.create(account=account, user=user, role=Role.ADMIN)
            audit.record(account.pk, user.pk, "account.founded", name=name)
            account_founded.send(Account, account=account, user=user)
            emit(account.pk, "member.changed", user=user.pk)
    return account


def _insert(name: str, user: User, language: str, time_zone: str) -> Account:
    for slug in candidates(name):
        try:
            with transaction.atomic():
                return Account.objects.create(
                    name=name,
                    slug=slug,
                    primary_admin=user,
                    language=language,
                    time_zone=time_zone,
                )
        except IntegrityError:
            if not Account.objects.filter(slug=slug).exists():
                raise
    raise AssertionError("candidates never end")
