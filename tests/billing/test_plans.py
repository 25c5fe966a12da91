"""What grows with the installation is found by an index: the comparison and pruning."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.billing.actions import webhooks
from salotto.billing.actions.reconciling import compare, refunded_here
from salotto.billing.models import Payment
from salotto.core import clock
from salotto.core.tenancy import all_accounts

BIG = [f"billing_{name}" for name in ("payment", "webhookevent", "sandboxobject", "transaction", "posting")]


def plans(look: Callable[[], object]) -> list[str]:
    """How PostgreSQL would go about each query, reading a table whole only where it must."""
    with CaptureQueriesContext(connection) as queries:
        look()
    found = []
    with connection.cursor() as db:
        db.execute("SET enable_seqscan = off")
        for query in queries:
            if query["sql"].lstrip().startswith(("SELECT", "DELETE")):
                db.execute("EXPLAIN " + query["sql"].replace("%", "%%"), [])
                found.append("\n".join(line for (line,) in db.fetchall()))
        db.execute("RESET enable_seqscan")
    return found


def refunds() -> None:
    with all_accounts():
        refunded_here([Payment(account_id=1)])


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (lambda: compare((clock.now() - timedelta(days=60)).date()), "billing_payment_made"),
        (webhooks.forget_events, "billing_webhook_old"),
        (webhooks.forget_events, "billing_sandbox_by_age"),
        (refunds, "billing_transaction_payment"),
    ],
    ids=["compare", "webhooks", "sandbox", "refunds"],
)
def test_no_nightly_job_reads_a_big_table_whole(look: Callable[[], object], index: str) -> None:
    """Which index is best depends on what there is: that one of its own is there is enough."""
    found = plans(look)
    with connection.cursor() as db:
        db.execute("SELECT FROM pg_indexes WHERE indexname = %s", [index])
        assert db.fetchone() is not None, index
    for plan in found:
        for table in BIG:
            assert f"Seq Scan on {table}" not in plan, plan
