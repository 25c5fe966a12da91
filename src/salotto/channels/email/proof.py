"""Whether a mail that bears an address of the team was sent from there: a DKIM signature of that
address's domain (RFC 6376) says so, and nothing else does.

From can be written by anybody, and so can Authentication-Results, which only whoever runs the
receiving server can tell from a forged one. Only keys of the domain in question are asked for:
a stranger cannot have us ask the DNS for anything else.

Whoever got a signed mail can send it on with other headers. So whatever says what it answers and
whom it is for must be signed too, as often as it is there; not every provider signs all of that.
Nor do all sign what type the text is of. Where that is unsigned, the text must be read the same way
whoever wrote the type: words that are quoted in it could be made its only part.
"""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from salotto.channels.email.domains.resolver import Lookup, Unreachable
from salotto.channels.email.mime import tree
from salotto.channels.email.mime.reading import Reading
from salotto.core import clock

log = logging.getLogger("salotto.email")

MOST_SIGNATURES = 3
"""Of one mail and its domain that are checked."""
_WORDS = ("from", "message-id")
_WHOLE = (*_WORDS, "in-reply-to", "references", "to", "cc", "reply-to", "subject", "date")
_TYPE, _ENCODING = "content-type", "content-transfer-encoding"
_PREAMBLE = re.compile(rb"\s*(?:This is an? [^\r\n]{0,60}MIME[^\r\n]{0,60}\s+)?\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")


class Signed(Enum):
    """What the domain of a mail's sender has signed of it: nothing; its words alone, which anybody
    who got them could have sent here; or also what it answers and whom it is for."""

    NOTHING = 0
    WORDS = 1
    WHOLE = 2


class Proof:
    """Looks at mails one after another; once the DNS is away, nothing is proven any more."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._away = False

    def of(self, raw: bytes, address: str) -> Signed:
        """How much of this mail the domain of this address (lower case) has signed, which has to
        stand in its From: at the least From, Message-ID and the whole text."""
        try:
            return self._signed(raw, address)
        except Exception as error:  # whatever is wrong with a signature, it proves nothing
            log.debug("A signature cannot be checked: %s", error)
            return Signed.NOTHING

    def _signed(self, raw: bytes, address: str) -> Signed:
        from dkim import DKIM  # only here: few mails bear an own address

        mail = DKIM(raw)
        senders = [value for name, value in mail.headers if name.strip().lower() == b"from"]
        if len(senders) != 1 or address.encode("utf-8", "surrogateescape") not in senders[0].lower():
            return Signed.NOTHING
        root = tree.read(raw, Reading())
        there = _there(root, mail.headers)
        places = _signatures(mail.headers, address.rpartition("@")[2])[:MOST_SIGNATURES]
        signed = filter(None, (self._covered(raw, place) for place in places))
        found = [_extent(there, covered, _is_plain(root, mail.body, there, covered)) for covered in signed]
        return max(found, key=lambda one: one.value, default=Signed.NOTHING)

    def _covered(self, raw: bytes, place: int) -> Counter[str]:
        """How often each header stands in a signature; of one that does not hold, none."""
        from dkim import DKIM, DKIMException

        mail = DKIM(raw)
        try:
            if self._away or not mail.verify(place, self._key):
                return Counter()
        except DKIMException:
            return Counter()
        return Counter(name.decode("ascii", "replace") for name in mail.include_headers)

    def _key(self, name: bytes, timeout: int = 5) -> bytes | None:
        """The TXT record of a key, as dkimpy asks for it."""
        try:
            found = self._lookup.txt(name.decode("ascii").rstrip("."))
        except Unreachable:
            self._away = True
            return None
        return found[0].encode() if found else None


def _there(root: tree.Node, headers: Sequence[tuple[bytes, bytes]]) -> Mapping[str, int]:
    """How often each header is there: to whoever checks signatures, or to us, who read what is
    broken more kindly; whichever is more."""
    theirs = Counter(name.decode("ascii").lower() for name, _ in headers)
    return theirs | Counter({name: len(values) for name, values in root.fields.items()})


def _is_plain(root: tree.Node, body: bytes, there: Mapping[str, int], covered: Mapping[str, int]) -> bool:
    """Whether the text has the type that its signer gave it: by the signature; or else it begins with
    its first part, or is nothing but text, so that no other type would show only some of it."""
    encoding = root.first(_ENCODING).strip().lower()
    packed = encoding == "base64" and _BASE64.fullmatch(root.data) is not None
    usual = packed or encoding in ("", "7bit", "8bit", "binary", "quoted-printable")
    if not (usual or covered[_ENCODING] >= max(1, there[_ENCODING])):
        return False
    if covered[_TYPE] >= max(1, there[_TYPE]):
        return True
    if not root.multipart:
        return root.kind[0] in ("text/plain", "text/html")
    before, mark, _ = body.partition(b"--" + root.boundary)
    return bool(mark) and _PREAMBLE.match(before) is not None


def _extent(there: Mapping[str, int], covered: Mapping[str, int], plain: bool) -> Signed:
    """What a signature is good for that holds and covers these headers so often."""
    if any(covered[name] < max(1, there[name]) for name in _WORDS):
        return Signed.NOTHING
    whole = plain and all(covered[name] >= there[name] for name in _WHOLE)
    return Signed.WHOLE if whole else Signed.WORDS


def _signatures(headers: Sequence[tuple[bytes, bytes]], domain: str) -> list[int]:
    """Which of a mail's signatures, counted from the top, are of the domain or one above it, of
    the whole text, and have not expired."""
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
        if b"l" not in tags and not _is_over(tags) and (signer == domain or above):
            found.append(place)
    return found


def _is_over(tags: Mapping[bytes, bytes]) -> bool:
    """Whether the signature was to be believed until a time that is past."""
    until = tags.get(b"x")
    return until is not None and not (until.isdigit() and int(until) > clock.now().timestamp())
