-- What holds for every writer: postings sum to zero, ledgers are append-only, an issued
-- invoice keeps its words and figures.

CREATE OR REPLACE FUNCTION billing_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM billing_posting
         WHERE account_id = NEW.account_id AND transaction_id = NEW.transaction_id
         GROUP BY currency HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'the postings of transaction % do not sum to zero', NEW.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_posting_balances';
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS billing_posting_balances ON billing_posting;
CREATE CONSTRAINT TRIGGER billing_posting_balances AFTER INSERT ON billing_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_must_balance();

CREATE OR REPLACE TRIGGER billing_transaction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON billing_transaction FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
CREATE OR REPLACE TRIGGER billing_posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON billing_posting FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
CREATE OR REPLACE TRIGGER billing_price_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON billing_price FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();

CREATE OR REPLACE FUNCTION billing_invoice_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'an invoice is never deleted: write a credit note' USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(NEW) - ARRAY['state', 'paid_at'] <> to_jsonb(OLD) - ARRAY['state', 'paid_at'] THEN
        RAISE EXCEPTION 'an issued invoice is never changed: write a credit note'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER billing_invoice_is_final BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_is_final();
CREATE OR REPLACE TRIGGER billing_invoice_not_truncated BEFORE TRUNCATE ON billing_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
