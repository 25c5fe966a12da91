-- The ledger says how many seats there are: its newest row sets the plan. The server's role
-- may insert into the ledger, and not write the plan's seats itself; this function may.

CREATE OR REPLACE FUNCTION seats_follow_ledger() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE public.seats_seatplan SET seats = NEW.seats_after
     WHERE account_id = NEW.account_id AND seats <> NEW.seats_after;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER seats_follow_ledger AFTER INSERT ON seats_seatchange
    FOR EACH ROW EXECUTE FUNCTION seats_follow_ledger();
