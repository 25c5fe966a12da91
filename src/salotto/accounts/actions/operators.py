"""The operators of the installation: who sets prices and dates, and answers as support."""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.core import audit
from salotto.core.errors import Missing

OPERATION = 0
"""The account of the audit log that stands for the installation itself."""

FIRST = 7_022_701
"""The advisory lock of who comes first."""


def add_operator(email: str) -> User:
    """Make a person an operator; harmless for one. Raises Missing for an unknown address."""
    return _set(email, True)


def remove_operator(email: str) -> User:
    """Make an operator an ordinary person again. Raises Missing for an unknown address."""
    return _set(email, False)


def first_operator(user: User) -> bool:
    """Make a new person an operator if nobody else is here yet; whether that is so.

    In the caller's transaction, after the person was inserted. Of two who come at once the
    second waits, and sees the first.
    """
    with transaction.atomic(), connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST])
        if User.objects.exclude(pk=user.pk).exists():
            return False
        _save(user, True)
    return True


def _set(email: str, value: bool) -> User:
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True)
        user = locked.filter(email__iexact=email.strip()).first()
        if user is None:
            raise Missing(_("Nobody here has this address. Nothing was changed."), code="no_user")
        if user.is_operator != value:
            _save(user, value)
    return user


def _save(user: User, value: bool) -> None:
    """Written by the command line or by the first sign-up, so without an actor."""
    user.is_operator = value
    user.save(update_fields=["is_operator"])
    verb = "operator.added" if value else "operator.removed"
    audit.record(OPERATION, None, verb, f"user {user.pk}", email=user.email)
