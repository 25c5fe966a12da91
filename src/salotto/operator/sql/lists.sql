-- Lists that only operators ask for go across accounts; every other index begins with one.
CREATE INDEX IF NOT EXISTS operator_audit_newest ON core_audit (id);
CREATE INDEX IF NOT EXISTS operator_audit_verb ON core_audit (verb, id);
CREATE INDEX IF NOT EXISTS operator_audit_actor ON core_audit (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS operator_invoice_newest ON billing_invoice (id);
CREATE INDEX IF NOT EXISTS operator_invoice_open ON billing_invoice (id) WHERE state = 'open' AND kind = 'invoice';
CREATE INDEX IF NOT EXISTS operator_invoice_credit ON billing_invoice (id) WHERE kind = 'credit_note';
CREATE INDEX IF NOT EXISTS operator_subscription_unpaid ON billing_subscription (account_id)
    WHERE state IN ('past_due', 'unpaid');
