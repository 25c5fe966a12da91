"""A large inbox, made in SQL: the rows that years of work would leave."""

from typing import Any

import psycopg
from psycopg import sql

CONTACTS = """
    INSERT INTO inbox_contact (account_id, id, name, email, language, attributes, created_at)
    SELECT %(account)s, %(first)s + n, 'Visitor ' || n, '', 'it', '{}', now() - n * interval '20 s'
      FROM generate_series(1, %(count)s) n
"""

# Six in ten are done, one in ten nobody's, three in ten assigned, a third of those to one agent.
CONVERSATIONS = """
    INSERT INTO inbox_conversation
           (account_id, id, inbox_id, contact_id, visitor, status, assignee_id, subject, preview,
            preview_ours, unread, last_message, seen_by_visitor, seen_by_team, version,
            last_activity, created_at)
    SELECT %(account)s, %(first)s + n, %(inbox)s, %(first)s + n, gen_random_uuid(),
           CASE WHEN n %% 10 < 6 THEN 'done' ELSE 'open' END,
           CASE WHEN n %% 10 = 6 THEN NULL ELSE (%(agents)s::bigint[])[1 + n %% 3] END,
           '', 'Where is my parcel, and when will it be here? Order number ' || n, n %% 2 = 0,
           n %% 3, n, 0, 0, 3, now() - n * interval '20 s', now() - n * interval '30 s'
      FROM generate_series(1, %(count)s) n
"""

TALLIES = """
    INSERT INTO inbox_tally (account_id, owner, name, value)
    SELECT account_id, t.owner, t.name, count(*)
      FROM inbox_conversation c CROSS JOIN LATERAL inbox_tally_of(c.status, c.assignee_id) t
     WHERE account_id = %(account)s
     GROUP BY 1, 2, 3
"""

FIRST = 10_000_000
"""Ids begin here, out of the way of the product's own."""


def fill(db: psycopg.Connection[Any], account: int, inbox: int, agents: list[int], count: int) -> None:
    """`count` conversations of one account, each with its contact; indexes are built after
    the rows, and the counters set from them. `agents` are three members' ids."""
    db.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
    indexes = _plain_indexes(db)
    for name, _ in indexes:
        db.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    values = {"account": account, "inbox": inbox, "agents": agents, "count": count, "first": FIRST}
    for statement in (CONTACTS, CONVERSATIONS):
        db.execute(statement, values)
    for _, definition in indexes:
        db.execute(definition)
    db.execute(TALLIES, values)
    db.execute("VACUUM (ANALYZE) inbox_conversation, inbox_contact, inbox_tally")


def _plain_indexes(db: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return db.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = 'inbox_conversation'::regclass AND NOT indisunique"
    ).fetchall()
