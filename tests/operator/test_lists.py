"""The audit log and the other lists: filters, keys, and plans that do not grow with the tables."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.accounts.models import User
from salotto.accounts.paging import cursor_of
from salotto.billing.models import WebhookEvent
from salotto.core import audit, clock
from salotto.operator.queries import lists
from salotto.operator.queries.accounts import UNPAID, account_view, accounts
from salotto.operator.queries.overview import overview
from tests.billing import shop
from tests.cast import Cast


def test_the_audit_log_is_filtered_by_account_verb_and_actor(cast: Cast, operator: User, pages: Any) -> None:
    audit.record(cast.account.pk, operator.pk, "test.shown", "thing 1", why="of a test")
    audit.record(cast.outsider.account.pk, cast.outsider.user.pk, "test.shown", "thing 2")
    audit.record(0, None, "test.shown", "thing 3")
    path = "/operator/audit/"

    def seen(**given: str) -> list[str]:
        text = pages.get(path, {"verb": "test.shown", **given}).text
        return [n for n in ("1", "2", "3") if f"thing {n}" in text]

    assert seen() == ["1", "2", "3"]
    assert seen(account=cast.slug) == ["1"]
    assert seen(account=str(cast.account.pk)) == ["1"]
    assert seen(account="0") == ["3"]
    assert seen(actor=cast.outsider.user.email.upper()) == ["2"]
    assert seen(actor="nobody@example.com") == seen(account="no-such-account") == []
    text = pages.get(path, {"account": cast.slug}).text
    assert "why: of a test" in text and operator.email in text


def test_the_audit_log_goes_on_below_a_key(cast: Cast) -> None:
    for number in range(7):
        audit.record(cast.account.pk, None, "test.paged", str(number))
    seen, cursor = [], ""
    while True:
        page = lists.audit_entries(account_id=cast.account.pk, verb="test.paged", cursor=cursor, limit=3)
        seen += [row.subject for row in page.rows]
        if not (cursor := page.next):
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_every_verb_can_be_chosen(cast: Cast) -> None:
    audit.record(cast.account.pk, None, "test.verb")
    found = lists.verbs()
    assert "test.verb" in found and "account.founded" in found
    assert found == sorted(set(found), key=found.index)


def test_odd_input_is_an_empty_list_or_the_beginning(pages: Any) -> None:
    for path in ("audit", "accounts", "invoices", "requests"):
        for given in ({"after": "x"}, {"after": "9" * 30}, {"q": "\x00", "verb": "'"}, {"number": "2026-"}):
            assert pages.get(f"/operator/{path}/", given).status_code == 200, (path, given)


def test_invoices_are_found_by_number_account_kind_and_state(cast: Cast, operator: User, pages: Any) -> None:
    from salotto.billing.actions.terms import switch_gateway

    switch_gateway(cast.account.pk, "invoice", by=operator)
    shop.buy(cast.primary_admin, 3)
    (invoice,) = shop.invoices(cast.primary_admin)

    def seen(**given: str) -> bool:
        return invoice.name in pages.get("/operator/invoices/", given).text.partition("</form>")[2]

    assert seen() and seen(account=cast.slug) and seen(state="open") and seen(number=invoice.name)
    assert not (seen(account=cast.outsider.account.slug) or seen(state="paid", account=cast.slug))
    assert not (seen(kind="credit_note") or seen(account="no-such-account"))
    text = pages.get(f"/operator/invoices/{cast.account.pk}/{invoice.pk}/").text
    assert invoice.name in text and "Received on" in text
    pdf = pages.get(f"/operator/invoices/{cast.account.pk}/{invoice.pk}/pdf/")
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    for wrong in (f"{cast.outsider.account.pk}/{invoice.pk}", f"{cast.account.pk}/{2**64}"):
        for end in ("", "pdf/"):
            assert pages.get(f"/operator/invoices/{wrong}/{end}").status_code == 404


def test_a_webhook_that_could_not_be_handled_is_on_the_overview(pages: Any) -> None:
    WebhookEvent.objects.create(
        source="sandbox", event_id="evt-late", kind="test.late", body=b"{}",
        received_at=clock.now() - lists.LATE * 2, problem="LookupError: nobody",
    )  # fmt: skip
    try:
        text = pages.get("/operator/").text
        assert "test.late" in text and "LookupError: nobody" in text
    finally:
        WebhookEvent.objects.filter(event_id="evt-late").delete()


def test_the_overview_says_how_the_books_were_found(pages: Any) -> None:
    audit.record(0, None, "books.checked", findings=2)
    assert "2 things do not agree." in pages.get("/operator/").text
    audit.record(0, None, "books.checked", findings=0)
    assert "Every invariant holds" in pages.get("/operator/").text


def test_a_page_takes_the_same_number_of_queries_however_much_there_is(cast: Cast) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 3)
    shop.buy(cast.primary_admin, 2)
    for most, look in (
        (1, accounts),
        (3, lists.audit_entries),
        (1, lists.invoices),
        (1, lists.requests),
        (1, lists.open_payments),
        (9, overview),
        (14, lambda: account_view(cast.account.pk)),
    ):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            look()
        assert len(queries) <= most, [q["sql"][:80] for q in queries]


BIG = {
    "accounts_account", "billing_subscription", "accounts_user", "seats_seatplan", "billing_invoice",
    "core_audit", "billing_payment", "seats_seatrequest",
}  # fmt: skip


@pytest.fixture
def as_if_big() -> Iterator[None]:
    """The planner may scan a table whole only where no index could answer."""
    with connection.cursor() as db:
        db.execute("SET enable_seqscan = off")
        db.execute("SET enable_sort = off")
    yield
    with connection.cursor() as db:
        db.execute("RESET enable_seqscan")
        db.execute("RESET enable_sort")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize(
    "look",
    [
        accounts,
        lambda: accounts(search="rossi"),
        lambda: accounts(cursor="500", state="active"),
        lambda: accounts(state=UNPAID),
        lists.audit_entries,
        lambda: lists.audit_entries(account_id=7),
        lambda: lists.audit_entries(verb="seats.bought"),
        lambda: lists.audit_entries(actor_id=7),
        lists.verbs,
        lists.invoices,
        lambda: lists.invoices(state="open", cursor="900"),
        lambda: lists.invoices(kind="credit_note"),
        lambda: lists.invoices(number="2026-000001"),
        lists.open_payments,
        lambda: lists.open_refunds(5),
        lambda: lists.open_payments(cursor=cursor_of("2026-01-01T00:00:00+00:00", 7)),
        lists.requests,
        lambda: lists.waiting_requests(5),
        lambda: lists.late_webhooks(5),
    ],
)  # fmt: skip
def test_no_list_reads_a_big_table_whole(as_if_big: None, look: Callable[[], object]) -> None:
    with CaptureQueriesContext(connection) as queries:
        look()
    for query in queries:
        with connection.cursor() as db:
            db.execute("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"), [])
            plan = db.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        for node in nodes(plan[0]["Plan"]):
            whole = node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
            assert not whole, (node["Relation Name"], query["sql"])
