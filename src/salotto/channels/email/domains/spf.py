"""The parts of SPF (RFC 7208) that tell whether a server may send for a domain.

`allows` follows include, redirect, a, mx, ip4 and ip6, counts the lookups that receivers
count (4.6.4: ten at most), and leaves macros and `exists` alone, which it cannot know.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from salotto.channels.email.domains.resolver import Lookup

MOST_LOOKUPS = 10
PASS, OTHER, UNKNOWN = "pass", "other", "unknown"


class Broken(Exception):
    """The record cannot be read; `str()` is the part that is wrong."""


class TooManyLookups(Exception):
    """More than ten lookups: a permanent error for receivers."""


def records(texts: list[str]) -> list[str]:
    """Those TXT records that are SPF records (4.5)."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


@dataclass
class Walk:
    """One evaluation: the addresses that send, or the provider's include that stands for them.
    Provider's addresses change: its include is enough."""

    lookup: Lookup
    addresses: frozenset[str]
    include: str = ""
    asked: int = 0
    unsure: bool = False

    def allows(self, domain: str, record: str) -> str:
        """PASS, OTHER or UNKNOWN for the sending server. Raises Broken, TooManyLookups."""
        redirect = ""
        for term in record.split()[1:]:
            name, separator, value = _split(term)
            if separator == "=":
                redirect = value if name == "redirect" else redirect
            elif self._matches(name, value, domain):
                return PASS if term[0] not in "-~?" else self._otherwise()
        return self._nested(redirect) if redirect else self._otherwise()

    def _otherwise(self) -> str:
        return UNKNOWN if self.unsure else OTHER

    def _matches(self, name: str, value: str, domain: str) -> bool:
        if "%" in value or name in {"exists", "ptr"}:
            self._count()
            self.unsure = True
            return False
        match name:
            case "all":
                return True
            case "include":
                return value == self.include or self._nested(value) == PASS
            case "ip4" | "ip6":
                return self._within(value)
            case "a":
                return self._one_of(self._hosts_of([value.partition("/")[0] or domain]), value)
            case "mx":
                self._count()
                hosts = self.lookup.mx(value.partition("/")[0] or domain)[:MOST_LOOKUPS]
                return self._one_of([a for host in hosts if host for a in self.lookup.addresses(host)], value)
        raise Broken(name)

    def _nested(self, domain: str) -> str:
        self._count()
        found = records(self.lookup.txt(domain))
        if len(found) != 1:
            raise Broken(f"include:{domain}")
        return self.allows(domain, found[0])

    def _hosts_of(self, names: list[str]) -> list[str]:
        self._count()
        return [address for name in names for address in self.lookup.addresses(name)]

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MOST_LOOKUPS:
            raise TooManyLookups

    def _within(self, network: str) -> bool:
        try:
            net = ip_network(network, strict=False)
        except ValueError as error:
            raise Broken(network) from error
        return any(ip_address(address) in net for address in self.addresses)

    def _one_of(self, hosts: list[str], value: str) -> bool:
        length = value.partition("/")[2].partition("/")[0]
        networks = [f"{host}/{length}" if length and ":" not in host else host for host in hosts]
        return any(self._within(network) for network in networks)


def _split(term: str) -> tuple[str, str, str]:
    """A term's name in lower case, the separator that follows it, and its value (12)."""
    bare = term.lstrip("+-~?")
    places = [place for place in (bare.find(":"), bare.find("="), bare.find("/")) if place >= 0]
    if not places:
        return bare.lower(), "", ""
    place = min(places)
    value = bare[place:] if bare[place] == "/" else bare[place + 1 :]
    return bare[:place].lower(), bare[place], value.lower()
