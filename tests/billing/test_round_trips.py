"""How often a purchase asks the database: a page waits for every one of these.

Counted is everything that goes over the wire, BEGIN and COMMIT too; the gateway of these tests
needs no database. The bell is counted as the statement that it is in a process without a hub: a
NOTIFY after the commit. In the server it costs the page nothing, since its hub notifies on a
connection of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from salotto.billing import actions
from salotto.billing.gateways.port import Charge, Intent
from salotto.billing.models import PaymentState, State
from salotto.core.tenancy import account_scope
from salotto.live.models import Event
from tests.billing.faulty import Faulty, in_place_of_the_sandbox
from tests.billing.later import books_hold, lapsed, read_only
from tests.billing.shop import add_card, buy, quote, subscription
from tests.cast import Cast

BEFORE, AFTER = 6, 8
"""Round trips of a click on *Pay*, at most: until the gateway is asked, and from then on."""


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


@dataclass
class Count:
    """The statements before the gateway is asked, and those from then on."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def said(self) -> str:
        """One a line, for who wonders where one too many comes from."""
        asked = [*self.before, "-- the gateway is asked --", *self.after]
        return "\n".join(sql[:160] for sql in asked)


@contextmanager
def counted(marking: Marking) -> Iterator[Count]:
    """What the block asks of the database; filled in when it ends."""
    found = Count()
    with CaptureQueriesContext(connection) as seen:
        marking.seen = seen
        yield found
    asked = [query["sql"] for query in seen]
    found.before += asked[: marking.before]
    found.after += asked[marking.before :]


@contextmanager
def counted_as_a_request(marking: Marking) -> Iterator[Count]:
    """The same of a request. It begins as in the server, which the test's client leaves out: the
    connection that the last one has left is tried first, which no log of statements shows."""
    close_old_connections()
    with counted(marking) as found:
        if connection.health_check_enabled and not connection.health_check_done:
            found.before.append("SELECT 1")
        yield found


def in_a_trial(cast: Cast) -> None:
    """The first purchase, while everybody still answers."""
    add_card(cast.primary_admin)


def after_an_unpaid_trial(cast: Cast) -> None:
    """The first purchase of an account that is read-only."""
    by = cast.primary_admin
    lapsed(by)
    assert (subscription(by).state, read_only(by)) == (State.LAPSED, True)


def with_a_plan(cast: Cast) -> None:
    """Extra seats."""
    add_card(cast.primary_admin)
    buy(cast.primary_admin, 5)


CASES = [in_a_trial, after_an_unpaid_trial, with_a_plan]


@pytest.mark.parametrize("case", CASES)
def test_a_purchase_with_a_saved_card_asks_the_database_seldom(
    case: Callable[[Cast], None], cast: Cast
) -> None:
    """Two questions before the gateway, what the account stands on and the claim; no savepoints."""
    by = cast.primary_admin
    with in_place_of_the_sandbox(marking := Marking()):
        case(cast)
        made = quote(by, 4)
        with counted(marking) as count:
            assert actions.buy(made.token, 4, by=by).state == PaymentState.PAID
    assert len(count.before) <= 2, count.said()
    assert len(count.after) <= AFTER, count.said()
    assert not any("SAVEPOINT" in sql for sql in [*count.before, *count.after]), count.said()


@pytest.mark.parametrize("case", CASES)
def test_the_page_that_pays_asks_seldom_too(case: Callable[[Cast], None], cast: Cast) -> None:
    """From the request to the answer, with every statement counted: the connection is tried, and
    session, user and member are asked for before the gateway too; after it there is the
    settlement, and nothing for the page."""
    by = cast.primary_admin
    client = cast.client(by)
    address = f"/a/{cast.slug}/settings/seats/buy/"
    with in_place_of_the_sandbox(marking := Marking()):
        case(cast)
        made = quote(by, 4)
        assert client.get(address).status_code == 200
        with counted_as_a_request(marking) as count:
            answer = client.post(address, {"token": made.token, "add": "4"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "The seats are yours" in answer.content.decode()
    assert len(count.before) <= BEFORE, count.said()
    assert len(count.after) <= AFTER, count.said()
    assert not read_only(by)
    books_hold(by)


def test_who_comes_back_from_read_only_is_told_in_the_same_transaction(cast: Cast) -> None:
    """The event is written by the settlement itself, once, and by no other purchase."""
    by = cast.primary_admin
    after_an_unpaid_trial(cast)
    buy(by, 4)
    buy(by, 1)
    told = Event.objects.filter(account_id=by.account.pk, kind="account.changed").order_by("id")
    assert [event.data for event in told] == [{"read_only": True}, {"read_only": False}]
    with account_scope(by.account.pk):
        bought = Event.objects.filter(account_id=by.account.pk, kind="seats.changed", txid=told[1].txid)
    assert bought.exists()


def test_a_quote_is_one_question(cast: Cast) -> None:
    by = cast.primary_admin
    quote(by, 2)
    with CaptureQueriesContext(connection) as seen:
        quote(by, 2)
    assert [q["sql"][:40] for q in seen if "billing_subscription" in q["sql"]] == [seen[-1]["sql"][:40]]
