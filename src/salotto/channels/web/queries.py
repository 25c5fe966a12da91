"""Reads for the visitor's endpoints, on psycopg's asynchronous connections."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from salotto.channels.web.models import origins_in

PAGE = 50


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the endpoints need to know of a site."""

    account: int
    inbox: int
    key: str
    name: str
    language: str
    origins: frozenset[str]

    def allows(self, origin: str) -> bool:
        """May pages of this origin talk to the site's endpoints?"""
        return not self.origins or origin.lower() in self.origins


_SITE = """
    SELECT s.account_id, s.inbox_id, s.key, a.name, a.language, s.origins
      FROM web_site s JOIN accounts_account a ON a.id = s.account_id
     WHERE s.key = %s AND s.enabled
"""

_CONVERSATION = """
    SELECT id, seen_by_team FROM inbox_conversation
     WHERE account_id = %s AND inbox_id = %s AND visitor = %s
"""

_TALK = """
    SELECT id, seen_by_team, true FROM inbox_conversation
     WHERE account_id = %(account)s AND inbox_id = %(inbox)s AND visitor = %(visitor)s
    UNION ALL
    SELECT c.id, c.seen_by_team, false
      FROM inbox_formers(%(account)s::bigint, %(inbox)s::bigint, %(visitor)s::uuid) f(id)
      JOIN inbox_conversation c ON c.account_id = %(account)s AND c.id = f.id
"""

# Whoever chats has only claimed the address that mails come from: of what came by mail, and of what
# answers it, they are told that it was said, and nothing of it.
_MESSAGES = """
    SELECT m.id, m.client_id, m.kind, CASE WHEN told.by_email THEN '' ELSE m.body END, m.created_at,
           u.name, told.by_email
      FROM unnest(%(conversations)s::bigint[]) talk(id)
     CROSS JOIN LATERAL (
           SELECT * FROM inbox_message
            WHERE account_id = %(account)s AND conversation_id = talk.id
              AND kind IN ('visitor', 'reply') AND id {compare} %(edge)s
            ORDER BY id {order} LIMIT %(limit)s) m
      LEFT JOIN accounts_user u ON u.id = m.author_id
     CROSS JOIN LATERAL (
           SELECT coalesce(
               m.data ? 'email' OR m.kind = 'reply' AND (
                   SELECT v.data ? 'email' FROM inbox_message v
                    WHERE v.account_id = m.account_id AND v.conversation_id = m.conversation_id
                      AND v.kind = 'visitor' AND v.id < m.id
                    ORDER BY v.id DESC LIMIT 1), false) AS by_email) told
     ORDER BY m.id {order} LIMIT %(limit)s
"""
_KNOWN = """
    SELECT EXISTS (
        SELECT FROM inbox_conversation v
          JOIN inbox_contact c ON c.account_id = v.account_id AND c.id = v.contact_id
         WHERE v.account_id = %s AND v.id = %s AND c.email <> '')
"""
_AFTER = _MESSAGES.format(compare=">", order="ASC")
_BEFORE = _MESSAGES.format(compare="<", order="DESC")

_TEAM = """
    SELECT a.read_only, a.chats_by_mail, u.id, u.name
      FROM accounts_account a
      LEFT JOIN (accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND u.is_active)
             ON m.account_id = a.id AND m.access = 'agent' AND NOT a.read_only
     WHERE a.id = %s
     ORDER BY m.id LIMIT 3
"""


async def site(db: AsyncConnection[Any], key: str) -> SiteFacts | None:
    """The enabled site of this public key."""
    row = await (await db.execute(_SITE, [key])).fetchone()
    if row is None:
        return None
    account, inbox, key, name, language, origins = row
    return SiteFacts(account, inbox, key, name, language, origins_in(origins))


async def conversation(db: AsyncConnection[Any], site: SiteFacts, visitor: UUID) -> tuple[int, int] | None:
    """The conversation that the visitor writes in now: its id, and the last message that the team has
    read."""
    row: tuple[int, int] | None = await (
        await db.execute(_CONVERSATION, [site.account, site.inbox, visitor])
    ).fetchone()
    return row


@dataclass(frozen=True, slots=True)
class Talk:
    """All that a visitor has begun: the conversations, the one that they write in `now`, if any, and
    the last message that the team has read."""

    conversations: list[int]
    now: int | None
    seen: int


async def talk(db: AsyncConnection[Any], site: SiteFacts, visitor: UUID) -> Talk:
    """What a visitor has begun here, with what went on by mail: they have no part in that any more."""
    wanted = {"account": site.account, "inbox": site.inbox, "visitor": visitor}
    rows = await (await db.execute(_TALK, wanted)).fetchall()
    now = next((conversation for conversation, _, is_now in rows if is_now), None)
    return Talk([row[0] for row in rows], now, max((row[1] for row in rows), default=0))


async def messages(
    db: AsyncConnection[Any],
    account: int,
    conversations: list[int],
    *,
    after: int | None = None,
    before: int | None = None,
) -> tuple[list[tuple[Any, ...]], bool]:
    """Up to a page of what the visitor may see of their conversations, oldest first, and whether
    there is more.

    After an id, or before one; with neither, the latest.
    """
    wanted = {"account": account, "conversations": conversations, "limit": PAGE + 1}
    if after is not None:
        rows = await (await db.execute(_AFTER, {**wanted, "edge": after})).fetchall()
        return rows[:PAGE], len(rows) > PAGE
    edge = 2**62 if before is None else before
    rows = await (await db.execute(_BEFORE, {**wanted, "edge": edge})).fetchall()
    return rows[:PAGE][::-1], len(rows) > PAGE


@dataclass(frozen=True, slots=True)
class Team:
    """For the greeting: user ids and names of up to three agents; `leave`: the account is read-only,
    so nobody can answer, and there is no team; `by_mail`: answers go on by mail."""

    people: list[tuple[int, str]]
    leave: bool
    by_mail: bool


async def team(db: AsyncConnection[Any], account: int) -> Team:
    """Who answers the chats of an account, and how."""
    rows = await (await db.execute(_TEAM, [account])).fetchall()
    people = [(user, name) for *_, user, name in rows if user is not None]
    return Team(people, any(row[0] for row in rows), any(row[1] for row in rows))


async def knows_address(db: AsyncConnection[Any], account: int, conversation: int) -> bool:
    """Whether an answer could be mailed to the visitor of this conversation."""
    row = await (await db.execute(_KNOWN, [account, conversation])).fetchone()
    return bool(row and row[0])
