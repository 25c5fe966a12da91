-- A ledger's rows are never changed or removed: attach with
-- CREATE TRIGGER … BEFORE UPDATE OR DELETE OR TRUNCATE … EXECUTE FUNCTION salotto_append_only().
CREATE OR REPLACE FUNCTION salotto_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE OR REPLACE TRIGGER core_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core_audit
    FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
