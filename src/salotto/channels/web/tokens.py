"""A visitor's token: which site, which visitor, signed; made without writing anything.

`<site key>.<visitor uuid, hex>.<signature>`, where the signature is the first 32
characters of base64url(HMAC-SHA-256(secret, "site.visitor")): 192 bits. It is kept by the
visitor's browser in the site's own storage and sent as a bearer token.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid4

from django.conf import settings

SHAPE = re.compile(r"[A-Za-z0-9_-]{1,24}\.[0-9a-f]{32}\.[A-Za-z0-9_-]{32}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a token speaks for."""

    site_key: str
    id: UUID


def _signature(text: str) -> str:
    key = b"salotto.visitor|" + settings.SECRET_KEY.encode()
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode()[:32]


def issue(site_key: str) -> tuple[str, Visitor]:
    """A token for a new visitor of this site."""
    visitor = Visitor(site_key, uuid4())
    text = f"{site_key}.{visitor.id.hex}"
    return f"{text}.{_signature(text)}", visitor


def read(token: str) -> Visitor | None:
    """The visitor of a genuine token, else None."""
    if len(token) > 100 or not SHAPE.fullmatch(token):
        return None
    try:
        return _verified(token)
    except ValueError:
        return None


@lru_cache(maxsize=20_000)
def _verified(token: str) -> Visitor:
    """Safe to cache, since it depends on the text alone; raises ValueError for a forged one,
    and what raises is not kept."""
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(text), signature):
        raise ValueError
    site_key, _, visitor = text.partition(".")
    return Visitor(site_key, UUID(visitor))
