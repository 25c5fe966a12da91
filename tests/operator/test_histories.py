"""An account's histories, each whole on a page of its own, and the postings of the money ledger."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.billing.actions.credits import grant_credit
from salotto.billing.models import Payment, Posting, Transaction
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.operator.queries import histories
from salotto.operator.queries.accounts import FEW
from salotto.operator.queries.histories import HISTORIES, PAGE
from salotto.operator.templatetags.operator_words import LEDGERS, ledger
from salotto.seats.actions.requests import request_removal, withdraw_request
from salotto.seats.models import SeatChange
from tests.billing import shop
from tests.cast import Cast
from tests.operator.test_lists import as_if_big, nodes

__all__ = ["as_if_big"]


def path(cast: Cast, name: str = "") -> str:
    return f"/operator/accounts/{cast.account.pk}/{name}"


def bought(cast: Cast, seats: int = 10) -> Cast:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, seats)
    return cast


def credited(cast: Cast, times: int) -> None:
    for n in range(times):
        grant_credit(cast.account.pk, 100 + n, shop.CURRENCY, f"Thanks {n:03}", None, key=str(uuid4()))


def plain(html: str) -> str:
    """The text of a page, white space and tags gone."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def test_the_account_shows_the_postings_of_each_transaction(cast: Cast, pages: Any) -> None:
    bought(cast)
    with account_scope(cast.account.pk):
        entries = histories.ledger().rows
        found = {(p.transaction_id, p.ledger, p.amount) for p in Posting.objects.all()}
    shown = {
        (one.id, side.ledger, side.debit.amount if side.debit else -side.credit.amount)  # type: ignore[union-attr]
        for one in entries
        for side in one.sides
    }
    assert shown == found and len(entries) == 2
    for one in entries:
        debit = sum(side.debit.amount for side in one.sides if side.debit)
        assert debit == sum(side.credit.amount for side in one.sides if side.credit) > 0
    for page in (path(cast), path(cast, "ledger/")):
        text = plain(pages.get(page).text)
        assert "Receivable CHF 190.00" in text and "Cash CHF 190.00" in text
        assert "Revenue CHF 190.00" in text


def test_every_ledger_account_that_is_posted_to_has_a_word(cast: Cast) -> None:
    bought(cast)
    credited(cast, 1)
    with account_scope(cast.account.pk):
        posted = set(Posting.objects.values_list("ledger", flat=True))
    assert posted <= set(LEDGERS)
    assert ledger("balance") == "Balance of the customer" and ledger("other") == "other"


@pytest.mark.parametrize("name", HISTORIES)
def test_an_empty_history_says_so(name: str, cast: Cast, pages: Any) -> None:
    answer = pages.get(path(cast, f"{name}/"), {"after": "1"})
    assert answer.status_code == 200
    assert "Nothing here" in answer.text


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 40, "\x00", "WyJ4IiwwXQ", "é"])
def test_a_cursor_that_is_none_begins_anew(name: str, cursor: str, cast: Cast, pages: Any) -> None:
    assert pages.get(path(cast, f"{name}/"), {"after": cursor}).status_code == 200


def test_a_history_that_there_is_not_is_404(cast: Cast, pages: Any) -> None:
    assert pages.get(path(cast, "secrets/")).status_code == 404
    assert pages.get("/operator/accounts/999999999999/ledger/").status_code == 404
    assert pages.get(f"/operator/accounts/{2**63}/ledger/").status_code == 404
    assert cast.client(cast.primary_admin).get(path(cast, "ledger/")).status_code == 404
    assert pages.post(path(cast, "ledger/")).status_code == 405


@pytest.mark.parametrize("name", HISTORIES)
def test_the_account_leads_to_each_history(name: str, cast: Cast, pages: Any) -> None:
    bought(cast)
    credited(cast, 1)
    request_removal(1, "", by=cast.primary_admin)
    assert f'href="{path(cast, name)}/"' in pages.get(path(cast)).text
    text = pages.get(path(cast, f"{name}/")).text
    assert "Nothing here" not in text and cast.account.name in text


def walk(pages: Any, page: str) -> list[str]:
    """The texts of all pages of a list, newest first."""
    texts, address = [], page
    while address:
        text = pages.get(address).text
        texts.append(text)
        older = re.search(r'href="\?([^"]*after=[^"]+)"', text)
        address = f"{page}?{older[1].replace('&amp;', '&')}" if older else ""
    return texts


def test_the_money_ledger_goes_on_below_a_key_and_misses_nothing(cast: Cast, pages: Any) -> None:
    credited(cast, PAGE + 5)
    for name, rows in (("ledger", 'class="postings"'), ("balance", "Thanks ")):
        texts = walk(pages, path(cast, f"{name}/"))
        assert [text.count(rows) for text in texts] == [PAGE, 5], name
        found = [n for text in texts for n in re.findall(r"Thanks (\d{3})", text)]
        assert found == sorted(set(found), reverse=True) and len(found) == PAGE + 5
    assert pages.get(path(cast)).text.count('class="postings"') == FEW


def test_payments_of_one_moment_are_paged_without_loss(cast: Cast, pages: Any) -> None:
    bought(cast, 3)
    with account_scope(cast.account.pk):
        made = Payment.objects.get()
        for n in range(PAGE + 3):
            made.pk, made.intent, made.created_at = uuid4(), f"pi_many_{n:03}", made.created_at
            made.save(force_insert=True)
        intents = set(Payment.objects.values_list("intent", flat=True))
    texts = walk(pages, path(cast, "payments/"))
    assert len(texts) == 2
    found = [i for text in texts for i in re.findall(r"mono\">(pi_[\w]+|[\w-]+)<", text)]
    assert len(found) == len(set(found)) and set(found) == intents


def test_seats_and_requests_go_on_below_a_key(cast: Cast, pages: Any) -> None:
    bought(cast)
    for _ in range(FEW + 1):
        request_removal(1, "", by=cast.primary_admin)
        withdraw_request(by=cast.primary_admin)
    assert pages.get(path(cast)).text.count("Remove one seat") == FEW
    assert pages.get(path(cast, "requests/")).text.count("Remove one seat") == FEW + 1
    with account_scope(cast.account.pk):
        SeatChange.objects.bulk_create(
            SeatChange(
                account=cast.account, at=clock.now(), kind="bought", seats_after=10, seats_at_renewal=10,
                reason=f"row {n:03}",
            )
            for n in range(PAGE)
        )  # fmt: skip
    texts = walk(pages, path(cast, "seats/"))
    assert len(texts) == 2
    assert "row 049" in texts[0] and "row 000" in texts[0] and "Trial started" in texts[1]


def test_another_accounts_rows_are_not_shown(cast: Cast, pages: Any) -> None:
    bought(cast)
    for name in HISTORIES:
        text = pages.get(f"/operator/accounts/{cast.outsider.account.pk}/{name}/").text
        assert cast.account.name not in text and 'class="postings"' not in text


def in_scope(rows: Callable[..., Any], **options: Any) -> Callable[[], object]:
    def look() -> object:
        with account_scope(7):
            return rows(**options)

    return look


@pytest.mark.parametrize("cursor", ["", "500"])
@pytest.mark.parametrize(
    "rows", [histories.ledger, histories.changes, histories.requests, histories.payments]
)
def test_no_history_reads_a_big_table_whole(as_if_big: None, rows: Callable[..., Any], cursor: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        in_scope(rows, cursor=cursor)()
    assert len(queries) <= 2
    for query in queries:
        with connection.cursor() as db:
            db.execute("EXPLAIN (FORMAT JSON) " + query["sql"].replace("%", "%%"), [])
            plan = db.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        kinds = {node["Node Type"] for node in nodes(plan[0]["Plan"]) if node.get("Relation Name")}
        assert "Seq Scan" not in kinds, query["sql"]


def test_the_ledger_asks_twice_whatever_its_length(cast: Cast) -> None:
    credited(cast, 12)
    with CaptureQueriesContext(connection) as queries, account_scope(cast.account.pk):
        assert len(histories.ledger(limit=10).rows) == 10
        assert Transaction.objects.count() == 12
    assert len(queries) == 3
