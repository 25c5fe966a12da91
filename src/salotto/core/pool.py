"""PostgreSQL for the raw endpoints: psycopg's asynchronous connections, from Django's settings."""

from typing import Any

from django.db import connection
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]
"""The pool that raw endpoints pass on to queries."""

NoDatabase = OperationalError
"""What a connection raises that cannot be had, or broke; psycopg_pool's time-out is one too."""

TIMEOUTS = "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s"


def arguments(options: str = TIMEOUTS) -> dict[str, Any]:
    """Connection arguments of the configured database, for psycopg itself."""
    params = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        params.pop(name, None)
    return {**params, "options": options, "autocommit": True}


async def connect(options: str = TIMEOUTS) -> AsyncConnection[Any]:
    """A connection of one's own, in autocommit, with time-outs."""
    return await AsyncConnection.connect(**arguments(options), prepare_threshold=0)


def new_pool(size: int = 4) -> Pool:
    """A pool, not yet open, that gives up after five seconds without a free connection."""
    return AsyncConnectionPool(
        kwargs={**arguments(), "prepare_threshold": 0}, min_size=1, max_size=size, open=False, timeout=5
    )
