"""Who holds this session cookie, for the raw endpoints: one query, as strict as Django's own."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare
from psycopg import AsyncConnection

from salotto.accounts.models import User

_SESSION = """
    SELECT s.session_data FROM django_session s WHERE s.session_key = %s AND s.expire_date > now()
"""
_MEMBER = """
    SELECT a.id, u.id, u.name, u.password, m.access, a.read_only
      FROM accounts_user u
      JOIN accounts_membership m ON m.user_id = u.id
      JOIN accounts_account a ON a.id = m.account_id
     WHERE u.id = %s AND u.is_active AND a.slug = %s
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in member, as the streams need it."""

    account: int
    user: int
    name: str
    access: str
    read_only: bool


async def caller(db: AsyncConnection[Any], cookies: str, slug: str) -> Caller | None:
    """The member of account `slug` whose session these cookies hold, or None.

    The session's hash is checked against the password, as django.contrib.auth does: a
    changed password ends every stream that is authorised anew.
    """
    session = await _session(db, cookies)
    user_id = str(session.get(SESSION_KEY, ""))
    if not user_id.isdigit():
        return None
    row = await (await db.execute(_MEMBER, [int(user_id), slug])).fetchone()
    if row is None:
        return None
    account, user, name, password, access, read_only = row
    expected = User(pk=user, password=password).get_session_auth_hash()
    if not constant_time_compare(str(session.get(HASH_SESSION_KEY, "")), expected):
        return None
    return Caller(account, user, name, access, read_only)


async def _session(db: AsyncConnection[Any], cookies: str) -> dict[str, Any]:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return {}
    if morsel is None or len(morsel.value) > 40 or not morsel.value.isalnum():
        return {}
    row = await (await db.execute(_SESSION, [morsel.value])).fetchone()
    return SessionStore().decode(row[0]) if row else {}
