"""One after the other: PostgreSQL's advisory locks, by a name that says what is taken.

A name is hashed to 64 bits, so that two names may, once in a very long time, share a lock: whoever
takes one must be able to wait, or to be told no. The database frees them with their connection, so
a process that is killed leaves none behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection


def take_turn(name: str) -> None:
    """Wait for whoever holds `name`, and hold it to the end of the caller's transaction."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def try_alone(name: str) -> bool:
    """Whether `name` is this session's now, until `let_go`; nobody waits."""
    with connection.cursor() as db:
        db.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        return bool(db.fetchone()[0])


def let_go(name: str) -> None:
    """Give back what `try_alone` has given; where the connection cannot, it is closed, and the lock
    is gone with it."""
    try:
        with connection.cursor() as db:
            db.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    except Error:
        connection.close()


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether `name` is this session's for as long as the block runs."""
    mine = try_alone(name)
    try:
        yield mine
    finally:
        if mine:
            let_go(name)
