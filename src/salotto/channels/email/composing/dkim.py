"""DKIM (RFC 6376): the key of a sender domain, its record in the DNS, and signing with it."""

import re
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

BITS = 2048  # RFC 8301: longer ones do not fit into every DNS
SIGNED = (
    *("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to"),
    *("mime-version", "content-type", "content-transfer-encoding"),
    *("list-unsubscribe", "list-unsubscribe-post", "auto-submitted"),
)
"""Headers that are signed as often as they are there; `ONCE_MORE` also against a second one."""
ONCE_MORE = ("from", "to", "cc", "subject", "reply-to", "list-unsubscribe", "list-unsubscribe-post")

_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_HEAD = re.compile(rb"\r?\n\r?\n")


def new_key() -> tuple[str, str]:
    """An RSA key of 2048 bits: the private half as PEM (PKCS #1), and the public half in base64
    as it goes into the record."""
    key = generate_private_key(public_exponent=65_537, key_size=BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), b64encode(public).decode("ascii")


def dns_record(selector: str, domain: str, public: str) -> tuple[str, str]:
    """The name and the text of the TXT record that a domain must have."""
    return f"{selector}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={public}"


def sign(raw: bytes, *, domain: str, selector: str, key_pem: str) -> bytes:
    """The mail with a DKIM-Signature in front: rsa-sha256, relaxed/relaxed. `domain` is in ASCII.

    Raises ValueError for a key that cannot be read and for a mail without From.
    """
    from dkim import DKIM, DKIMException

    headers = _headers_of(raw)
    if headers.count(b"from") < 2:
        raise ValueError("A mail without a sender cannot be signed.")
    try:
        signature: bytes = DKIM(raw).sign(
            selector.encode("ascii"),
            domain.encode("ascii"),
            key_pem.encode("ascii"),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=headers,
        )
    except DKIMException as error:
        raise ValueError(f"The mail cannot be signed: {error}") from error
    return signature + raw


def _headers_of(raw: bytes) -> list[bytes]:
    """What the signature covers, each name as often as it counts."""
    head = _HEAD.split(raw, maxsplit=1)[0]
    there = [name.lower().decode("ascii") for name in _NAME.findall(head)]
    names = [name for name in SIGNED for _ in range(there.count(name))]
    return [name.encode("ascii") for name in [*names, *ONCE_MORE]]
