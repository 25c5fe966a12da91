"""Accounts, agents and visitors to measure with, made as the product makes them."""

import json
import random
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from benchmarks.wire import SLOT

WORDS = ("hello", "order", "parcel", "delivery", "colour", "size", "return", "invoice", "please", "thanks")
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "*/*",
    "Accept-Language": "it,en-US;q=0.7,en;q=0.3",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Origin": "https://shop.example",
    "Referer": "https://shop.example/",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "Connection": "keep-alive",
}


@dataclass(frozen=True)
class Company:
    """An account with its site's key and its agents' cookies."""

    account: int
    slug: str
    key: str
    cookies: list[str]


def company(agents: int = 1) -> Company:
    """A fresh account with this many agents, all signed in."""
    from salotto.accounts import actions
    from salotto.accounts.models import User
    from salotto.channels.web.models import Site
    from salotto.core.tenancy import account_scope

    mark = uuid4().hex[:10]
    people = [User(email=f"agent{n}.{mark}@example.com", name=f"Agent {n}") for n in range(agents)]
    for user in people:
        user.set_unusable_password()
    User.objects.bulk_create(people)
    account = actions.found_account(f"Bench {mark}", people[0])
    with account_scope(account.pk), transaction.atomic():
        _seat(account, people[1:])
        site = Site.objects.get()
    return Company(account.pk, account.slug, site.key, [_sign_in(user) for user in people])


def _seat(account: Any, people: list[Any]) -> None:
    from django.conf import settings

    from salotto.accounts.models import Access, Membership

    with psycopg.connect(settings.OPTIONS.migration_database_url) as owner:  # the server may not grant seats
        owner.execute(
            "UPDATE seats_seatplan SET seats = %s WHERE account_id = %s", [len(people) + 20, account.pk]
        )
    Membership.objects.bulk_create([Membership(account=account, user=u, access=Access.AGENT) for u in people])


def _sign_in(user: Any) -> str:
    from django.conf import settings

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def visitors(company: Company, count: int) -> list[str]:
    """Tokens of new visitors of this account's site."""
    from salotto.channels.web import tokens

    return [tokens.issue(company.key)[0] for _ in range(count)]


def _body(**more: Any) -> str:
    text = " ".join(random.choices(WORDS, k=14))
    page = {"page": "https://shop.example/tables/oak-and-ash", "title": "Tables of oak and ash"}
    return json.dumps({"id": SLOT.decode(), "body": text, **page, **more})


def message(token: str) -> dict[str, Any]:
    """A visitor posts a message."""
    headers = {**BROWSER, "Authorization": f"Bearer {token}"}
    return {"method": "POST", "path": "/w/messages", "headers": headers, "body": _body()}


def floor_message(conversation: int, path: str = "/post") -> dict[str, Any]:
    """The same bytes for the floor, with the conversation named."""
    headers = {**BROWSER, "Authorization": f"Bearer {'0' * 78}"}
    return {"method": "POST", "path": path, "headers": headers, "body": _body(conversation=conversation)}


def agent_stream(company: Company, number: int = 0) -> dict[str, Any]:
    """An agent's browser holds the account's stream."""
    cookie = company.cookies[number % len(company.cookies)]
    path = f"/live?account={company.slug}"
    return {"method": "GET", "path": path, "headers": {**BROWSER, "Cookie": cookie}}


def visitor_stream(token: str) -> dict[str, Any]:
    """A visitor's widget holds its stream."""
    headers = {**BROWSER, "Authorization": f"Bearer {token}"}
    return {"method": "GET", "path": "/w/live", "headers": headers}


def floor_stream() -> dict[str, Any]:
    """The floor's stream."""
    return {"method": "GET", "path": "/stream", "headers": BROWSER}


def close() -> None:
    """Give this process's database connection back."""
    connection.close()
