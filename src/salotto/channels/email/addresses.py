"""Own addresses of the installation's mail domain (`SALOTTO_MAIL_DOMAIN`).

Three kinds of local part, safe in lower case and under the 64 characters of RFC 5321 4.5.3.1.1:
`<mailbox key>` takes mail that is forwarded to a mailbox; `r-<account>-<conversation>-<signature>`
(numbers in base 36) leads an answer into its conversation, whoever sends it;
`b-<account>-<mail>-<signature>` is where a mail of ours comes back to that cannot be delivered.
The signature is 80 bits of HMAC-SHA-256 in base 32: an address cannot be guessed, only received.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Container, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from salotto.core.addresses import ascii_domain, email_key

ROLES = ("postmaster", "abuse")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SIGNED = re.compile(r"([rb])-([0-9a-z]{1,13})-([0-9a-z]{1,13})-([a-z2-7]{16})")
_BIGGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation that a signed reply address names."""

    account: int
    conversation: int


@dataclass(frozen=True, slots=True)
class Returned:
    """The mail of ours that a return address names."""

    account: int
    mail: int


def message_id(token: UUID, address: str) -> str:
    """The Message-ID, without angle brackets, of a mail from this address: the token in the
    address's domain, in ASCII, as an id may stand in a mail that any server takes."""
    try:
        domain = ascii_domain(address.rpartition("@")[2])
    except ValueError:  # then no mail leaves from there either
        domain = "salotto.invalid"
    return f"{token.hex}@{domain}"


def forwarding_address(key: str) -> str:
    """The address that takes mail for a mailbox; "" on a server without a mail domain."""
    return f"{key}@{settings.MAIL_DOMAIN}" if settings.MAIL_DOMAIN else ""


def reply_address(account: int, conversation: int) -> str:
    """The signed address of a conversation; "" on a server without a mail domain."""
    return _signed("r", account, conversation)


def return_address(account: int, mail: int) -> str:
    """The signed envelope sender of a mail of ours; "" on a server without a mail domain."""
    return _signed("b", account, mail)


def thread_of(address: str) -> Thread | None:
    """The conversation of a genuine signed reply address of ours, else None."""
    found = _opened("r", address)
    return found and Thread(*found)


def returned_mail(address: str) -> Returned | None:
    """The mail of a genuine signed return address of ours, else None."""
    found = _opened("b", address)
    return found and Returned(*found)


def _signed(kind: str, account: int, number: int) -> str:
    if not settings.MAIL_DOMAIN:
        return ""
    name = f"{kind}-{_base36(account)}-{_base36(number)}"
    return f"{name}-{_signature(name)}@{settings.MAIL_DOMAIN}"


def _opened(kind: str, address: str) -> tuple[int, int] | None:
    """Account and number of a signed address of this kind, else None."""
    found = _SIGNED.fullmatch(local_part(address) or "")
    if found is None or found[1] != kind:
        return None
    if not hmac.compare_digest(_signature(f"{kind}-{found[2]}-{found[3]}"), found[4]):
        return None
    account, number = int(found[2], 36), int(found[3], 36)
    return (account, number) if max(account, number) <= _BIGGEST else None


def local_part(address: str) -> str | None:
    """What stands before the @ of an address in our mail domain, in lower case and without a
    `+tag`; None for an address elsewhere."""
    local, _, domain = email_key(address).rpartition("@")
    if not settings.MAIL_DOMAIN or domain != settings.MAIL_DOMAIN:
        return None
    return local.partition("+")[0]


def is_role(address: str) -> bool:
    """Whether mail to this address is for whoever runs the mail domain: `postmaster`, with or without
    the domain (RFC 5321, 4.5.1), and `abuse` (RFC 2142)."""
    bare = address.strip().lower() == "postmaster" and bool(settings.MAIL_DOMAIN)
    return bare or local_part(address) in ROLES


def untagged(address: str) -> str:
    """The key of the address without the `+tag` of its local part."""
    local, at, domain = email_key(address).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def keys_in(*texts: str) -> Iterator[str]:
    """The keys of the addresses in these texts, one to a line, as a mailbox keeps its own."""
    return (email_key(line) for text in texts for line in text.splitlines() if line.strip())


def is_of(address: str, own: Container[str]) -> bool:
    """Whether the address is one of these (keys), maybe with a `+tag`, which leads there too."""
    return email_key(address) in own or untagged(address) in own


def _signature(name: str) -> str:
    key = b"salotto.reply|" + settings.SECRET_KEY.encode()
    return b32encode(hmac.digest(key, name.encode(), "sha256")[:10]).decode().lower()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
