"""(g) Thousands of accounts that renew at the same instant, with the sandbox gateway.

Ours: one worker that does what is due, in batches, each account with its invoice, charge,
ledgers, seat ledger and audit entries. The floor: as many bare transactions of one row, by one
worker on the same database.
"""

import time
from typing import Any

from django.db import connection, transaction

from benchmarks import seed
from benchmarks.house import House, Load
from benchmarks.report import Line, at_most, below, beside, holds

ACCOUNTS, QUICK = 10_000, 500
BATCH = 200
LONGEST_MS = 100.0
"""Of one account: beyond it ten thousand do not fit into a quarter of an hour."""
MOST_FLOORS = 100.0
CURRENCY, UNIT, SEATS = "CHF", 1900, 5

# One account is bought for as the product does it; the others are copies of its rows. What is
# not copied (the first invoice, the ledger of its purchase) no renewal reads.
COPIES = """
    CREATE TEMP TABLE copy ON COMMIT DROP AS
        SELECT n, nextval(pg_get_serial_sequence('accounts_account', 'id')) AS id
          FROM generate_series(1, %(count)s) n;
    SET LOCAL session_replication_role = replica;
    INSERT INTO accounts_account SELECT (jsonb_populate_record(a, jsonb_build_object(
            'id', copy.id, 'slug', 'renewal-' || copy.id))).*
        FROM accounts_account a, copy WHERE a.id = %(like)s;
    INSERT INTO accounts_membership SELECT (jsonb_populate_record(m, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('accounts_membership', 'id')), 'account_id', copy.id))).*
        FROM accounts_membership m, copy WHERE m.account_id = %(like)s;
    INSERT INTO seats_seatplan SELECT (jsonb_populate_record(p, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('seats_seatplan', 'id')), 'account_id', copy.id))).*
        FROM seats_seatplan p, copy WHERE p.account_id = %(like)s;
    INSERT INTO billing_sandboxobject SELECT (jsonb_populate_record(o, jsonb_build_object(
            'id', o.id || '-' || copy.n, 'key', o.key || '-' || copy.n,
            'data', CASE o.kind WHEN 'card'
                THEN o.data || jsonb_build_object('customer', (o.data ->> 'customer') || '-' || copy.n)
                ELSE o.data || jsonb_build_object('account', copy.id) END))).*
        FROM billing_sandboxobject o, copy WHERE o.kind IN ('customer', 'card');
    INSERT INTO billing_paymentmethod SELECT (jsonb_populate_record(m, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('billing_paymentmethod', 'id')), 'account_id', copy.id,
            'token', m.token || '-' || copy.n))).*
        FROM billing_paymentmethod m, copy WHERE m.account_id = %(like)s;
    INSERT INTO billing_subscription SELECT (jsonb_populate_record(s, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('billing_subscription', 'id')), 'account_id', copy.id,
            'customer', s.customer || '-' || copy.n,
            'ahead', ceil(extract(epoch FROM s.period_end - now()))::bigint, 'due_at', now()))).*
        FROM billing_subscription s, copy WHERE s.account_id = %(like)s;
"""
CHECK = """
    SELECT count(*), count(DISTINCT i.account_id), count(*) FILTER (WHERE i.state = 'paid'),
           count(DISTINCT p.intent) FILTER (WHERE p.state = 'paid'),
           (SELECT count(*) FROM billing_sandboxobject o
             WHERE o.kind = 'payment' AND (o.data ->> 'captured')::bigint > 0) - 1
      FROM billing_invoice i JOIN billing_payment p ON p.account_id = i.account_id AND p.invoice_id = i.id
     WHERE i.cycle_start IS NOT NULL
"""


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """All of them due at once, taken by one worker."""
    count = QUICK if quick else ACCOUNTS
    _fill(house, count)
    floor = _floor(house, count)
    began = time.perf_counter()
    took = _renew()
    rate = took / (time.perf_counter() - began)
    return [
        beside("g", f"renewing {count:,} accounts, one worker", rate, "accounts/s", floor),
        below("g", "the same, per account", 1000 / rate, "ms", LONGEST_MS, 1000 / floor),
        at_most("g", "against one bare transaction", 1 / rate, 1 / floor, "s", MOST_FLOORS),
        holds("g", "one invoice and one charge each", took == count and _once(house, count)),
    ]


def _fill(house: House, count: int) -> None:
    like = _template()
    with house.superuser("salotto") as db, db.transaction():
        for statement in COPIES.split(";\n"):
            if statement.strip():
                db.execute(statement, {"count": count, "like": like})
    with house.superuser("salotto") as db:
        db.execute("ANALYZE")


def _template() -> int:
    """One account with a card and a plan; itself not due."""
    from salotto.accounts.models import Account, User
    from salotto.accounts.queries import member_of
    from salotto.billing import actions
    from salotto.billing.models import Price
    from salotto.billing.queries import quote_seats

    Price.objects.create(currency=CURRENCY, unit_amount=UNIT, new_from="2000-01-01T00:00:00Z")
    account = Account.objects.get(pk=seed.company(1).account)
    by = member_of(User.objects.get(pk=account.primary_admin_id), account.slug)
    if by is None:
        raise RuntimeError("the account has no primary admin")
    _card(account)
    quote = quote_seats(SEATS, by=by, currency=CURRENCY)
    actions.buy(quote.token, SEATS, by=by)
    return int(account.pk)


def _card(account: Any) -> None:
    from salotto.billing.gateways import gateway
    from salotto.billing.models import PaymentMethod, Subscription
    from salotto.core.tenancy import account_scope

    port = gateway("sandbox")
    customer = port.ensure_customer(account.pk, account.name, "bench@example.com", "")
    card = port.finish_card(customer, "4242424242424242")
    with account_scope(account.pk):
        Subscription.objects.update(customer=customer, gateway="sandbox")
        PaymentMethod.objects.create(
            account=account, gateway="sandbox", token=card.token, brand=card.brand, last4=card.last4,
            exp_month=card.exp_month, exp_year=card.exp_year, is_current=True,
        )  # fmt: skip


def _floor(house: House, count: int) -> float:
    """Bare transactions of one row, per second."""
    with house.superuser("salotto") as db:
        db.execute("CREATE TABLE floor_row (id bigserial PRIMARY KEY, account_id bigint, body text)")
        db.execute("GRANT ALL ON floor_row, floor_row_id_seq TO PUBLIC")
    began = time.perf_counter()
    for n in range(count):
        with transaction.atomic(), connection.cursor() as db:
            db.execute("INSERT INTO floor_row (account_id, body) VALUES (%s, 'renewed')", [n])
    return count / (time.perf_counter() - began)


def _renew() -> int:
    from salotto.billing.actions import run_due

    taken = 0
    while batch := run_due(BATCH):
        taken += batch
    return taken


def _once(house: House, count: int) -> bool:
    with house.superuser("salotto") as db:
        return db.execute(CHECK).fetchone() == (count,) * 5
