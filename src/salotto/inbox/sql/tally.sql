-- Counters without a hot row: each change of a conversation appends deltas, a page sums
-- the few rows there are, and a job folds them. No writer ever waits for another's counter.
-- Names: open, unassigned (owner 0) and mine (owner = the assignee's id).

-- The counters that one conversation stands in.
CREATE OR REPLACE FUNCTION inbox_tally_of(status text, assignee bigint)
RETURNS TABLE (owner bigint, name text) LANGUAGE sql IMMUTABLE AS $$
    SELECT 0::bigint, 'open' WHERE status = 'open'
    UNION ALL
    SELECT 0, 'unassigned' WHERE status = 'open' AND assignee IS NULL
    UNION ALL
    SELECT assignee, 'mine' WHERE status = 'open' AND assignee IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION inbox_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_tally (account_id, owner, name, value)
    SELECT account_id, owner, name, sum(delta)
      FROM (SELECT c.account_id, t.owner, t.name, 1 AS delta
              FROM after_rows c
             CROSS JOIN LATERAL inbox_tally_of(c.status, c.assignee_id) t) d
     GROUP BY account_id, owner, name;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION inbox_tally_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_tally (account_id, owner, name, value)
    SELECT c.account_id, t.owner, t.name, -count(*)
      FROM before_rows c
     CROSS JOIN LATERAL inbox_tally_of(c.status, c.assignee_id) t
     GROUP BY 1, 2, 3;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION inbox_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_tally (account_id, owner, name, value)
    SELECT account_id, owner, name, sum(delta)
      FROM (SELECT a.account_id, t.owner, t.name, t.delta
              FROM before_rows b
              JOIN after_rows a ON a.account_id = b.account_id AND a.id = b.id
             CROSS JOIN LATERAL (
                    SELECT owner, name, -1 AS delta FROM inbox_tally_of(b.status, b.assignee_id)
                    UNION ALL
                    SELECT owner, name, 1 FROM inbox_tally_of(a.status, a.assignee_id)
                  ) t
             WHERE (b.status, b.assignee_id) IS DISTINCT FROM (a.status, a.assignee_id)) d
     GROUP BY account_id, owner, name
    HAVING sum(delta) <> 0;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER inbox_tally_insert AFTER INSERT ON inbox_conversation
    REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_tally_insert();
CREATE OR REPLACE TRIGGER inbox_tally_delete AFTER DELETE ON inbox_conversation
    REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_tally_delete();
CREATE OR REPLACE TRIGGER inbox_tally_update AFTER UPDATE ON inbox_conversation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION inbox_tally_update();
