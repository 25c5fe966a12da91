-- One page of accounts, newest first, with all that the list shows: one round trip. The page is
-- cut first, so that what is looked up beside it is looked up for its rows only.
-- {where} and {order} are built from constants; values are parameters.
WITH page AS (
    SELECT a.id, a.name, a.slug, a.read_only, u.email, s.state, s.quantity, s.quantity_next, s.gateway,
           s.cycle, s.period_end, s.trial_ends_at, s.time_zone
      FROM accounts_account a
      JOIN billing_subscription s ON s.account_id = a.id
      JOIN accounts_user u ON u.id = a.primary_admin_id
     WHERE {where}
     ORDER BY {order}
     LIMIT %(limit)s
)
SELECT page.*, plan.seats, plan.agents, last.id, last.series, last.number, last.kind, last.state,
       last.total, last.currency
  FROM page
  LEFT JOIN seats_seatplan plan ON plan.account_id = page.id
  LEFT JOIN LATERAL (
       SELECT i.id, i.series, i.number, i.kind, i.state, i.total, i.currency
         FROM billing_invoice i WHERE i.account_id = page.id ORDER BY i.account_id, i.id DESC LIMIT 1
  ) last ON true
 ORDER BY page.id DESC
