"""Which addresses a mail's links and images may have."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from django.conf import settings

LONGEST = 4_096

_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f\"'<>\\^`{|}]+", re.IGNORECASE)
_IMAGE = re.compile(r"https?://[^\s\x00-\x1f\"'()<>\\^`{|}]+", re.IGNORECASE)
_DATA = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp|avif|x-icon|vnd\.microsoft\.icon);base64,[A-Za-z0-9+/\s]+={0,2}\s*",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[\t\n\r\f]+")
_TO_ENCODE = re.compile(r"[\s\"'()<>\\^`{|}]")
_LOCAL = re.compile(r"(?:.*\.)?(?:localhost|local|internal|lan|home\.arpa)", re.IGNORECASE)
_NUMBER = re.compile(r"\.(?:\d+|0x[0-9a-f]*)$", re.IGNORECASE)
"""Browsers read such a host as an address, however it is written."""


def link_address(address: str) -> str:
    """The address if a reader may be led there (https, http, mailto, tel), else empty."""
    found = _encoded(_BLANK.sub("", address).strip())
    return found if len(found) <= LONGEST and _LINK.fullmatch(found) else ""


def image_address(address: str) -> str:
    """The address of an image on the public web (https, http), else empty.

    No browser of an agent is made to knock at what is near it: addresses of the own machine,
    of private networks, and of this very installation are no images.
    """
    found = _BLANK.sub("", address).strip()
    found = _encoded(f"https:{found}" if found.startswith("//") else found)
    return found if len(found) <= LONGEST and _IMAGE.fullmatch(found) and _is_public(found) else ""


def data_address(address: str) -> str:
    """A picture that is inside the mail's own HTML, else empty; never SVG, which is a document."""
    return "".join(address.split()) if _DATA.fullmatch(address) else ""


def inline_address(address: str, inline: Mapping[str, str]) -> str:
    """What stands for a `cid:` address, else empty. `inline` is by content id in lower case:
    programs write it one way in the part's header and another way in the HTML."""
    return next((inline[name] for name in content_ids(address) if name in inline), "")


def content_ids(address: str) -> tuple[str, str]:
    """What a `cid:` address may name, in lower case: as it is written, and without percent codes."""
    name = address.strip()[4:].strip().strip("<>").lower()
    return name, unquote(name).lower()


def is_inline(address: str) -> bool:
    """Whether the address names another part of the same mail (RFC 2392)."""
    return address.strip()[:4].lower() == "cid:"


def _encoded(address: str) -> str:
    """With the signs that browsers forgive, and grammars do not, as percent codes."""
    return _TO_ENCODE.sub(lambda found: f"%{ord(found[0]):02X}" if ord(found[0]) < 128 else "%20", address)


def _is_public(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:  # nonsense that no browser resolves either
        return False
    host = normalize("NFKC", host).replace("\N{IDEOGRAPHIC FULL STOP}", ".").rstrip(".")
    if _is_ours(host):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and "%" not in host and not _NUMBER.search(host) and not _LOCAL.fullmatch(host)


def _is_ours(host: str) -> bool:
    """Our own pages get the reader's cookies with each request. No settings: no pages."""
    return settings.configured and host == urlsplit(settings.PUBLIC_URL).hostname
