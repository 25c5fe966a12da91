"""The parts of SPF (RFC 7208) that tell whether a server may send for a domain.

A record is read whole first, as a receiver does: what is wrong behind the term that matches is wrong
as well (4.6). Then the terms are asked in their order, and the first that matches decides. `Walk`
follows include, redirect, a, mx, ip4 and ip6, counts the lookups that receivers count (4.6.4: ten at
most), and leaves macros, `exists` and `ptr` alone, which it cannot know.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from salotto.channels.email.domains.resolver import Lookup

MOST_LOOKUPS = 10
PASS, OTHER, UNKNOWN = "pass", "other", "unknown"
VERSION = "v=spf1"

_TERM = re.compile(r"([-+?~]?)([a-z][a-z0-9_.-]*)(?:([:=/])(.*))?", re.IGNORECASE | re.DOTALL)
_LENGTHS = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?")
_PLAIN = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_WIDEST = {4: 8, 6: 16}
"""Bits that even the largest networks of one owner have fixed; a wider one is the world."""


class Broken(Exception):
    """The record cannot be read; `str()` is the part that is wrong."""


class TooManyLookups(Exception):
    """More than ten lookups: a permanent error for receivers."""


def records(texts: list[str]) -> list[str]:
    """Those TXT records that are SPF records (4.5)."""
    return [text for text in texts if text.lower() == VERSION or text.lower().startswith(f"{VERSION} ")]


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a record: a mechanism with its qualifier, or a modifier (`name=value`). `text` is
    the word as it stands there; name and value are in lower case, "a/24" has the value "/24"."""

    text: str
    name: str = ""
    value: str = ""
    qualifier: str = "+"
    modifies: bool = False
    separator: str = ""

    @property
    def domain(self) -> str:
        """The name that an `a` or `mx` asks about, "" for the record's own domain."""
        return self.value.partition("/")[0]

    @property
    def lengths(self) -> tuple[str, str]:
        """The bits to compare for IPv4 and IPv6. Raises Broken."""
        found = _LENGTHS.fullmatch(self.value[len(self.domain) :])
        if found is None or int(found[1] or 0) > 32 or int(found[2] or 0) > 128:
            raise Broken(self.text)
        return found[1] or "32", found[2] or "128"


def terms_of(record: str) -> list[Term]:
    """The words of a record behind its version, right or wrong."""
    return [_term(word) for word in record.split()[1:]]


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    if found is None:
        return Term(word)
    qualifier, name, separator, value = found.groups(default="")
    value = f"/{value}" if separator == "/" else value
    modifies = separator == "=" and not qualifier
    return Term(word, name.lower(), value.lower(), qualifier or "+", modifies, separator)


def read(record: str) -> list[Term]:
    """The terms of a record. Raises Broken if any of them is none."""
    terms = terms_of(record)
    for term in terms:
        _must_be_one(term)
    for once in ("redirect", "exp"):
        if sum(term.modifies and term.name == once for term in terms) > 1:
            raise Broken(once)
    return terms


def _must_be_one(term: Term) -> None:
    """Whether a receiver can read it, else Broken."""
    if term.modifies:
        if term.name == "redirect" and not term.value:
            raise Broken(term.text)
        return
    named = {"include": ":", "exists": ":", "ip4": ":", "ip6": ":", "all": ""}
    fits = term.separator == named[term.name] if term.name in named else term.separator != "="
    if term.name not in _PLAIN or not fits or (term.separator == ":" and not term.domain):
        raise Broken(term.text)
    if term.name in ("ip4", "ip6"):
        network(term)
    elif term.name in ("a", "mx") and "%" not in term.value:
        _ = term.lengths


def network(term: Term) -> IPv4Network | IPv6Network:
    """The network of an ip4 or ip6. Raises Broken."""
    try:
        found = ip_network(term.value, strict=False)
    except ValueError as error:
        raise Broken(term.text) from error
    if found.version != int(term.name[2:]):
        raise Broken(term.text)
    return found


@dataclass(frozen=True, slots=True)
class Sender:
    """Who is asked about: a server by its address; a service, whose addresses change, by the include
    that stands for it; or whoever there is, with an address of the version `anybody`."""

    address: str = ""
    include: str = ""
    anybody: int = 0

    def is_within(self, net: IPv4Network | IPv6Network) -> bool:
        """Whether the network allows the sender."""
        if self.anybody:
            return net.version == self.anybody and net.prefixlen < _WIDEST[net.version]
        return bool(self.address) and ip_address(self.address) in net


@dataclass
class Walk:
    """One evaluation for one sender."""

    lookup: Lookup
    sender: Sender
    asked: int = 0
    unsure: bool = False

    def allows(self, domain: str, record: str) -> str:
        """PASS, OTHER or UNKNOWN. Raises Broken, TooManyLookups."""
        terms = read(record)
        for term in terms:
            if not term.modifies and self.matches(term, domain):
                return PASS if term.qualifier == "+" else self._otherwise()
        redirect = next((term for term in terms if term.modifies and term.name == "redirect"), None)
        return self._nested(redirect) if redirect else self._otherwise()

    def matches(self, term: Term, domain: str) -> bool:
        """Whether a mechanism matches the sender. Raises Broken, TooManyLookups."""
        if "%" in term.value or term.name in {"exists", "ptr"}:
            self._count()
            self.unsure = True
            return False
        match term.name:
            case "all":
                return True
            case "include":
                return self._nested(term) == PASS
            case "ip4" | "ip6":
                return self.sender.is_within(network(term))
            case _:
                return self._is_one_of(self._hosts(term, domain), term)

    def _otherwise(self) -> str:
        return UNKNOWN if self.unsure else OTHER

    def _nested(self, term: Term) -> str:
        self._count()
        if "%" in term.value:
            self.unsure = True
            return UNKNOWN
        if self.sender.include == term.value:
            return PASS
        found = records(self.lookup.txt(term.value))
        if len(found) != 1:
            raise Broken(term.text)
        return self.allows(term.value, found[0])

    def _hosts(self, term: Term, domain: str) -> list[str]:
        """The addresses that an `a` or `mx` stands for."""
        self._count()
        asked = term.domain or domain
        names = self.lookup.mx(asked) if term.name == "mx" else [asked]
        if len(names) > MOST_LOOKUPS:
            raise TooManyLookups
        return [address for name in names if name for address in self.lookup.addresses(name)]

    def _is_one_of(self, hosts: list[str], term: Term) -> bool:
        four, six = term.lengths
        nets = (ip_network(f"{host}/{six if ':' in host else four}", strict=False) for host in hosts)
        return any(self.sender.is_within(net) for net in nets)

    def _count(self) -> None:
        self.asked += 1
        if self.asked > MOST_LOOKUPS:
            raise TooManyLookups
