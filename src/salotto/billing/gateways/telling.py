"""What a webhook says, read with care: a signature proves who has sent it, not that it makes sense.

Whatever is read here can be stored, and the job that handles it can go on with it.
"""

import json
import re
from typing import Any

from salotto.billing.gateways.port import Forged, Notice

PLAIN = re.compile(r"[\w.:\-]{1,200}", re.ASCII)
"""An id or a kind: what PostgreSQL and our columns can hold."""
LONGEST_KEY = 1000


def body_of(raw: bytes) -> dict[str, Any]:
    """The JSON object of these bytes; raises Forged for anything else."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Forged("not in the form of JSON") from None
    if not isinstance(found, dict):
        raise Forged("not in the form of an object")
    return found


def notice_of(source: str, event_id: object, kind: object, intent: object, key: object) -> Notice:
    """The notice of these parts, `intent` and `key` being texts or None; raises Forged.

    The key is a text that whoever has made the payment was free to choose, so that only its
    length is looked at: who uses it reads it as a UUID.
    """
    text = _text(key or "")
    if len(text) > LONGEST_KEY:
        raise Forged("the key is too long")
    return Notice(source, _plain(event_id), _plain(kind), _plain(intent) if intent else "", text)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise Forged("no text")
    return given


def _plain(given: object) -> str:
    text = _text(given)
    if not PLAIN.fullmatch(text):
        raise Forged("no usable id or kind")
    return text
