"""The floor: what the same server and driver do when an endpoint does nothing but the work.

uvicorn calls this application directly: no routing beyond an if, no sign-in, no limits, no
idempotence. `FLOOR_URL` names the database, `FLOOR_POOL` how many connections.
"""

import asyncio
import json
import os
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from benchmarks import probe

SCHEMA = """
    CREATE TABLE IF NOT EXISTS conversation (
        id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'open', preview text NOT NULL DEFAULT '',
        unread int NOT NULL DEFAULT 0, waiting_since timestamptz, last_message bigint,
        last_activity timestamptz NOT NULL DEFAULT now(), version int NOT NULL DEFAULT 1);
    CREATE TABLE IF NOT EXISTS message (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, conversation_id bigint NOT NULL,
        client_id uuid NOT NULL, kind text NOT NULL, body text NOT NULL, data jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO conversation (id) SELECT generate_series(1, 1000) ON CONFLICT DO NOTHING;
"""

POST = """
    WITH written AS (
        INSERT INTO message (conversation_id, client_id, kind, body, data)
        VALUES (%(conversation)s, %(id)s, 'visitor', %(body)s, '{}') RETURNING id, created_at
    )
    UPDATE conversation
       SET last_activity = now(), preview = left(%(body)s, 160), unread = unread + 1,
           waiting_since = coalesce(waiting_since, now()), last_message = written.id, version = version + 1
      FROM written
     WHERE conversation.id = %(conversation)s
    RETURNING written.id, written.created_at
"""

JSON = (b"content-type", b"application/json")
STREAM = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]

pool: AsyncConnectionPool[AsyncConnection[Any]]
listeners: set[Any] = set()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route by path."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["path"] == "/post":
        await post(receive, send)
    elif scope["path"] == "/post-and-notify":
        await post(receive, send, notify=True)
    elif scope["path"] == "/stream":
        await stream(scope, receive, send)
    elif scope["path"] == "/fan-out":
        await fan_out(receive, send)
    elif scope["path"] == "/bench/loop":
        await probe.answer(send)
    else:
        await answer(send, b"{}")


async def lifespan(receive: Any, send: Any) -> None:
    """Open the pool, listen; close at the end."""
    global pool
    await receive()
    url = os.environ["FLOOR_URL"]
    size = int(os.environ["FLOOR_POOL"])
    pool = AsyncConnectionPool(
        url, kwargs={"autocommit": True, "prepare_threshold": 0}, min_size=size, max_size=size, open=False
    )
    await pool.open(wait=True)
    async with pool.connection() as db:
        for statement in SCHEMA.split(";")[:-1]:
            await db.execute(statement)
    listening = asyncio.create_task(listen(url))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    listening.cancel()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def body_of(receive: Any) -> bytes:
    """The request's body."""
    message = await receive()
    body: bytes = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return body


async def answer(send: Any, body: bytes) -> None:
    """200 with JSON."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [JSON, length]})
    await send({"type": "http.response.body", "body": body})


async def post(receive: Any, send: Any, notify: bool = False) -> None:
    """One insert and one update in one prepared statement, committed."""
    wanted = json.loads(await body_of(receive))
    async with pool.connection() as db:
        row = await (await db.execute(POST, wanted)).fetchone()
        if notify:
            await db.execute("SELECT pg_notify('floor', %s)", [str(row[0])])
    await answer(send, json.dumps({"id": row[0], "at": row[1].isoformat()}).encode())


async def listen(url: str) -> None:
    """Hand each notification to each stream."""
    async with await AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute("LISTEN floor")
        async for heard in db.notifies():
            frame = b'data: [{"message":%s}]\n\n' % heard.payload.encode()
            for write in tuple(listeners):
                await write({"type": "http.response.body", "body": frame, "more_body": True})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """A raw server-sent event stream."""
    scope["headers"].clear()
    await send({"type": "http.response.start", "status": 200, "headers": STREAM})
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
    listeners.add(send)
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        listeners.discard(send)


async def fan_out(receive: Any, send: Any) -> None:
    """Answer, then write the posted bytes to each stream."""
    frame = await body_of(receive)
    await answer(send, b"{}")
    for write in tuple(listeners):
        await write({"type": "http.response.body", "body": frame, "more_body": True})
