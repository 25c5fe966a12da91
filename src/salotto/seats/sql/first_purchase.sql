-- Rule 20: a first purchase seats every agent. Billing writes its claim as one statement, and
-- this trigger counts in it, under the lock of the account's plan, which it holds until the
-- claim is committed. Who becomes an agent meanwhile is counted here, or waits for that lock and
-- then sees the open payment (seats/actions/access.py). Billing knows the constraint's name
-- (billing/signals.py) and nothing else of seats.

CREATE OR REPLACE FUNCTION seats_fit_first_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held int;
BEGIN
    SELECT agents INTO held FROM seats_seatplan WHERE account_id = NEW.account_id FOR NO KEY UPDATE;
    IF held > NEW.quantity_to THEN
        RAISE EXCEPTION '% agents, and % seats are to be bought', held, NEW.quantity_to
            USING ERRCODE = 'check_violation', CONSTRAINT = 'billing_first_purchase_fits';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER seats_fit_first_purchase AFTER INSERT ON billing_payment
    FOR EACH ROW WHEN (NEW.is_first) EXECUTE FUNCTION seats_fit_first_purchase();
