"""A member's keys for programs: made, shown once, revoked."""

import re

import pytest
from django.test import Client

from salotto.accounts.actions import create_token
from salotto.accounts.queries import member_of_token, tokens_of
from salotto.core.models import AuditEntry
from tests.cast import Cast

SECRET = re.compile(r"slt_[\w-]{43}", re.ASCII)


def address(cast: Cast) -> str:
    return f"/a/{cast.slug}/settings/keys/"


def make(client: Client, cast: Cast, name: str = "Nightly") -> str:
    """The secret that the page shows."""
    page = client.post(address(cast), {"name": name}).content.decode()
    (secret,) = SECRET.findall(page)
    return str(secret)


@pytest.mark.parametrize("who", ["primary_admin", "admin", "agent", "viewer", "nobody"])
def test_every_member_makes_a_key_that_acts_as_the_member(who: str, cast: Cast) -> None:
    member = getattr(cast, who)
    found = member_of_token(make(cast.client(member), cast))
    assert found is not None
    assert (found.user, found.role, found.access) == (member.user, member.role, member.access)


def test_a_secret_is_shown_once_and_kept_by_no_cache(cast: Cast) -> None:
    client = cast.client(cast.agent)
    made = client.post(address(cast), {"name": "Nightly"})
    assert "no-store" in made["Cache-Control"]
    again = client.get(address(cast)).content.decode()
    assert "Nightly" in again and not SECRET.search(again)
    assert "never used" in again


def test_a_use_is_shown(cast: Cast) -> None:
    client = cast.client(cast.agent)
    secret = make(client, cast)
    client.get("/api/v1/members", headers={"Authorization": f"Bearer {secret}"})
    assert "last used on" in client.get(address(cast)).content.decode()


def test_a_revoked_key_is_gone_from_the_page_and_refused(cast: Cast) -> None:
    client = cast.client(cast.agent)
    secret = make(client, cast)
    (token,) = tokens_of(cast.agent)
    page = client.post(f"{address(cast)}{token.pk}/revoke/", follow=True).content.decode()
    assert "Nightly" not in page and "revoked" in page
    assert member_of_token(secret) is None
    verbs = AuditEntry.objects.filter(account_id=cast.account.pk, actor_id=cast.agent.user.pk)
    assert {"token.created", "token.revoked"} <= set(verbs.values_list("verb", flat=True))


def test_keys_of_others_are_not_shown_and_not_revoked(cast: Cast) -> None:
    token, secret = create_token("Of the lead", cast.primary_admin)
    client = cast.client(cast.agent)
    assert "Of the lead" not in client.get(address(cast)).content.decode()
    assert client.post(f"{address(cast)}{token.pk}/revoke/").status_code == 403
    assert cast.client(cast.outsider).post(f"{address(cast)}{token.pk}/revoke/").status_code == 404
    assert client.post(f"{address(cast)}{2**63}/revoke/").status_code == 404
    assert member_of_token(secret) is not None


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_key_needs_a_name(name: str, cast: Cast) -> None:
    told = cast.client(cast.agent).post(address(cast), {"name": name})
    assert told.status_code == 422
    assert tokens_of(cast.agent) == []


def test_twenty_keys_are_enough(cast: Cast) -> None:
    for number in range(20):
        create_token(f"Key {number}", cast.agent)
    told = cast.client(cast.agent).post(address(cast), {"name": "One more"})
    assert told.status_code == 409
    assert "20 keys" in told.content.decode()


def test_strangers_and_the_signed_out_find_no_keys(cast: Cast) -> None:
    assert cast.client(cast.outsider).get(address(cast)).status_code == 404
    assert cast.client().get(address(cast)).status_code == 302


def test_the_profile_leads_to_the_keys(cast: Cast) -> None:
    page = cast.client(cast.viewer).get(f"/a/{cast.slug}/settings/profile/").content.decode()
    assert f'href="{address(cast)}"' in page
