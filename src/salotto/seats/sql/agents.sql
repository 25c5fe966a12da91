-- agents <= seats at every commit, for any writer: the number of agents is counted into the
-- account's plan row, whose check constraint refuses one agent too many. Two transactions
-- that both take the last seat meet at that row; the second one fails.

CREATE OR REPLACE FUNCTION seats_count_agents() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    delta int := 0;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.access = 'agent' THEN delta := delta - 1; END IF;
    IF TG_OP <> 'DELETE' AND NEW.access = 'agent' THEN delta := delta + 1; END IF;
    IF delta <> 0 THEN
        UPDATE seats_seatplan SET agents = agents + delta
         WHERE account_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
        IF NOT FOUND AND delta > 0 THEN
            RAISE EXCEPTION 'account has no seats' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'seats_agents_within_seats';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER seats_count_agents AFTER INSERT OR DELETE OR UPDATE OF access, account_id
    ON accounts_membership FOR EACH ROW EXECUTE FUNCTION seats_count_agents();

CREATE OR REPLACE TRIGGER seats_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seats_seatchange
    FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
