"""A person's own row: made once, changed by the person alone."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts import mails
from salotto.accounts.actions.founding import clean_name
from salotto.accounts.models import LANGUAGES, Membership, User
from salotto.core import audit
from salotto.core.errors import Invalid
from salotto.core.tenancy import all_accounts
from salotto.live.actions import emit

THEMES = ("system", "light", "dark")


def create_user(
    email: str,
    name: str,
    password: str | None = None,
    *,
    language: str = "en",
    verified: bool = True,
) -> User:
    """A saved user with an address that counts as confirmed unless `verified` is False.

    Raises Invalid for a name that cannot be, IntegrityError for an address that is taken.
    """
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=clean_name(name), language=language)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def update_profile(
    user: User,
    *,
    name: str | None = None,
    language: str | None = None,
    theme: str | None = None,
) -> None:
    """Change what is given of a person's own name, language and theme.

    Raises Invalid, and changes nothing, if one of them cannot be.
    """
    given = {"name": None if name is None else clean_name(name), "language": language, "theme": theme}
    wanted = {field: value for field, value in given.items() if value is not None}
    if wanted.get("language", "en") not in dict(LANGUAGES):
        raise Invalid(_("There is no such language. Nothing was changed."))
    if wanted.get("theme", "system") not in THEMES:
        raise Invalid(_("There is no such theme. Nothing was changed."))
    changed = {k: v for k, v in wanted.items() if getattr(user, k) != v}
    if not changed:
        return
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**changed)
        for field, value in changed.items():
            setattr(user, field, value)
        for account_id in tell_everywhere(user.pk):
            audit.record(account_id, user.pk, "profile.changed", fields=sorted(changed))


def change_password(user: User, password: str) -> None:
    """Set a new password, which ends every session, and tell the person by mail."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        for account_id in tell_everywhere(user.pk):
            audit.record(account_id, user.pk, "password.changed")
        mails.send_password_changed(user)


def tell_everywhere(user_id: int) -> list[int]:
    """Emit `member.changed` in each account of a user; the accounts' ids.

    The hub closes that user's streams, which then have to show their rights anew: called
    when a session ends or a password changes.
    """
    with transaction.atomic(), all_accounts():
        found = Membership.objects.filter(user_id=user_id).order_by("account_id")
        accounts = list(found.values_list("account_id", flat=True))
        for account_id in accounts:
            emit(account_id, "member.changed", user=user_id)
    return accounts
