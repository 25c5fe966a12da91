"""Whatever an operator can do on the pages can be done by a command, and is named here."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from salotto.cli.arguments import parse
from salotto.operator import urls
from salotto.operator.views import purchases, requests

NUMBER, PAYMENT = "2026-000001", "6b1c2f0e-0000-4000-8000-000000000001"
COMMANDS = {
    "catalogue/price/": "catalogue price EUR 19.00 --new-from 2027-01-01 --existing-from 2027-02-01",
    "catalogue/dates/": "catalogue dates --sale-ends 2027-01-01 --extra-ends never",
    "catalogue/terms/": "catalogue terms --trial-days 14 --payment-days 14 --time-zone Europe/Rome",
    "catalogue/seller/": "catalogue seller --name Officina --address Roma --country IT --vat-number IT1",
    "catalogue/tax/": "catalogue tax IT 22 --name IVA --from 2027-01-01",
    "catalogue/tax/remove/": "catalogue tax IT --from 2027-01-01 --remove",
    "accounts/<account>/gateway/": "accounts gateway conti invoice",
    "accounts/<account>/anchor/": "accounts anchor conti 2027-01-31",
    "accounts/<account>/credit/": "accounts credit conti 19.00 EUR --reason Sorry",
    "requests/<request_id>/schedule/": "requests schedule 1",
    "requests/<request_id>/decline/": "requests decline 1 No",
    "requests/<request_id>/answer/": "requests answer 1 When?",
    "purchases/<account>/<payment>/ask/": f"purchases ask {PAYMENT}",
    "purchases/<account>/<payment>/cancel/": f"purchases cancel {PAYMENT}",
    "purchases/<account>/<payment>/close/": f"purchases close {PAYMENT}",
    "invoices/<account>/<invoice>/paid/": f"invoices paid {NUMBER} --on 2027-01-01",
    "invoices/<account>/<invoice>/credit-note/": f"invoices credit-note {NUMBER} --to card --reason Sorry",
    "invoices/<account>/<invoice>/refund/": f"invoices refund {NUMBER} --to given --reason Transfer",
}
VERBS = {"operator_request_act": requests.ACTS, "operator_purchase_act": purchases.ACTS}
GIVEN = {"int": "1", "uuid": PAYMENT, "slug": "any"}


def posted() -> Iterator[str]:
    """The address of every act, each verb of its own: what refuses to be looked at."""
    for pattern in urls.urlpatterns:
        path = str(pattern.pattern)
        address = re.sub(r"<(\w+):\w+>", lambda found: GIVEN[found[1]], path)
        if Client().get(f"/operator/{address}").status_code == 405:
            for verb in VERBS.get(pattern.name or "", [""]):
                yield re.sub(r"<\w+:(\w+)>", r"<\1>", path).replace("<verb>", verb)


def test_every_act_of_the_pages_is_in_the_table() -> None:
    assert sorted(posted()) == sorted(COMMANDS)


@pytest.mark.parametrize("address", COMMANDS)
def test_an_act_has_its_command_in_an_operators_name(address: str) -> None:
    given, _options = parse([*COMMANDS[address].split(), "--as", "vera@example.com"])
    assert (given.actor, callable(given.run)) == ("vera@example.com", True)
