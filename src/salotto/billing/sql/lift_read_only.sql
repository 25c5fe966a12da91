-- An account that has paid acts again: what accounts.actions.set_read_only does, with its event,
-- for a settlement, which is one round trip. Nothing is locked or written unless it was
-- read-only; the caller rings the bell.
CREATE OR REPLACE FUNCTION billing_lift_read_only(account bigint) RETURNS void
LANGUAGE sql AS $$
    WITH lifted AS (
        UPDATE accounts_account SET read_only = false WHERE id = account AND read_only RETURNING id
    )
    INSERT INTO live_event (account_id, kind, data)
        SELECT lifted.id, 'account.changed', '{"read_only": false}' FROM lifted
$$;
