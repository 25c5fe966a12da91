-- The one place where a message is written. Takes one or many messages in one round trip,
-- so that the visitor's endpoint can write whatever arrived while the last batch committed.
--
-- items: a JSON array; each object has
--   account bigint, client_id uuid, kind text, body text, data jsonb,
--   and either  conversation bigint                  (an agent writes in a thread)
--   or          inbox bigint, visitor uuid, name, email, language   (a visitor writes:
--               the contact and the conversation are made with the first message, linked with
--               the one that the visitor has no part in any more, if there is one: formers.sql)
--   author bigint: the user who writes, if one does.
-- A visitor's message whose data has the key "automatic" (an absence note, a receipt) is no
-- question: nobody waits for an answer, and it opens nothing that was completed.
--
-- Returns one row per item, in order: the message's id, its conversation, when, whether it
-- is new (false: the same client_id came before; the first row is returned) and the
-- conversation's version. `message` is null where there is no such conversation (any more): a
-- visitor whose conversation went on by mail while this call waited for it asks once more.
--
-- Lock order: existing conversations by (account, id) first, then new ones by
-- (account, inbox, visitor). Ids of messages and events are drawn under the lock, so
-- within a conversation their order is the order of commits.

CREATE OR REPLACE FUNCTION inbox_post_messages(items jsonb)
RETURNS TABLE (n bigint, message bigint, conversation bigint, at timestamptz, fresh boolean, version int)
LANGUAGE plpgsql
-- Plans are made once a session and kept: planning these statements for each call would cost
-- more than running them. A plan made while the tables were small must not scan them when
-- they have grown (docs/performance.md).
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := clock_timestamp();
    todo inbox_item[];
    sequel boolean; -- somebody begins anew who has no part in an earlier conversation any more
BEGIN
    SELECT array_agg(ROW(i.n, i.account, coalesce(i.conversation, c.id), i.inbox, i.visitor,
                         i.name, i.email, i.language, i.client_id, i.kind, i.author, i.body, i.data)::inbox_item
                     ORDER BY i.n)
      INTO todo
      FROM ROWS FROM (jsonb_to_recordset(items) AS (
               account bigint, conversation bigint, inbox bigint, visitor uuid, name text, email text,
               language text, client_id uuid, kind text, author bigint, body text, data jsonb
           )) WITH ORDINALITY
           AS i(account, conversation, inbox, visitor, name, email, language, client_id, kind, author, body, data, n)
      LEFT JOIN inbox_conversation c
             ON i.conversation IS NULL
            AND c.account_id = i.account AND c.inbox_id = i.inbox AND c.visitor = i.visitor;

    PERFORM 1
       FROM inbox_conversation c
       JOIN (SELECT DISTINCT t.account, t.conversation FROM unnest(todo) t WHERE t.conversation IS NOT NULL) k
         ON c.account_id = k.account AND c.id = k.conversation
      ORDER BY c.account_id, c.id
        FOR NO KEY UPDATE OF c;

    IF EXISTS (SELECT FROM unnest(todo) t WHERE t.conversation IS NULL AND t.visitor IS NOT NULL) THEN
        sequel := EXISTS (
            SELECT FROM unnest(todo) t CROSS JOIN LATERAL inbox_formers(t.account, t.inbox, t.visitor) f
             WHERE t.conversation IS NULL AND t.visitor IS NOT NULL);
        IF sequel THEN
            -- What a visitor wrote where they have no part any more, and sends again, is there.
            SELECT array_agg(ROW(t.n, t.account, coalesce(t.conversation, said.conversation), t.inbox, t.visitor,
                                 t.name, t.email, t.language, t.client_id, t.kind, t.author, t.body, t.data)::inbox_item
                             ORDER BY t.n)
              INTO todo
              FROM unnest(todo) t
              LEFT JOIN LATERAL (
                   SELECT m.conversation_id AS conversation
                     FROM inbox_formers(t.account, t.inbox, t.visitor) f(id)
                     JOIN inbox_message m
                       ON m.account_id = t.account AND m.conversation_id = f.id AND m.client_id = t.client_id
                    LIMIT 1) said ON t.conversation IS NULL AND t.visitor IS NOT NULL;
        END IF;

        WITH begun AS (
            INSERT INTO inbox_conversation
                   (account_id, inbox_id, contact_id, visitor, status, subject, preview, preview_ours, unread,
                    last_message, seen_by_visitor, seen_by_team, version, last_activity, created_at, linked_id)
            SELECT DISTINCT ON (t.account, t.inbox, t.visitor)
                   t.account, t.inbox, nextval(pg_get_serial_sequence('inbox_contact', 'id')), t.visitor,
                   'open', '', '', false, 0, 0, 0, 0, 0, moment, moment,
                   CASE WHEN sequel THEN (SELECT max(f.id) FROM inbox_formers(t.account, t.inbox, t.visitor) f(id)) END
              FROM unnest(todo) t
             WHERE t.conversation IS NULL AND t.visitor IS NOT NULL
             ORDER BY t.account, t.inbox, t.visitor, t.n
                ON CONFLICT (account_id, inbox_id, visitor) DO NOTHING
            RETURNING account_id, id, contact_id, inbox_id, visitor, linked_id
        ), explained AS (
            INSERT INTO inbox_message (account_id, conversation_id, client_id, kind, body, data, created_at)
            SELECT b.account_id, b.id, gen_random_uuid(), 'status', '',
                   jsonb_build_object('what', 'sequel', 'conversation', b.linked_id), moment
              FROM begun b
             WHERE b.linked_id IS NOT NULL
        )
        INSERT INTO inbox_contact (id, account_id, name, email, language, attributes, created_at)
        SELECT DISTINCT ON (b.contact_id)
               b.contact_id, b.account_id, coalesce(t.name, ''), coalesce(t.email, ''), coalesce(t.language, ''),
               '{}', moment
          FROM begun b
          JOIN unnest(todo) t ON t.account = b.account_id AND t.inbox = b.inbox_id AND t.visitor = b.visitor
         ORDER BY b.contact_id, t.n;

        SELECT array_agg(ROW(t.n, t.account, coalesce(t.conversation, c.id), t.inbox, t.visitor,
                             t.name, t.email, t.language, t.client_id, t.kind, t.author, t.body, t.data)::inbox_item
                         ORDER BY t.n)
          INTO todo
          FROM unnest(todo) t
          LEFT JOIN inbox_conversation c
                 ON t.conversation IS NULL
                AND c.account_id = t.account AND c.inbox_id = t.inbox AND c.visitor = t.visitor;

        -- A conversation that another transaction made meanwhile is locked here.
        PERFORM 1
           FROM inbox_conversation c
           JOIN (SELECT DISTINCT t.account, t.conversation FROM unnest(todo) t WHERE t.visitor IS NOT NULL) k
             ON c.account_id = k.account AND c.id = k.conversation
          ORDER BY c.account_id, c.id
            FOR NO KEY UPDATE OF c;
    END IF;

    RETURN QUERY
    WITH lines AS (
        -- The first agent who answers becomes the owner; a contact who writes again reopens.
        -- The line stands above the message that caused it, so its id is drawn first.
        INSERT INTO inbox_message (account_id, conversation_id, client_id, kind, author_id, body, data, created_at)
        SELECT l.account, l.conversation, gen_random_uuid(), 'status', l.author, '', l.data, moment
          FROM (SELECT DISTINCT ON (c.account_id, c.id, t.kind)
                       c.account_id AS account, c.id AS conversation, t.n,
                       CASE WHEN t.kind = 'reply' THEN t.author END AS author,
                       CASE WHEN t.kind = 'reply' THEN jsonb_build_object('what', 'assigned', 'to', t.author)
                            ELSE jsonb_build_object('what', 'reopened') END AS data
                  FROM unnest(todo) t
                  JOIN inbox_conversation c ON c.account_id = t.account AND c.id = t.conversation
                                           AND (t.visitor IS NULL OR c.visitor = t.visitor)
                 WHERE (t.kind = 'reply' AND t.author IS NOT NULL AND c.assignee_id IS NULL
                        OR t.kind = 'visitor' AND c.status = 'done' AND NOT coalesce(t.data ? 'automatic', false))
                   AND NOT EXISTS (SELECT FROM inbox_message old
                                    WHERE old.account_id = t.account AND old.conversation_id = t.conversation
                                      AND old.client_id = t.client_id)
                 ORDER BY c.account_id, c.id, t.kind, t.n) l
         ORDER BY l.n
        RETURNING id, account_id, conversation_id
    ), written AS (
        INSERT INTO inbox_message (account_id, conversation_id, client_id, kind, author_id, body, data, created_at)
        SELECT t.account, c.id, t.client_id, t.kind, t.author, t.body, coalesce(t.data, '{}'), moment
          FROM unnest(todo) t
          JOIN inbox_conversation c ON c.account_id = t.account AND c.id = t.conversation
                                   AND (t.visitor IS NULL OR c.visitor = t.visitor)
         WHERE (SELECT count(*) FROM lines) >= 0 -- after the lines
         ORDER BY t.n
            ON CONFLICT (account_id, conversation_id, client_id) DO NOTHING
        RETURNING id, account_id, conversation_id, client_id, kind, author_id, body,
                  kind = 'visitor' AND NOT data ? 'automatic' AS asks
    ), news AS (
        SELECT w.account_id, w.conversation_id,
               max(w.id) AS last_message,
               bool_or(w.asks) AS asked,
               bool_or(w.kind = 'reply') AS answered,
               count(*) FILTER (WHERE w.asks) AS questions,
               (array_agg(w.kind ORDER BY w.id DESC) FILTER (WHERE w.kind IN ('visitor', 'reply')))[1] AS last_kind,
               (array_agg(left(w.body, 160) ORDER BY w.id DESC) FILTER (WHERE w.kind IN ('visitor', 'reply')))[1] AS last_body,
               (array_agg(w.author_id ORDER BY w.id) FILTER (WHERE w.kind = 'reply' AND w.author_id IS NOT NULL))[1] AS first_agent
          FROM written w
         GROUP BY w.account_id, w.conversation_id
    ), moved AS (
        UPDATE inbox_conversation c
           SET last_activity = moment,
               last_message = s.last_message,
               preview = coalesce(s.last_body, c.preview),
               preview_ours = coalesce(s.last_kind = 'reply', c.preview_ours),
               unread = CASE WHEN s.answered THEN 0 ELSE c.unread + s.questions END,
               waiting_since = CASE WHEN s.last_kind = 'reply' THEN NULL
                                    WHEN s.asked THEN coalesce(c.waiting_since, moment)
                                    ELSE c.waiting_since END,
               seen_by_team = CASE WHEN s.answered THEN s.last_message ELSE c.seen_by_team END,
               status = CASE WHEN s.asked THEN 'open' ELSE c.status END,
               assignee_id = coalesce(c.assignee_id, s.first_agent),
               version = c.version + 1
          FROM news s
         WHERE c.account_id = s.account_id AND c.id = s.conversation_id
        RETURNING c.account_id, c.id, c.visitor, c.version
    ), told AS (
        INSERT INTO live_event (account_id, txid, at, kind, conversation_id, visitor, data)
        SELECT e.account_id, pg_current_xact_id(), moment, e.kind, e.conversation, e.visitor, e.data
          FROM (SELECT w.id, w.account_id, 'message.posted' AS kind, w.conversation_id AS conversation,
                       CASE WHEN w.kind IN ('visitor', 'reply') THEN m.visitor END AS visitor,
                       jsonb_build_object('message', w.id, 'from', w.kind, 'version', m.version) AS data
                  FROM written w
                  JOIN moved m ON m.account_id = w.account_id AND m.id = w.conversation_id
                UNION ALL
                SELECT l.id, l.account_id, 'message.posted', l.conversation_id, NULL,
                       jsonb_build_object('message', l.id, 'from', 'status', 'version', m.version)
                  FROM lines l
                  JOIN moved m ON m.account_id = l.account_id AND m.id = l.conversation_id
                ORDER BY 1) e
    )
    SELECT t.n,
           coalesce(w.id, old.id),
           CASE WHEN coalesce(w.id, old.id) IS NOT NULL THEN t.conversation END,
           coalesce(old.created_at, moment),
           w.id IS NOT NULL,
           coalesce(m.version, c.version)
      FROM unnest(todo) t
      LEFT JOIN written w ON w.account_id = t.account AND w.conversation_id = t.conversation AND w.client_id = t.client_id
      LEFT JOIN inbox_message old
             ON w.id IS NULL
            AND old.account_id = t.account AND old.conversation_id = t.conversation AND old.client_id = t.client_id
      LEFT JOIN moved m ON m.account_id = t.account AND m.id = t.conversation
      LEFT JOIN inbox_conversation c ON c.account_id = t.account AND c.id = t.conversation
     ORDER BY t.n;
END
$$;
