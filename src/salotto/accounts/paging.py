"""Cursors of a list that is sorted by a text and an id: opaque in an address, checked here."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode


def cursor_of(key: str, id_: int) -> str:
    """The cursor that continues after this row."""
    return urlsafe_b64encode(json.dumps([key, id_]).encode()).decode().rstrip("=")


def after(cursor: str) -> tuple[str, int] | None:
    """Where a cursor continues; None for an empty one or one that we did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key, id_ = json.loads(urlsafe_b64decode(padded.encode()))
    except (ValueError, TypeError):
        return None
    fits = isinstance(key, str) and isinstance(id_, int) and abs(id_) < 2**63
    return (key, id_) if fits and "\x00" not in key else None
