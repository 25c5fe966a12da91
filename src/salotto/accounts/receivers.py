"""Sessions that end close the streams that they have opened."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from salotto.accounts.actions import tell_everywhere
from salotto.accounts.models import User


@receiver([user_logged_out, password_changed, password_reset, password_set])
def session_ended(user: User | None, **_: Any) -> None:
    """The hub closes this person's streams; those that still have a session come back."""
    if user is not None:
        tell_everywhere(user.pk)
