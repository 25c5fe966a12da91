-- The invariants of the money, one query each, on live data: every query gives the rows that
-- break it as (account, row, figures), and no row where all is well. One statement is one
-- snapshot, so that work under way is never mistaken for a fault.
-- %(account)s: one account, or NULL for all; %(now)s: the real clock.

-- name: purchase_is_invoiced
-- Quote amount = invoice total = captured + carried + balance: what was shown, invoiced, taken.
SELECT p.account_id, 'payment ' || p.id,
       format('quoted %%s %%s (on the card %%s), invoiced %%s %%s (due %%s), captured %%s',
              p.total, p.currency, p.amount, coalesce(i.total::text, 'nothing'), coalesce(i.currency, ''),
              coalesce(i.due::text, '-'), taken.amount)
  FROM billing_payment p
  LEFT JOIN billing_invoice i ON i.account_id = p.account_id AND i.payment_id = p.id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(g.amount), 0) AS amount
         FROM billing_transaction t
         JOIN billing_posting g ON g.account_id = t.account_id AND g.transaction_id = t.id
        WHERE t.account_id = p.account_id AND t.payment_id = p.id AND t.kind = 'payment'
          AND g.ledger = 'cash' AND g.currency = p.currency) taken
 WHERE p.kind = 'purchase' AND p.state = 'paid'
   AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s::bigint)
   AND (i.id IS NULL
        OR (i.subtotal, i.tax, i.total, i.balance_used, i.carried, i.due, i.currency)
           IS DISTINCT FROM (p.subtotal, p.tax, p.total, p.balance_used, p.carried, p.amount, p.currency)
        OR taken.amount <> CASE WHEN p.gateway = 'invoice' THEN 0 ELSE p.amount END);

-- name: renewal_is_captured
-- A paid renewal has taken what its invoice asked for.
SELECT p.account_id, 'payment ' || p.id,
       format('asked %%s %%s for invoice %%s (due %%s, %%s), captured %%s', p.amount, p.currency,
              coalesce(i.id::text, 'of none'), coalesce(i.due::text, '-'), coalesce(i.state, '-'), taken.amount)
  FROM billing_payment p
  LEFT JOIN billing_invoice i ON i.account_id = p.account_id AND i.id = p.invoice_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(g.amount), 0) AS amount
         FROM billing_transaction t
         JOIN billing_posting g ON g.account_id = t.account_id AND g.transaction_id = t.id
        WHERE t.account_id = p.account_id AND t.payment_id = p.id AND t.kind = 'payment'
          AND g.ledger = 'cash' AND g.currency = p.currency) taken
 WHERE p.kind = 'renewal' AND p.state = 'paid'
   AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s::bigint)
   AND (taken.amount <> p.amount OR i.id IS NULL OR i.due <> p.amount OR i.state = 'open');

-- name: captured_is_paid
-- Σ captured = Σ paid purchases and renewals, per account and currency (refunds are posted
-- apart, and compared with the gateway every night).
SELECT coalesce(cash.account_id, paid.account_id), coalesce(cash.currency, paid.currency),
       format('captured %%s, paid %%s', coalesce(cash.amount, 0), coalesce(paid.amount, 0))
  FROM (SELECT t.account_id, g.currency, sum(g.amount) AS amount
          FROM billing_transaction t
          JOIN billing_posting g ON g.account_id = t.account_id AND g.transaction_id = t.id
         WHERE t.kind = 'payment' AND t.payment_id IS NOT NULL AND g.ledger = 'cash'
           AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
         GROUP BY t.account_id, g.currency) cash
  FULL JOIN (SELECT account_id, currency, sum(amount) AS amount FROM billing_payment
              WHERE state = 'paid' AND gateway <> 'invoice' AND amount > 0
                AND (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)
              GROUP BY account_id, currency) paid
    ON paid.account_id = cash.account_id AND paid.currency = cash.currency
 WHERE cash.amount IS DISTINCT FROM paid.amount;

-- name: refunded_is_captured
-- Nobody gets back more than was taken.
SELECT t.account_id, 'payment ' || t.payment_id, format('%%s %%s is left', sum(g.amount), g.currency)
  FROM billing_transaction t
  JOIN billing_posting g ON g.account_id = t.account_id AND g.transaction_id = t.id
 WHERE t.payment_id IS NOT NULL AND g.ledger = 'cash'
   AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
 GROUP BY t.account_id, t.payment_id, g.currency
HAVING sum(g.amount) < 0;

-- name: agents_within_seats
-- Agents <= seats, and the plan counts the members who are agents.
SELECT plan.account_id, 'seat plan', format('%%s seats, %%s agents counted, %%s members are agents',
                                            plan.seats, plan.agents, members.agents)
  FROM seats_seatplan plan
 CROSS JOIN LATERAL (SELECT count(*) AS agents FROM accounts_membership m
                      WHERE m.account_id = plan.account_id AND m.access = 'agent') members
 WHERE (%(account)s::bigint IS NULL OR plan.account_id = %(account)s::bigint)
   AND (plan.agents <> members.agents OR plan.agents > plan.seats);

-- name: seats_are_the_ledger
-- The number of seats is the last row of the seat ledger.
SELECT plan.account_id, 'seat plan', format('%%s seats, the ledger says %%s', plan.seats,
                                            coalesce(last.seats_after::text, 'nothing'))
  FROM seats_seatplan plan
  LEFT JOIN LATERAL (SELECT c.seats_after FROM seats_seatchange c WHERE c.account_id = plan.account_id
                      ORDER BY c.id DESC LIMIT 1) last ON true
 WHERE (%(account)s::bigint IS NULL OR plan.account_id = %(account)s::bigint)
   AND last.seats_after IS DISTINCT FROM plan.seats;

-- name: ledger_is_subscription
-- The last row of the seat ledger is what is paid for, and what the next renewal takes.
SELECT s.account_id, 'subscription', format('pays for %%s and next for %%s, the ledger says %%s and %%s',
       s.quantity, s.quantity_next, coalesce(last.seats_after::text, 'nothing'),
       coalesce(last.seats_at_renewal::text, 'nothing'))
  FROM billing_subscription s
  LEFT JOIN LATERAL (SELECT c.seats_after, c.seats_at_renewal FROM seats_seatchange c
                      WHERE c.account_id = s.account_id ORDER BY c.id DESC LIMIT 1) last ON true
 WHERE s.state IN ('active', 'past_due', 'unpaid', 'ended')
   AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s::bigint)
   AND (last.seats_after, last.seats_at_renewal) IS DISTINCT FROM (s.quantity, s.quantity_next);

-- name: one_charge_per_payment
-- A payment is collected once.
SELECT t.account_id, 'payment ' || t.payment_id, format('collected %%s times', count(*))
  FROM billing_transaction t
 WHERE t.kind = 'payment' AND t.payment_id IS NOT NULL
   AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
 GROUP BY t.account_id, t.payment_id HAVING count(*) > 1;

-- name: charge_has_payment
-- No charge without an older payment that is paid now.
SELECT t.account_id, 'transaction ' || t.id,
       format('payment %%s is %%s', t.payment_id, coalesce(p.state || ', claimed at ' || p.at, 'not there'))
  FROM billing_transaction t
  LEFT JOIN billing_payment p ON p.account_id = t.account_id AND p.id = t.payment_id
 WHERE t.kind = 'payment' AND t.payment_id IS NOT NULL
   AND (%(account)s::bigint IS NULL OR t.account_id = %(account)s::bigint)
   AND (p.id IS NULL OR p.state <> 'paid' OR p.at > t.at);

-- name: grant_is_paid
-- Seats that were bought in the dialog have an invoice whose purchase is paid.
SELECT c.account_id, 'seat change ' || c.id, format('%%s seats for %%s, whose purchase is %%s',
       c.seats_after, c.reason, coalesce(p.state, 'not there'))
  FROM seats_seatchange c
  LEFT JOIN billing_invoice i
    ON i.account_id = c.account_id AND c.reason = 'invoice ' || i.series || '-' || lpad(i.number::text, 6, '0')
  LEFT JOIN billing_payment p ON p.account_id = i.account_id AND p.id = i.payment_id
 WHERE c.kind = 'bought' AND c.reason LIKE 'invoice %%'
   AND (%(account)s::bigint IS NULL OR c.account_id = %(account)s::bigint)
   AND p.state IS DISTINCT FROM 'paid';

-- name: purchase_is_granted
-- Every paid purchase has its row in the seat ledger, once.
SELECT p.account_id, 'payment ' || p.id, format('%%s seats more, %%s rows in the seat ledger',
                                                p.quantity_to - p.quantity_from, rows.count)
  FROM billing_payment p
  LEFT JOIN billing_invoice i ON i.account_id = p.account_id AND i.payment_id = p.id
 CROSS JOIN LATERAL (
       SELECT count(*) FROM seats_seatchange c
        WHERE c.account_id = p.account_id AND c.kind = 'bought'
          AND c.reason = 'invoice ' || i.series || '-' || lpad(i.number::text, 6, '0')) rows
 WHERE p.kind = 'purchase' AND p.state = 'paid'
   AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s::bigint)
   AND rows.count <> 1;

-- name: periods_join
-- One invoice per period, and no gap before it: it begins where an invoice of the plan ends,
-- unless the account came back late and pays for the rest of the period only. The rest is the
-- whole when it came back with the period's first second: the audit log knows that it did.
SELECT i.account_id, 'invoice ' || i.id, format('the period from %%s to %%s does not join the one before',
                                                i.cycle_start, i.lines -> 0 ->> 'to')
  FROM billing_invoice i
 WHERE i.cycle_start IS NOT NULL AND i.kind = 'invoice'
   AND (%(account)s::bigint IS NULL OR i.account_id = %(account)s::bigint)
   AND (i.lines -> 0 ->> 'at')::timestamptz <= i.cycle_start
   AND NOT EXISTS (
       SELECT FROM billing_invoice b
        WHERE b.account_id = i.account_id AND b.id < i.id AND b.kind = 'invoice'
          AND (b.lines -> 0 ->> 'to')::timestamptz = i.cycle_start)
   AND NOT EXISTS (
       SELECT FROM core_audit begun
         JOIN core_audit back ON back.account_id = begun.account_id AND back.id < begun.id
          AND back.verb = 'plan.restored' AND back.detail @> '{"read_only": true}'
        WHERE i.issued_at = i.cycle_start AND begun.account_id = i.account_id
          AND begun.verb = 'seats.renewed' AND begun.subject = 'invoice ' || i.id
          AND NOT EXISTS (
              SELECT FROM core_audit other
               WHERE other.account_id = begun.account_id AND other.verb = 'seats.renewed'
                 AND other.id > back.id AND other.id < begun.id))
 UNION ALL
SELECT i.account_id, 'invoice ' || i.id, format('the period from %%s overlaps that of invoice %%s',
                                                i.cycle_start, b.id)
  FROM billing_invoice i
  JOIN billing_invoice b ON b.account_id = i.account_id AND b.cycle_start IS NOT NULL AND b.kind = 'invoice'
   AND b.id <> i.id AND b.cycle_start <= i.cycle_start
   AND (b.lines -> 0 ->> 'to')::timestamptz > i.cycle_start
 WHERE i.cycle_start IS NOT NULL AND i.kind = 'invoice'
   AND (%(account)s::bigint IS NULL OR i.account_id = %(account)s::bigint);

-- name: period_is_invoiced
-- The period that an account is in was invoiced: by its cycle or by its first purchase.
SELECT s.account_id, 'subscription', format('nothing is invoiced for the period from %%s to %%s',
                                            s.period_start, s.period_end)
  FROM billing_subscription s
 WHERE s.state IN ('active', 'past_due', 'unpaid')
   AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s::bigint)
   AND NOT EXISTS (
       SELECT FROM billing_invoice i
         LEFT JOIN billing_payment p ON p.account_id = i.account_id AND p.id = i.payment_id
        WHERE i.account_id = s.account_id AND i.kind = 'invoice'
          AND (i.cycle_start = s.period_start OR p.is_first)
          AND (i.lines -> 0 ->> 'from')::timestamptz = s.period_start
          AND (i.lines -> 0 ->> 'to')::timestamptz = s.period_end);

-- name: numbers_have_no_gaps
-- Invoices of a series are numbered 1, 2, 3 … up to its last number.
SELECT 0, 'series ' || s.name, format('last number %%s, highest %%s, %%s invoices', s.last,
                                      coalesce(max(i.number), 0), count(i.id))
  FROM billing_series s LEFT JOIN billing_invoice i ON i.series = s.name
 WHERE %(account)s::bigint IS NULL
 GROUP BY s.name, s.last
HAVING count(i.id) <> s.last OR coalesce(max(i.number), 0) <> s.last OR coalesce(min(i.number), 1) < 1
 UNION ALL
SELECT i.account_id, 'invoice ' || i.id, format('number %%s of a series %%s that is not there', i.number, i.series)
  FROM billing_invoice i
 WHERE (%(account)s::bigint IS NULL OR i.account_id = %(account)s::bigint)
   AND NOT EXISTS (SELECT FROM billing_series s WHERE s.name = i.series AND s.last >= i.number);

-- name: postings_balance
-- Postings sum to zero per transaction and currency.
SELECT account_id, 'transaction ' || transaction_id, format('sums to %%s %%s', sum(amount), currency)
  FROM billing_posting
 WHERE (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)
 GROUP BY account_id, transaction_id, currency HAVING sum(amount) <> 0;

-- name: invoice_adds_up
-- An invoice is the sum of its lines and taxes, and was posted as what it says.
SELECT i.account_id, 'invoice ' || i.id,
       format('total %%s, due %%s; lines %%s, taxes %%s, posted %%s', i.total, i.due, parts.lines, parts.taxes,
              posted.amount)
  FROM billing_invoice i
 CROSS JOIN LATERAL (
       SELECT (SELECT coalesce(sum((l ->> 'amount')::bigint), 0) FROM jsonb_array_elements(i.lines) l) AS lines,
              (SELECT coalesce(sum((l ->> 'amount')::bigint), 0) FROM jsonb_array_elements(i.taxes) l) AS taxes
       ) parts
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(g.amount), 0) AS amount
         FROM billing_transaction t
         JOIN billing_posting g ON g.account_id = t.account_id AND g.transaction_id = t.id
        WHERE t.account_id = i.account_id AND t.invoice_id = i.id AND t.kind = i.kind
          AND g.ledger = 'receivable') posted
 WHERE (%(account)s::bigint IS NULL OR i.account_id = %(account)s::bigint)
   AND ((parts.lines, parts.taxes, posted.amount) IS DISTINCT FROM (i.subtotal, i.tax, i.due)
        OR i.total <> i.subtotal + i.tax OR i.due <> i.total - i.balance_used - i.carried);

-- name: line_is_worked_out
-- The amount of a line of seats is its quantity x unit x share of the period, rounded half away
-- from zero, in integers as it was computed; a credit note that takes a line back has it negative.
SELECT l.account_id, 'invoice ' || l.id,
       format('%%s seats x %%s x %%s of %%s seconds gives %%s, the line says %%s', l.quantity, l.unit,
              l.rest, l.whole, worked.amount, l.amount)
  FROM (SELECT i.account_id, i.id, i.kind, n.quantity, n.unit, n.amount, e.until - e.since AS whole,
               e.until - least(greatest(e.at, e.since), e.until) AS rest
          FROM billing_invoice i
         CROSS JOIN LATERAL jsonb_array_elements(i.lines) line
         CROSS JOIN LATERAL (SELECT (line ->> 'quantity')::numeric AS quantity, (line ->> 'unit')::numeric AS unit,
                                    (line ->> 'amount')::numeric AS amount) n
         CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM (line ->> 'from')::timestamptz)) AS since,
                                    floor(extract(epoch FROM (line ->> 'to')::timestamptz)) AS until,
                                    floor(extract(epoch FROM (line ->> 'at')::timestamptz)) AS at) e
         WHERE line ->> 'what' IN ('seats_cycle', 'seats_prorated')
           AND (%(account)s::bigint IS NULL OR i.account_id = %(account)s::bigint)) l
 CROSS JOIN LATERAL (
       SELECT CASE l.kind WHEN 'credit_note' THEN -1 ELSE 1 END
              * sign(l.quantity) * div(2 * abs(l.quantity) * l.unit * l.rest + l.whole, nullif(2 * l.whole, 0)) AS amount) worked
 WHERE l.amount IS DISTINCT FROM worked.amount;

-- name: high_water_is_paid
-- High water is no more than the seats that were invoiced for this period: those it began with,
-- and each purchase's.
SELECT s.account_id, 'subscription', format('high water %%s, invoiced for the period from %%s: %%s seats',
                                            s.high_water, s.period_start, paid.seats)
  FROM billing_subscription s
 CROSS JOIN LATERAL (
       SELECT coalesce(sum((i.lines -> 0 ->> 'quantity')::bigint), 0) AS seats
         FROM billing_invoice i
        WHERE i.account_id = s.account_id AND i.kind = 'invoice'
          AND (i.lines -> 0 ->> 'from')::timestamptz = s.period_start
          AND (i.lines -> 0 ->> 'to')::timestamptz = s.period_end) paid
 WHERE (%(account)s::bigint IS NULL OR s.account_id = %(account)s::bigint)
   AND s.high_water > paid.seats;

-- name: price_is_of_its_currency
-- What an account pays a seat is in the currency that it pays.
SELECT s.account_id, 'subscription', format('pays in %%s, at price %%s, which is in %%s', s.currency, p.id, p.currency)
  FROM billing_subscription s JOIN billing_price p ON p.id = s.price_id
 WHERE (%(account)s::bigint IS NULL OR s.account_id = %(account)s::bigint)
   AND s.currency <> p.currency;

-- name: next_step_has_its_time
-- Something is always to come for an account in a trial, on a plan or past due.
SELECT s.account_id, 'subscription', format('%%s, and nothing is ever due', s.state)
  FROM billing_subscription s
 WHERE s.state IN ('trial', 'active', 'past_due') AND s.due_at IS NULL
   AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s::bigint);

-- name: paid_up_may_write
-- Nobody is read-only in a trial, on a plan, or while a renewal is being tried again.
SELECT a.id, 'account', format('read-only, and its subscription is %%s', s.state)
  FROM accounts_account a JOIN billing_subscription s ON s.account_id = a.id
 WHERE a.read_only AND s.state IN ('trial', 'active', 'past_due')
   AND (%(account)s::bigint IS NULL OR a.id = %(account)s::bigint);

-- name: receivable_is_open
-- What customers owe is what their open invoices say.
SELECT coalesce(owed.account_id, open.account_id), coalesce(owed.currency, open.currency),
       format('receivable %%s, open invoices %%s', coalesce(owed.amount, 0), coalesce(open.amount, 0))
  FROM (SELECT account_id, currency, sum(amount) AS amount FROM billing_posting
         WHERE ledger = 'receivable'
           AND (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)
         GROUP BY account_id, currency) owed
  FULL JOIN (SELECT account_id, currency, sum(due) AS amount FROM billing_invoice
              WHERE state = 'open'
                AND (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)
              GROUP BY account_id, currency) open
    ON open.account_id = owed.account_id AND open.currency = owed.currency
 WHERE coalesce(owed.amount, 0) <> coalesce(open.amount, 0);

-- name: change_is_audited
-- Every change of the paid quantity has an actor (or the system), a reason, a before and an
-- after in the audit log: as many entries as there are such changes.
SELECT c.account_id, 'seat change ' || max(c.id),
       format('%%s to %%s, next %%s: %%s times, %%s entries in the audit log',
              c.kind, c.seats_after, c.seats_at_renewal, count(*), entries.count)
  FROM seats_seatchange c
 CROSS JOIN LATERAL (
       SELECT count(*) FROM core_audit e
        WHERE e.account_id = c.account_id AND e.actor_id IS NOT DISTINCT FROM c.actor_id
          AND e.detail ? 'before' AND coalesce(e.detail ->> 'reason', '') <> ''
          AND (e.detail ->> 'after')::int
              = CASE e.verb WHEN 'seats.scheduled' THEN c.seats_at_renewal ELSE c.seats_after END
          AND (e.verb = 'seats.scheduled' OR (e.detail ->> 'at_renewal')::int = c.seats_at_renewal)
          AND CASE c.kind WHEN 'bought' THEN e.verb IN ('seats.bought', 'seats.scheduled')
                          WHEN 'renewed' THEN e.verb = 'seats.renewed'
                          WHEN 'removed' THEN e.verb IN ('seats.renewed', 'seats.ended')
                          ELSE e.verb = 'seats.scheduled' END) entries
 WHERE c.kind IN ('bought', 'renewed', 'removed', 'removal_scheduled', 'removal_withdrawn')
   AND (%(account)s::bigint IS NULL OR c.account_id = %(account)s::bigint)
 GROUP BY c.account_id, c.actor_id, c.kind, c.seats_after, c.seats_at_renewal, entries.count
HAVING entries.count < count(*);

-- name: no_payment_stays_open
-- One payment at a time, and none is open for more than an hour.
SELECT account_id, 'payment ' || min(id::text), format('%%s open, the oldest since %%s', count(*), min(created_at))
  FROM billing_payment
 WHERE state = 'charging' AND (%(account)s::bigint IS NULL OR account_id = %(account)s::bigint)
 GROUP BY account_id
HAVING count(*) > 1 OR min(created_at) < %(now)s::timestamptz - interval '1 hour';

-- name: account_has_one_of_each
-- Every account has a subscription and a seat plan.
SELECT a.id, 'account', format('%%s subscriptions, %%s seat plans', subs.count, plans.count)
  FROM accounts_account a
 CROSS JOIN LATERAL (SELECT count(*) FROM billing_subscription s WHERE s.account_id = a.id) subs
 CROSS JOIN LATERAL (SELECT count(*) FROM seats_seatplan p WHERE p.account_id = a.id) plans
 WHERE (%(account)s::bigint IS NULL OR a.id = %(account)s::bigint)
   AND (subs.count, plans.count) <> (1, 1);
