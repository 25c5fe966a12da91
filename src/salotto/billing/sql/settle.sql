-- The two steps of money that must be one round trip each: issuing an invoice, and settling
-- a purchase. Amounts are minor units.

-- Issue the invoice `doc` (the columns of billing_invoice, without id and number): next number
-- of its series without a gap, the row, and its postings. `doc.series` is locked until commit.
CREATE OR REPLACE FUNCTION billing_issue(doc jsonb) RETURNS TABLE (invoice bigint, number bigint)
LANGUAGE plpgsql AS $$
DECLARE
    given billing_invoice;
    entry bigint;
BEGIN
    INSERT INTO billing_series AS s (name, last) VALUES (doc ->> 'series', 1)
        ON CONFLICT (name) DO UPDATE SET last = s.last + 1 RETURNING s.last INTO number;
    invoice := nextval(pg_get_serial_sequence('billing_invoice', 'id'));
    given := jsonb_populate_record(
        NULL::billing_invoice, doc || jsonb_build_object('id', invoice, 'number', number));
    INSERT INTO billing_invoice SELECT given.*;

    entry := nextval(pg_get_serial_sequence('billing_transaction', 'id'));
    INSERT INTO billing_transaction (id, account_id, at, kind, invoice_id, payment_id, memo)
        VALUES (entry, given.account_id, given.issued_at, given.kind, invoice, given.payment_id, '');
    INSERT INTO billing_posting (account_id, transaction_id, ledger, amount, currency)
        SELECT given.account_id, entry, side.ledger, side.amount, given.currency
          FROM (VALUES ('receivable', given.total),
                       ('revenue', -given.subtotal),
                       ('tax', -given.tax),
                       ('balance', given.balance_used),
                       ('receivable', -given.balance_used),
                       ('balance', given.carried),
                       ('receivable', -given.carried)) AS side (ledger, amount)
         WHERE side.amount <> 0;
    RETURN NEXT;
END
$$;

-- Money has come in (or, with a negative amount, gone back): cash against what was owed.
CREATE OR REPLACE FUNCTION billing_post_cash(
    account bigint, moment timestamptz, what text, of_invoice bigint, of_payment uuid,
    minor bigint, in_currency text, note text DEFAULT ''
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entry bigint := nextval(pg_get_serial_sequence('billing_transaction', 'id'));
BEGIN
    IF minor = 0 THEN RETURN; END IF;
    INSERT INTO billing_transaction (id, account_id, at, kind, invoice_id, payment_id, memo)
        VALUES (entry, account, moment, what, of_invoice, of_payment, note);
    INSERT INTO billing_posting (account_id, transaction_id, ledger, amount, currency)
        VALUES (account, entry, 'cash', minor, in_currency), (account, entry, 'receivable', -minor, in_currency);
END
$$;

-- Settle an open purchase, once: whoever comes second gets no row. `changes` are the columns
-- of the subscription that a first purchase sets; seats are added by difference, so that what
-- was scheduled meanwhile stays. `captured` is what the gateway has taken (0 when the invoice
-- is to be paid later). An account that was read-only is so no more; the caller rings the bell.
-- Gives the invoice and the seats as they are then.
CREATE OR REPLACE FUNCTION billing_settle(
    account bigint, of_payment uuid, moment timestamptz, captured bigint, doc jsonb, changes jsonb
) RETURNS TABLE (invoice bigint, series text, number bigint, quantity int, quantity_next int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    paid billing_payment;
    fresh billing_subscription;
    old billing_subscription;
    issued record;
BEGIN
    -- The subscription first, as everywhere: a claim holds it and waits for the open payment.
    SELECT * INTO STRICT old FROM billing_subscription WHERE account_id = account FOR NO KEY UPDATE;
    UPDATE billing_payment SET state = 'paid', settled_at = moment, needs_person = false
     WHERE account_id = account AND id = of_payment AND state = 'charging' RETURNING * INTO paid;
    IF NOT FOUND THEN RETURN; END IF;

    fresh := jsonb_populate_record(old, changes);
    UPDATE billing_subscription SET
        state = fresh.state, cycle = fresh.cycle, cycle_next = fresh.cycle_next,
        currency = fresh.currency, price_id = fresh.price_id, time_zone = fresh.time_zone,
        anchor = fresh.anchor, months = fresh.months, period_start = fresh.period_start,
        period_end = fresh.period_end,
        -- on the real clock, as far as the account's own is ahead of it now
        due_at = CASE WHEN changes ->> 'period_end' IS NULL THEN fresh.due_at
                      ELSE fresh.period_end - old.ahead * interval '1 second' END,
        reminded = fresh.reminded,
        retries = fresh.retries, failed_at = fresh.failed_at,
        quantity = fresh.quantity + (paid.quantity_to - paid.quantity_from),
        -- a removal that was taken back meanwhile is not bought back once more
        quantity_next = fresh.quantity_next + (paid.quantity_to - paid.quantity_from)
            + least((paid.next_to - paid.next_from) - (paid.quantity_to - paid.quantity_from),
                    greatest(0, fresh.quantity - fresh.quantity_next)),
        high_water = greatest(fresh.high_water, fresh.quantity + (paid.quantity_to - paid.quantity_from)),
        version = old.version + 1
     WHERE account_id = account
     RETURNING billing_subscription.quantity, billing_subscription.quantity_next
          INTO quantity, quantity_next;

    -- The account's row is locked before the series and the seat plan.
    IF fresh.state = 'active' THEN PERFORM billing_lift_read_only(account); END IF;

    SELECT i.invoice, i.number INTO issued FROM billing_issue(doc) AS i;
    PERFORM billing_post_cash(account, moment, 'payment', issued.invoice, of_payment, captured, paid.currency);
    INSERT INTO core_audit (account_id, at, actor_id, verb, subject, detail)
        VALUES (account, now(), paid.actor_id, 'seats.bought', 'payment ' || of_payment, jsonb_build_object(
            'before', paid.quantity_from, 'after', quantity, 'at_renewal', quantity_next,
            'reason', 'purchase', 'total', paid.total, 'charged', captured, 'currency', paid.currency));
    invoice := issued.invoice; number := issued.number; series := doc ->> 'series';
    RETURN NEXT;
END
$$;
