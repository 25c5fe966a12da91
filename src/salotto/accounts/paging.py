"""Cursors of a list that is sorted by a text and an id: opaque in an address, checked here."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

LONGEST = 700
"""Characters of a cursor: a name has 80, each at most six bytes in JSON; an id has 19 digits."""


def cursor_of(key: str, id_: int) -> str:
    """The cursor that continues after this row."""
    return urlsafe_b64encode(json.dumps([key, id_], ensure_ascii=False).encode()).decode().rstrip("=")


def after(cursor: str) -> tuple[str, int] | None:
    """Where a cursor continues; None for an empty one or one that we did not make."""
    if len(cursor) > LONGEST:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key, id_ = json.loads(urlsafe_b64decode(padded.encode()))
    except (ValueError, TypeError, RecursionError):
        return None
    fits = isinstance(key, str) and isinstance(id_, int) and abs(id_) < 2**63
    return (key, id_) if fits and _is_text(key) else None


def _is_text(key: str) -> bool:
    """Can the database compare it? It takes neither NUL nor half a character."""
    return "\x00" not in key and not any("\ud800" <= sign <= "\udfff" for sign in key)
