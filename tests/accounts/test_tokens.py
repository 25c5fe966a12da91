"""Keys for programs: shown once, kept as a hash, with their member's rights of the moment."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.accounts import actions
from salotto.accounts.actions.tokens import MOST_TOKENS
from salotto.accounts.models import ApiToken, User
from salotto.accounts.queries import member_of_token, tokens_of
from salotto.core import clock
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope, all_accounts
from salotto.seats.actions import set_access
from tests.cast import Cast, add_member
from tests.threads import at_once

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def last_use(token: ApiToken) -> datetime | None:
    with all_accounts():
        return ApiToken.objects.get(token_hash=token.token_hash).last_used_at


def test_a_key_is_shown_once_and_kept_as_a_hash(cast: Cast) -> None:
    token, secret = actions.create_token("  Nightly   export ", cast.agent)
    assert re.fullmatch(r"slt_[\w-]{43}", secret, re.ASCII)
    with all_accounts():
        row = ApiToken.objects.filter(pk=token.pk, account_id=cast.account.pk).values().get()
    assert row["name"] == "Nightly export"
    assert secret not in str(row) and secret[4:] not in str(row) and len(row["token_hash"]) == 64


def test_a_key_is_its_member_with_the_rights_of_now(cast: Cast) -> None:
    _, secret = actions.create_token("Export", cast.agent)
    member = member_of_token(secret)
    assert member is not None
    assert (member.user.pk, member.account.slug) == (cast.agent.user.pk, cast.slug)
    assert (member.role, member.access) == ("member", "agent")
    set_access(cast.agent.user.pk, "viewer", by=cast.admin)
    changed = member_of_token(secret)
    assert changed is not None and changed.access == "viewer" and not changed.can_act


def test_the_primary_admins_key_is_the_primary_admins(cast: Cast) -> None:
    _, secret = actions.create_token("Export", cast.primary_admin)
    member = member_of_token(secret)
    assert member is not None and member.is_primary_admin
    actions.hand_over(cast.admin.user.pk, by=cast.primary_admin)
    later = member_of_token(secret)
    assert later is not None and later.is_admin and not later.is_primary_admin


@pytest.mark.parametrize("secret", ["", "slt_", "slt_" + "a" * 43, "\x00", "\ud800", "x" * 100_000])
def test_what_is_no_key_opens_nothing(secret: str) -> None:
    assert member_of_token(secret) is None


def test_it_is_one_query_and_the_last_use_is_noted_once_a_minute(cast: Cast) -> None:
    token, secret = actions.create_token("Export", cast.agent)
    assert last_use(token) is None
    with clock.at(NOON):
        member_of_token(secret)
    with (
        clock.at(NOON + timedelta(seconds=59)),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        assert member_of_token(secret) is not None
    assert len(queries) == 1
    assert last_use(token) == NOON
    with clock.at(NOON + timedelta(seconds=60)):
        member_of_token(secret)
    assert last_use(token) == NOON + timedelta(seconds=60)


def test_a_revoked_key_opens_nothing_and_revoking_again_is_harmless(cast: Cast) -> None:
    token, secret = actions.create_token("Export", cast.agent)
    for _ in range(2):
        actions.revoke_token(token.pk, cast.agent)
    assert member_of_token(secret) is None
    entries = AuditEntry.objects.filter(account_id=cast.account.pk, subject=f"token {token.pk}")
    assert sorted(entries.values_list("verb", flat=True)) == ["token.created", "token.revoked"]


def test_ones_own_keys_and_for_admins_those_of_all(cast: Cast) -> None:
    token, secret = actions.create_token("Export", cast.agent)
    with pytest.raises(Forbidden):
        actions.revoke_token(token.pk, cast.viewer)
    with pytest.raises(Missing):
        actions.revoke_token(token.pk, cast.outsider)
    assert member_of_token(secret) is not None
    actions.revoke_token(token.pk, cast.admin)
    assert member_of_token(secret) is None


def test_who_has_left_has_no_keys_also_after_coming_back(cast: Cast) -> None:
    _, secret = actions.create_token("Export", cast.agent)
    actions.remove_member(cast.agent.user.pk, by=cast.admin)
    assert member_of_token(secret) is None
    add_member(cast.account, "Sara Bianchi", user=cast.agent.user)
    assert member_of_token(secret) is None
    with pytest.raises(Forbidden):
        actions.create_token(
            "Export", cast.outsider.__class__(cast.account, cast.outsider.user, "member", "none")
        )


def test_a_closed_sign_in_closes_its_keys(cast: Cast) -> None:
    _, secret = actions.create_token("Export", cast.agent)
    User.objects.filter(pk=cast.agent.user.pk).update(is_active=False)
    assert member_of_token(secret) is None


def test_a_member_has_twenty_live_keys_at_most_however_fast(cast: Cast) -> None:
    made = [actions.create_token(f"Key {n}", cast.agent)[0] for n in range(MOST_TOKENS - 1)]
    results = at_once(*[lambda: actions.create_token("Last", cast.agent)] * 4)
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True, True, True]
    actions.revoke_token(made[0].pk, cast.agent)
    actions.create_token("Another", cast.agent)
    assert len(tokens_of(cast.agent)) == MOST_TOKENS
    actions.create_token("Mine", cast.admin)
    assert [token.name for token in tokens_of(cast.admin)] == ["Mine"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_key_needs_a_name(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid):
        actions.create_token(name, cast.agent)
    with account_scope(cast.account.pk):
        assert not ApiToken.objects.exists()
