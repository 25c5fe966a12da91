-- A chat whose contact has written by mail goes on with whoever has the address. Whoever chats has
-- only claimed it, so the conversation is theirs no more: its visitor is replaced by one of
-- `inbox_former`, whom no browser is, and what they write next begins another conversation.
--
-- The first 16 digits are those of the visitor, with 8 in the place of a random id's version 4: so
-- the former ones are found by a range of an index, and are told from each other and from those
-- of other visitors by the rest, which is made of the whole visitor and the conversation.

CREATE OR REPLACE FUNCTION inbox_former(visitor uuid, conversation bigint)
RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT (left(given.digits, 12) || '8' || substr(given.digits, 14, 3)
            || left(md5(given.digits || ' ' || $2), 16))::uuid
      FROM (SELECT replace($1::text, '-', '') AS digits) given
$$;

-- The conversations of an account's inbox that a visitor has begun and has no part in any more, the
-- latest first. The range is read by the small index `inbox_conversation_former`, which is the only one
-- that can: a plan that was made while the tables were small stays good.
CREATE OR REPLACE FUNCTION inbox_formers(account bigint, inbox bigint, visitor uuid)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    digits text := inbox_former(visitor, 0)::text;
    low uuid := overlay(digits PLACING '0000-000000000000' FROM 20);
    high uuid := overlay(digits PLACING 'ffff-ffffffffffff' FROM 20);
BEGIN
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT c.account_id, c.inbox_id, c.id, c.visitor
          FROM inbox_conversation c
         WHERE c.visitor BETWEEN low AND high AND substr(c.visitor::text, 15, 1) = '8'
    )
    SELECT n.id
      FROM near n
     WHERE n.account_id = $1 AND n.inbox_id = $2 AND n.visitor = inbox_former($3, n.id)
     ORDER BY n.id DESC
     LIMIT 100;
END
$$;
