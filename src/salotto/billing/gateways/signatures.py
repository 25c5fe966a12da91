"""Signed webhooks: an HMAC over the time and the raw bytes, as Stripe does it.

The header is `t=<seconds since 1970>,v1=<hex>`; while a secret is being changed there may be
several `v1`.
"""

import hmac
from hashlib import sha256

from salotto.billing.gateways.port import Forged
from salotto.core import clock

TOLERANCE = 300
"""Seconds between the signature and now."""


def sign(raw: bytes, secret: str, at: int | None = None) -> str:
    """The header's value for these bytes, as of `at` (seconds since 1970) or now."""
    at = int(clock.now().timestamp()) if at is None else at
    return f"t={at},v1={_mac(raw, secret, at)}"


def verify(raw: bytes, header: str, secret: str) -> None:
    """Raises Forged unless one signature fits and is at most `TOLERANCE` seconds away from now."""
    at, given = _parts(header)
    if not secret or not any(hmac.compare_digest(_mac(raw, secret, at).encode(), one) for one in given):
        raise Forged("no signature fits")
    if abs(clock.now().timestamp() - at) > TOLERANCE:
        raise Forged("the signature is too old")


def _mac(raw: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, sha256).hexdigest()


def _parts(header: str) -> tuple[int, list[bytes]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 12):
        raise Forged("no signature in the header")
    return int(times[0]), [value.encode() for name, _, value in pairs if name == "v1"]
