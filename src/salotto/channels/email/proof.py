"""Whether a mail that bears an address of the team was sent from there: a DKIM signature of that
address's domain (RFC 6376) says so, and nothing else does.

From can be written by anybody, and so can Authentication-Results, which only whoever runs the
receiving server can tell from a forged one. Only keys of the domain in question are asked for:
a stranger cannot have us ask the DNS for anything else.
"""

import logging
from collections.abc import Sequence
from typing import Any

from salotto.channels.email.domains.resolver import Lookup, Unreachable

log = logging.getLogger("salotto.email")

MOST_SIGNATURES = 3
"""Of one mail and its domain that are checked."""
_COVERED = {b"from", b"message-id"}


class Proof:
    """Looks at mails one after another; once the DNS is away, nothing is proven any more."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._away = False

    def is_from(self, raw: bytes, address: str) -> bool:
        """Whether the domain of this address (lower case) has signed the mail's From, which has
        the address in it, its Message-ID and its whole text."""
        try:
            return self._is_signed(raw, address)
        except Exception as error:  # whatever is wrong with a signature, it proves nothing
            log.debug("A signature cannot be checked: %s", error)
            return False

    def _is_signed(self, raw: bytes, address: str) -> bool:
        from dkim import DKIM  # only here: few mails bear an own address

        mail = DKIM(raw)
        senders = [value for name, value in mail.headers if name.strip().lower() == b"from"]
        if len(senders) != 1 or address.encode("utf-8", "surrogateescape") not in senders[0].lower():
            return False
        places = _signatures(mail.headers, address.rpartition("@")[2])
        return any(self._holds(raw, place) for place in places[:MOST_SIGNATURES])

    def _holds(self, raw: bytes, place: int) -> bool:
        from dkim import DKIM, DKIMException

        mail = DKIM(raw)
        try:
            return (
                not self._away
                and bool(mail.verify(place, self._key))
                and set(mail.include_headers) >= _COVERED
            )
        except DKIMException:
            return False

    def _key(self, name: bytes, timeout: int = 5) -> bytes | None:
        """The TXT record of a key, as dkimpy asks for it."""
        try:
            found = self._lookup.txt(name.decode("ascii").rstrip("."))
        except Unreachable:
            self._away = True
            return None
        return found[0].encode() if found else None


def _signatures(headers: Sequence[tuple[bytes, bytes]], domain: str) -> list[int]:
    """Which of a mail's signatures, counted from the top, are of the domain or one above it, and
    of the whole text."""
    from dkim.util import InvalidTagValueList, parse_tag_value

    found = []
    values = [value for name, value in headers if name.lower() == b"dkim-signature"]
    for place, value in enumerate(values[:50]):
        try:
            tags: dict[bytes, Any] = parse_tag_value(value)
        except InvalidTagValueList:
            continue
        signer = tags.get(b"d", b"").decode("ascii", "replace").lower()
        above = "." in signer and domain.endswith(f".{signer}")
        if b"l" not in tags and (signer == domain or above):
            found.append(place)
    return found
