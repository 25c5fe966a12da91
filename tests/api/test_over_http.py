"""The same over a real server: from the first quote to the invoice, and a race for one key."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from salotto.accounts.actions import create_token
from tests.billing.shop import CURRENCY, UNIT, add_card, invoices, price
from tests.cast import Cast, some_address
from tests.servers import Answer, Server, ask


class Host:
    """A program somewhere else."""

    def __init__(self, server: Server, cast: Cast) -> None:
        self.server = server
        secret = create_token("Nightly", cast.primary_admin)[1]
        self.headers = {"Authorization": f"Bearer {secret}", "X_Forwarded_For": some_address()}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return ask(self.server, method, f"/api/v1/{path}", body, **{**self.headers, **headers})


def test_a_host_automates_a_purchase(server: Server, cast: Cast) -> None:
    add_card(cast.primary_admin)
    price(CURRENCY)
    host = Host(server, cast)
    quote = host.ask("POST", "quotes", {"add": 5, "currency": CURRENCY}).json
    body = {"quote": quote["token"], "add": 5}
    bought = host.ask("POST", "purchases", body, Idempotency_Key="order-1")
    assert (bought.status, bought.json["state"], bought.json["amount"]["amount"]) == (200, "paid", 5 * UNIT)
    again = host.ask("POST", "purchases", body, Idempotency_Key="order-1")
    assert (again.body, again.headers["idempotency-replayed"]) == (bought.body, "true")
    user = cast.nobody.user.pk
    assert host.ask("PUT", f"members/{user}/access", {"level": "agent"}).json["access"] == "agent"
    assert host.ask("GET", "seats").json["in_use"] == 4
    invoice = host.ask("GET", f"invoices/{bought.json['invoice']['id']}").json
    assert invoice["total"] == quote["total"]
    assert host.ask("GET", f"invoices/{invoice['id']}/pdf").body.startswith(b"%PDF-")


def test_one_quote_on_two_servers_at_once_is_one_purchase(servers: tuple[Server, Server], cast: Cast) -> None:
    add_card(cast.primary_admin)
    price(CURRENCY)
    hosts = [Host(server, cast) for server in servers]
    for host in hosts:
        host.headers["Authorization"] = hosts[0].headers["Authorization"]
    body = {
        "quote": hosts[0].ask("POST", "quotes", {"add": 5, "currency": CURRENCY}).json["token"],
        "add": 5,
    }
    with ThreadPoolExecutor(6) as pool:
        told = list(
            pool.map(lambda n: hosts[n % 2].ask("POST", "purchases", body, Idempotency_Key="k"), range(6))
        )
    assert {one.status for one in told} <= {200, 202, 409}
    assert {one.code for one in told if one.status == 409} <= {"in_progress"}
    assert len(invoices(cast.primary_admin)) == 1


def test_what_is_too_large_is_refused_before_it_is_read(server: Server, cast: Cast) -> None:
    told = Host(server, cast).ask("POST", "quotes", b" " * 300_000, Accept_Language="it")
    assert (told.status, told.code) == (413, "too_large")
