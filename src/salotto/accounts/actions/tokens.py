"""Keys for programs: each acts as the member who made it, with their rights of the moment."""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salotto.accounts.actions.founding import clean_name
from salotto.accounts.locking import people_of
from salotto.accounts.members import Member
from salotto.accounts.models import ApiToken
from salotto.accounts.queries import token_hash
from salotto.core import audit, clock
from salotto.core.errors import Conflict, Forbidden, Missing

MOST_TOKENS = 20
"""Live keys of one member."""

PREFIX = "slt_"
"""So that a key is known as one wherever it turns up."""


def create_token(name: str, by: Member) -> tuple[ApiToken, str]:
    """A new key of `by`, and its secret: shown now and never again, only its hash is kept.

    The secret is `slt_` and 43 random url-safe characters (256 bits). Raises Invalid for a
    name that is empty or too long, Conflict for more than 20 live keys, Forbidden if the
    member has left.
    """
    name = clean_name(name)
    secret = PREFIX + secrets.token_urlsafe(32)
    with people_of(by) as now:
        live = ApiToken.objects.filter(user_id=now.user.pk, revoked_at=None)
        if live.count() >= MOST_TOKENS:
            raise Conflict(
                _("You have 20 keys already. Revoke one that is not used any more."), code="too_many_tokens"
            )
        token = ApiToken.objects.create(
            account=now.account, user=now.user, name=name, token_hash=token_hash(secret)
        )
        audit.record(now.account.pk, now.user.pk, "token.created", f"token {token.pk}", name=name)
    return token, secret


def revoke_token(token: int, by: Member) -> None:
    """End a key: one's own, or for an admin that of any member. Again changes nothing.

    Raises Missing for a key that is not there, Forbidden for somebody else's.
    """
    with people_of(by) as now:
        found = ApiToken.objects.filter(pk=token).first()
        if found is None:
            raise Missing
        if found.user_id != now.user.pk and not now.is_admin:
            raise Forbidden(code="not_admin")
        if found.revoked_at is None:
            found.revoked_at = clock.now()
            found.save(update_fields=["revoked_at"])
            audit.record(now.account.pk, now.user.pk, "token.revoked", f"token {found.pk}", name=found.name)


def revoke_tokens_of(user_id: int) -> None:
    """The keys of somebody who leaves end, in the caller's transaction and account scope."""
    with transaction.atomic():
        ApiToken.objects.filter(user_id=user_id, revoked_at=None).update(revoked_at=clock.now())
