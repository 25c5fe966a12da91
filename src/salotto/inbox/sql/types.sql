-- One message on its way into inbox_post_messages.
CREATE TYPE inbox_item AS (
    n bigint, account bigint, conversation bigint, inbox bigint, visitor uuid,
    name text, email text, language text, client_id uuid, kind text, author bigint, body text, data jsonb
);
