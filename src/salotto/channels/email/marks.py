"""The mark that an account's mail carries, by which it knows its own mail when it comes back."""

import hmac
import re

from django.conf import settings

HEADER = "X-Salotto"
_HEAD = 65_536
"""Bytes in which the header is looked for."""
_END = re.compile(rb"\r?\n\r?\n")
_MARK = re.compile(rb"^X-Salotto:[ \t]*([a-z0-9]+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def mark_of(account_id: int) -> str:
    """The value of `X-Salotto` in every mail that leaves this account: 16 hex digits, the same
    for all of them, of no use to anybody else."""
    key = b"salotto.mark|" + settings.SECRET_KEY.encode()
    return hmac.digest(key, str(account_id).encode(), "sha256")[:8].hex()


def is_marked(content: bytes, account_id: int) -> bool:
    """Whether this mail once left the account."""
    head = _END.split(content[:_HEAD], maxsplit=1)[0]
    return mark_of(account_id).encode() in _MARK.findall(head)
