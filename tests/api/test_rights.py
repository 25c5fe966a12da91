"""A token may what its member may on the pages, at this very moment."""

from typing import Any

import pytest

from salotto.accounts import actions
from salotto.accounts.actions import create_token, revoke_token
from salotto.accounts.models import Account
from salotto.api import auth
from salotto.billing.models import State, Subscription
from salotto.core.limits import RateLimit
from salotto.core.tenancy import account_scope
from tests.api.program import Program
from tests.billing.shop import add_card, invoices, subscription
from tests.cast import Cast

EVERYBODY = {"primary_admin", "admin", "agent", "viewer", "nobody"}
ADMINS = {"primary_admin", "admin"}
LEAD = {"primary_admin"}

READS = {
    "seats": ("seats", ADMINS, "seats/"),
    "the ledger": ("seats/changes", ADMINS, "billing/seats/"),
    "invoices": ("invoices", ADMINS, "billing/invoices/"),
    "requests": ("seat-requests", ADMINS, "seats/"),
    "people": ("members", EVERYBODY, "people/"),
}


@pytest.mark.parametrize("what", READS)
def test_what_a_token_reads_is_what_its_member_reads_on_the_page(what: str, cast: Cast) -> None:
    address, allowed, page = READS[what]
    for name in EVERYBODY:
        member = getattr(cast, name)
        told = Program(member).get(address)
        assert (told.status == 200) == (name in allowed), name
        shown = cast.client(member).get(f"/a/{cast.slug}/settings/{page}").status_code
        assert shown == told.status, name


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_s1_only_the_primary_admin_is_told_a_price_and_buys(who: str, cast: Cast) -> None:
    add_card(cast.primary_admin)
    token = Program(cast.primary_admin).quote(5)["token"]
    program = Program(getattr(cast, who))
    quoted = program.post("quotes", {"add": 5})
    bought = program.post("purchases", {"quote": token, "add": 5})
    if who in LEAD:
        assert (quoted.status, bought.status) == (200, 200)
    else:
        assert (quoted.status, quoted.code) == (bought.status, bought.code) == (403, "not_primary_admin")
        assert invoices(cast.primary_admin) == []


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_s2_only_the_primary_admin_asks_for_removal_and_takes_it_back(who: str, cast: Cast) -> None:
    add_card(cast.primary_admin)
    lead = Program(cast.primary_admin)
    lead.buy(5)
    program = Program(getattr(cast, who))
    asked = program.post("seat-requests", {"quantity": 1})
    assert asked.status == (201 if who in LEAD else 403)
    open_ = asked.json["id"] if who in LEAD else lead.post("seat-requests", {"quantity": 1}).json["id"]
    assert program.delete(f"seat-requests/{open_}").status == (200 if who in LEAD else 403)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_rule_15_any_admin_gives_and_releases_seats(who: str, cast: Cast) -> None:
    program, address = Program(getattr(cast, who)), f"members/{cast.viewer.user.pk}/access"
    told = program.put(address, {"level": "agent"})
    assert told.status == program.get(address).status == (200 if who in ADMINS else 403)
    assert cast.again(cast.viewer).is_agent == (who in ADMINS)


def test_another_account_is_not_there(cast: Cast) -> None:
    add_card(cast.primary_admin)
    lead, other = Program(cast.primary_admin), Program(cast.outsider)
    bought = lead.buy(5).json
    asked = lead.post("seat-requests", {"quantity": 1}).json["id"]
    invoice = bought["invoice"]["id"]
    for address in (
        f"purchases/{bought['id']}",
        f"invoices/{invoice}",
        f"invoices/{invoice}/pdf",
        f"seat-requests/{asked}",
        f"members/{cast.agent.user.pk}/access",
    ):
        assert (other.get(address).status, lead.get(address).status) == (404, 200), address
    assert other.put(f"members/{cast.agent.user.pk}/access", {"level": "none"}).status == 404
    assert other.delete(f"seat-requests/{asked}").status == 404
    for step in ("continue", "give-up"):
        assert other.post(f"purchases/{bought['id']}/{step}").status == 404
    assert [row["id"] for row in other.get("invoices").json["rows"]] == []
    emails = {row["email"] for row in other.get("members").json["rows"]}
    assert emails == {cast.outsider.user.email}


def test_another_accounts_quote_is_refused(cast: Cast) -> None:
    token = Program(cast.primary_admin).quote(5)["token"]
    told = Program(cast.outsider).post("purchases", {"quote": token, "add": 5})
    assert (told.status, told.code) == (403, "foreign_quote")


def test_s1_a_primary_admin_of_before_no_longer_buys_with_the_same_token(cast: Cast) -> None:
    add_card(cast.primary_admin)
    program, heir = Program(cast.primary_admin), Program(cast.admin)
    body = {"quote": program.quote(5)["token"], "add": 5}
    actions.hand_over(cast.admin.user.pk, by=cast.primary_admin)
    told = program.post("purchases", body)
    assert (told.status, told.code) == (403, "not_primary_admin")
    assert heir.post("quotes", {"add": 5}).status == 200
    assert invoices(cast.primary_admin) == []


def test_who_has_lost_a_right_is_not_told_the_answer_of_before_either(cast: Cast) -> None:
    add_card(cast.primary_admin)
    program = Program(cast.primary_admin)
    body = {"quote": program.quote(5)["token"], "add": 5}
    assert program.post("purchases", body, key="one").status == 200
    actions.hand_over(cast.admin.user.pk, by=cast.primary_admin)
    assert program.post("purchases", body, key="one").status == 403


def test_a_read_only_account_can_still_buy_and_give_seats(cast: Cast) -> None:
    add_card(cast.primary_admin)
    program = Program(cast.primary_admin)
    program.buy(5)
    Account.objects.filter(pk=cast.account.pk).update(read_only=True)
    assert program.get("seats").json["read_only"] is True
    assert program.put(f"members/{cast.viewer.user.pk}/access", {"level": "none"}).status == 200


@pytest.mark.parametrize("state", [State.PAST_DUE, State.UNPAID])
def test_rule_21_while_past_due_nothing_is_sold(state: str, cast: Cast) -> None:
    with account_scope(cast.account.pk):
        Subscription.objects.update(state=state)
    told = Program(cast.primary_admin).post("quotes", {"add": 5})
    assert (told.status, told.code) == (409, "past_due")
    assert subscription(cast.primary_admin).state == state


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Bearer slt_", "Bearer slt_" + "a" * 43, "Bearer slt_é" + "a" * 40,
     "Bearer slt_" + "a" * 5000, "Basic c2x0Xzp4", "Token slt_" + "a" * 43],
)  # fmt: skip
def test_without_a_live_token_nothing_is_said(header: str, cast: Cast) -> None:
    program = Program(Authorization=header) if header else Program()
    for told in (program.get("seats"), program.get("members"), program.post("quotes", {"add": 1})):
        assert (told.status, told.code) == (401, "bad_token")
        assert told.headers["www-authenticate"] == "Bearer"


def test_a_revoked_token_is_refused_at_once(cast: Cast) -> None:
    token, secret = create_token("Nightly", cast.admin)
    program = Program(Authorization=f"bearer {secret}")
    assert program.get("seats").status == 200
    revoke_token(token.pk, cast.admin)
    assert program.get("seats").status == 401


def test_a_token_of_who_has_left_is_worth_nothing(cast: Cast) -> None:
    program = Program(cast.agent)
    assert program.get("members").status == 200
    actions.remove_member(cast.agent.user.pk, by=cast.admin)
    assert program.get("members").status == 401


def test_a_role_of_this_moment_counts(cast: Cast) -> None:
    program = Program(cast.agent)
    assert program.get("seats").status == 403
    actions.change_role(cast.agent.user.pk, "admin", by=cast.admin)
    assert program.get("seats").status == 200
    actions.change_role(cast.agent.user.pk, "member", by=cast.admin)
    assert program.get("seats").status == 403


def test_a_session_is_worth_nothing_here(cast: Cast) -> None:
    client = cast.client(cast.primary_admin)
    assert client.get(f"/a/{cast.slug}/settings/seats/").status_code == 200
    assert client.get("/api/v1/seats").status_code == 401
    assert client.post("/api/v1/quotes", {"add": 1}, content_type="application/json").status_code == 401


def test_a_token_opens_no_page(cast: Cast) -> None:
    program = Program(cast.primary_admin)
    page: Any = program.client.get(f"/a/{cast.slug}/settings/seats/", headers=program.headers)
    assert page.status_code == 302


def test_a_token_in_a_hurry_waits_and_another_does_not(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "RATE", RateLimit(per_minute=1, burst=3))
    hasty, calm = Program(cast.viewer), Program(cast.viewer)
    told = [hasty.get("members") for _ in range(5)]
    assert [one.status for one in told] == [200, 200, 200, 429, 429]
    assert told[4].code == "too_many_requests"
    assert 30 < int(told[4].headers["retry-after"]) <= 60
    assert calm.get("members").status == 200
