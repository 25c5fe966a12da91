"""Test mails of a mailbox, recognised by their own header when they come back. PURE.

The header is signed for the account: nobody else can make a mail vanish by calling it a test.
"""

import hmac
import re

from django.conf import settings

HEADER = "X-Salotto-Test"
HEAD = 65_536
"""Bytes in which the header is looked for."""
_END = re.compile(rb"\r?\n\r?\n")
_FOUND = re.compile(
    rb"^X-Salotto-Test:[ \t]*(\d{1,18})-([a-f0-9]{32})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


def value_of(account_id: int, trial: int) -> str:
    """What the header of this test mail says."""
    return f"{trial}-{_signature(account_id, trial)}"


def trial_of(content: bytes, account_id: int) -> int | None:
    """The test that this mail belongs to; None for any other mail."""
    head = _END.split(content[:HEAD], maxsplit=1)[0]
    found = _FOUND.search(head)
    if found is None:
        return None
    trial = int(found[1])
    genuine = hmac.compare_digest(_signature(account_id, trial).encode(), found[2].lower())
    return trial if genuine else None


def _signature(account_id: int, trial: int) -> str:
    key = b"salotto.trial|" + settings.SECRET_KEY.encode()
    return hmac.digest(key, f"{account_id}.{trial}".encode(), "sha256")[:16].hex()
