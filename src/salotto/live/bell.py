"""The bell: "something was written". A hint only, since the hub also looks by itself.

`ring` is called after the commit, from any thread. In a process with a hub it wakes that
hub at once, which passes the ring on to the other processes, many rings as one. In a
process without one (a command, a worker) it notifies directly.
"""

from collections.abc import Callable

from django.db import DatabaseError, connection

CHANNEL = "salotto_bell"

_hub: list[Callable[[], None]] = []


def answer_with(wake: Callable[[], None] | None) -> None:
    """The hub of this process, or None when it stops; `wake` is safe from any thread."""
    _hub[:] = [wake] if wake else []


def ring() -> None:
    """Wake every hub. Never raises for a lost connection: hubs look once a second anyway."""
    if _hub:
        _hub[0]()
        return
    try:
        with connection.cursor() as db:
            db.execute(f"NOTIFY {CHANNEL}")
    except DatabaseError:
        connection.close_if_unusable_or_obsolete()
