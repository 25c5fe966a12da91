"""Reads about invitations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from salotto.accounts.models import Invitation, User
from salotto.accounts.queries import unconfirmed_users
from salotto.core import clock

MOST = 200
DAY = timedelta(days=1)


def has_user(invitation: Invitation) -> bool:
    """True if the invited address has a sign-in; a sign-up that nobody has confirmed is none."""
    confirmed = User.objects.exclude(pk__in=unconfirmed_users().values("pk"))
    return bool(confirmed.filter(email__iexact=invitation.email).exists())


@dataclass(frozen=True)
class Pending:
    """An open invitation as the list shows it."""

    id: int
    email: str
    role: str
    access: str
    by: str
    sent_at: datetime
    expires_at: datetime

    @property
    def days(self) -> int:
        """Days that the link still works, the begun one counted."""
        return max(0, ceil((self.expires_at - clock.now()) / DAY))

    @property
    def expired(self) -> bool:
        return self.expires_at <= clock.now()


def pending() -> list[Pending]:
    """Open invitations of the account whose scope is open, newest first; at most 200."""
    found = Invitation.objects.filter(accepted_at=None, revoked_at=None).order_by("-sent_at", "-id")
    fields = ("id", "email", "role", "access", "invited_by__name", "sent_at", "expires_at")
    return [Pending(*row) for row in found.values_list(*fields)[:MOST]]
