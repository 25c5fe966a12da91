-- Everything that a price, a claim or a renewal of one account rests on, in one round trip.
-- Rows come as JSON and become model instances again (billing/queries.py).
SELECT to_jsonb(s), to_jsonb(a), to_jsonb(c), to_jsonb(d), to_jsonb(m),
       coalesce((SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM billing_price p), '[]'),
       coalesce((SELECT jsonb_agg(to_jsonb(t)) FROM billing_taxrate t
                  WHERE t.country IN (c.seller_country, d.country)), '[]'),
       coalesce((SELECT jsonb_object_agg(b.currency, b.amount) FROM (
           SELECT currency, -sum(amount) AS amount FROM billing_posting
            WHERE account_id = s.account_id AND ledger = 'balance' GROUP BY currency) b), '{}'),
       (SELECT p.id FROM billing_payment p WHERE p.account_id = s.account_id AND p.state = 'charging')
  FROM billing_subscription s
  JOIN accounts_account a ON a.id = s.account_id
  JOIN billing_catalogue c ON c.id = 1
  LEFT JOIN billing_billingdetails d ON d.account_id = s.account_id
  LEFT JOIN billing_paymentmethod m ON m.account_id = s.account_id AND m.is_current
 WHERE s.account_id = %s
