"""What hosts automate, from the first quote to the invoice."""

from datetime import timedelta
from uuid import uuid4

import pytest

from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import assign
from tests.api.program import Program
from tests.billing.shop import CURRENCY, UNIT, add_card, invoices, price, subscription
from tests.cast import Cast, add_member
from tests.inbox.threads import new_thread

CHALLENGE = "4000002500003155"


def test_seats_are_quoted_bought_given_and_invoiced(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    assert host.get("seats").json["state"] == "trial"
    made = host.quote(5)
    assert made["amount"] == {"amount": 5 * UNIT, "currency": CURRENCY, "shown": "CHF\u00a095.00"}
    assert invoices(cast.primary_admin) == []
    bought = host.post("purchases", {"quote": made["token"], "add": 5})
    assert (bought.status, bought.json["state"], bought.json["id"]) == (200, "paid", made["id"])
    assert host.get(f"purchases/{made['id']}").json == bought.json
    emma = cast.nobody.user.pk
    assert host.put(f"members/{emma}/access", {"level": "agent"}).json["access"] == "agent"
    seats = host.get("seats").json
    assert (seats["state"], seats["seats"], seats["in_use"], seats["free"]) == ("active", 5, 4, 1)
    assert seats["renewal"]["total"]["amount"] == 5 * UNIT
    (listed,) = host.get("invoices").json["rows"]
    assert bought.json["invoice"] == {"id": listed["id"], "name": listed["name"]}
    whole = host.get(f"invoices/{listed['id']}").json
    assert (whole["total"]["amount"], whole["purchase"], whole["state"]) == (5 * UNIT, made["id"], "paid")
    assert [line["quantity"] for line in whole["lines"]] == [5]
    pdf = host.get(f"invoices/{listed['id']}/pdf")
    assert (pdf.headers["content-type"], pdf.body[:5]) == ("application/pdf", b"%PDF-")
    assert [row["kind"] for row in host.get("seats/changes").json["rows"]] == ["bought", "trial_started"]


def test_seats_are_asked_to_be_removed_and_the_request_taken_back(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    asked = host.post("seat-requests", {"quantity": 2, "note": "The season is over."})
    assert (asked.status, asked.json["state"], asked.json["kind"]) == (201, "requested", "remove")
    assert host.post("seat-requests", {"quantity": 1}).code == "request_open"
    assert host.get("seat-requests").json["rows"] == [asked.json]
    back = host.delete(f"seat-requests/{asked.json['id']}")
    assert (back.status, back.json["state"]) == (200, "withdrawn")
    assert host.delete(f"seat-requests/{asked.json['id']}").code == "no_open_request"
    assert host.get(f"seat-requests/{asked.json['id']}").json == back.json


def test_only_the_open_request_is_taken_back(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    old = host.post("seat-requests", {"quantity": 2}).json["id"]
    host.delete(f"seat-requests/{old}")
    new = host.post("seat-requests", {"quantity": 2}).json["id"]
    assert host.delete(f"seat-requests/{old}").status == 409
    assert host.get(f"seat-requests/{new}").json["state"] == "requested"


def test_a_challenge_is_passed_on_and_can_be_given_up(cast: Cast) -> None:
    add_card(cast.primary_admin, CHALLENGE)
    host = Program(cast.primary_admin)
    waiting = host.buy(5)
    assert (waiting.status, waiting.json["state"]) == (202, "charging")
    assert waiting.json["challenge"]
    address = f"purchases/{waiting.json['id']}"
    again = host.post(f"{address}/continue")
    assert (again.status, again.json["challenge"]) == (202, waiting.json["challenge"])
    assert host.get(address).json["challenge"] is None
    left = host.post(f"{address}/give-up")
    assert (left.status, left.json["state"], left.json["problem"]) == (200, "cancelled", None)
    assert subscription(cast.primary_admin).state == "trial"


def test_a_decline_says_why_and_changes_nothing(cast: Cast) -> None:
    add_card(cast.primary_admin, "4000000000009995")
    host = Program(cast.primary_admin)
    made = host.quote(5)
    for _ in range(2):  # the same quote is the same purchase
        told = host.post("purchases", {"quote": made["token"], "add": 5})
        assert (told.status, told.code) == (422, "declined")
        assert "enough money" in told.json["error"]["message"]
    gone = host.get(f"purchases/{made['id']}").json
    assert (gone["state"], gone["problem"]["code"], gone["invoice"]) == ("failed", "insufficient_funds", None)
    assert invoices(cast.primary_admin) == []


def test_the_same_quote_twice_is_one_purchase(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    body = {"quote": host.quote(5)["token"], "add": 5}
    first, again = host.post("purchases", body), host.post("purchases", body)
    assert first.json == again.json
    assert len(invoices(cast.primary_admin)) == 1


def test_lists_go_on_page_by_page(cast: Cast) -> None:
    host = Program(cast.primary_admin)
    add_card(cast.primary_admin)
    for _ in range(3):
        host.buy(4)
    first = host.get("invoices?limit=2").json
    second = host.get(f"invoices?limit=2&after={first['next']}").json
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (2, 1, None)
    names = [row["name"] for row in first["rows"] + second["rows"]]
    assert names == sorted(names, reverse=True)
    people: list[str] = []
    after = ""
    while after is not None:
        page = host.get(f"members?limit=2&after={after}").json
        people, after = people + [row["name"] for row in page["rows"]], page["next"]
    assert people == sorted(people) and len(people) == 5
    assert [row["name"] for row in host.get("members?q=bian").json["rows"]] == ["Sara Bianchi"]


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "%00", "é"])
def test_a_strange_cursor_begins_at_the_beginning(after: str, cast: Cast) -> None:
    host = Program(cast.primary_admin)
    for path in ("invoices", "seats/changes", "members", "seat-requests"):
        assert host.get(f"{path}?after={after}").json == host.get(path).json


def test_rule_17_who_releases_an_agent_says_who_takes_over(cast: Cast) -> None:
    host = Program(cast.admin)
    with account_scope(cast.account.pk):
        assign(new_thread(cast.account.pk), cast.agent.user.pk, by=cast.admin)
    address = f"members/{cast.agent.user.pk}/access"
    told = host.put(address, {"level": "viewer"})
    assert (told.status, told.code, told.json["error"]["field"]) == (409, "hand_to_needed", "hand_to")
    assert host.put(address, {"level": "viewer", "hand_to": cast.viewer.user.pk}).status == 422
    assert host.put(address, {"level": "viewer", "hand_to": cast.admin.user.pk}).json["access"] == "viewer"


def test_rule_15_without_a_free_seat_nobody_becomes_an_agent(cast: Cast) -> None:
    host = Program(cast.admin)
    for number in range(17):
        add_member(cast.account, f"Agente {number}", access="agent")
    told = host.put(f"members/{cast.viewer.user.pk}/access", {"level": "agent"})
    assert (told.status, told.code) == (409, "no_free_seat")


def test_rule_20_a_quote_below_the_agents_is_refused_with_their_names(cast: Cast) -> None:
    told = Program(cast.primary_admin).post("quotes", {"add": 1})
    assert (told.status, told.code) == (409, "too_many_agents")
    assert "Sara Bianchi" in told.json["error"]["message"]


def test_a_purchase_is_looked_for_by_its_id_alone(cast: Cast) -> None:
    assert Program(cast.primary_admin).get(f"purchases/{uuid4()}").status == 404


def test_rule_23_at_a_price_of_nothing_no_card_is_needed(cast: Cast) -> None:
    price("SEK", 0)
    host = Program(cast.primary_admin)
    made = host.quote(5, currency="SEK")
    assert (made["amount"]["amount"], made["needs_payment_method"]) == (0, False)
    bought = host.post("purchases", {"quote": made["token"], "add": 5})
    assert (bought.status, bought.json["state"]) == (200, "paid")
    assert host.get("seats").json["seats"] == 5


def test_s12_more_seats_are_quoted_for_the_rest_of_the_period(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    with clock.at(clock.now() + timedelta(days=10)):
        made = host.quote(3)
        assert 0 < made["amount"]["amount"] < 3 * UNIT
        assert made["next"]["total"]["amount"] == 8 * UNIT
        bought = host.post("purchases", {"quote": made["token"], "add": 3}).json
        (newest, _) = host.get("invoices").json["rows"]
    assert bought["amount"] == made["amount"] == newest["total"]
    (line,) = host.get(f"invoices/{newest['id']}").json["lines"]
    assert (line["what"], line["quantity"], line["at"]) == ("seats_prorated", 3, made["at"])
