"""How often a purchase asks the database: a page waits for every one of these.

Counted is everything that goes over the wire for `actions.buy`, BEGIN and COMMIT too; the
gateway of these tests needs no database.
"""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.billing import actions
from salotto.billing.gateways.port import Charge, Intent
from salotto.billing.models import PaymentState
from tests.billing.faulty import Faulty, in_place_of_the_sandbox
from tests.billing.shop import add_card, buy, quote
from tests.cast import Cast


class Marking(Faulty):
    """Notes how many statements there were at its first call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: CaptureQueriesContext | None = None
        self.before = 0

    def create(self, charge: Charge) -> Intent:
        """The first call of a purchase."""
        if self.seen is not None:
            self.before = len(self.seen)
        return super().create(charge)


def test_an_extra_purchase_with_a_saved_card_asks_the_database_seldom(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox(marking := Marking()):
        add_card(by)
        buy(by, 5)
        made = quote(by, 2)
        with CaptureQueriesContext(connection) as seen:
            marking.seen = seen
            assert actions.buy(made.token, 2, by=by).state == PaymentState.PAID
    asked = [query["sql"] for query in seen]
    said = "\n".join(f"{n}: {sql[:120]}" for n, sql in enumerate(asked, 1))
    assert marking.before <= 2, said
    assert len(asked) - marking.before <= 8, said
    assert not any("SAVEPOINT" in sql for sql in asked), said


def test_a_first_purchase_with_a_saved_card_asks_little_more(cast: Cast) -> None:
    """Before the gateway its agents are counted too, in the transaction of the claim (rule 20);
    after it the account may write again, should its trial have ended."""
    by = cast.primary_admin
    with in_place_of_the_sandbox(marking := Marking()):
        add_card(by)
        made = quote(by, 4)
        with CaptureQueriesContext(connection) as seen:
            marking.seen = seen
            assert actions.buy(made.token, 4, by=by).state == PaymentState.PAID
    asked = [query["sql"] for query in seen]
    said = "\n".join(f"{n}: {sql[:160]}" for n, sql in enumerate(asked, 1))
    assert marking.before <= 5, said
    assert len(asked) - marking.before <= 9, said


def test_a_quote_is_one_question(cast: Cast) -> None:
    by = cast.primary_admin
    quote(by, 2)
    with CaptureQueriesContext(connection) as seen:
        quote(by, 2)
    assert [q["sql"][:40] for q in seen if "billing_subscription" in q["sql"]] == [seen[-1]["sql"][:40]]


def test_the_page_that_pays_asks_seldom_too(cast: Cast) -> None:
    """From the request to the answer, with every statement counted: session, user and member
    before the gateway; after it the settlement, and nothing for the page."""
    by = cast.primary_admin
    client = cast.client(by)
    with in_place_of_the_sandbox(marking := Marking()):
        add_card(by)
        buy(by, 5)
        made = quote(by, 2)
        address = f"/a/{cast.slug}/settings/seats/buy/"
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as seen:
            marking.seen = seen
            answer = client.post(address, {"token": made.token, "add": "2"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "The seats are yours" in answer.content.decode()
    asked = [query["sql"] for query in seen]
    said = "\n".join(f"{n}: {sql[:160]}" for n, sql in enumerate(asked, 1))
    assert marking.before <= 6, said
    assert len(asked) - marking.before <= 8, said
