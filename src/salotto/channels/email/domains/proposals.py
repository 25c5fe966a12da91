"""The SPF record that should stand in the DNS instead of what stands there.

It allows whom the old one allows or was meant to allow, and our sender, and never the whole world:
what stands behind an `all`, or a `redirect` beside one, is never asked by a receiver (RFC 7208 5.1,
6.1), so `all` is moved to the end, and the redirect becomes an include.
"""

from collections.abc import Sequence

from salotto.channels.email.domains.resolver import Lookup, Unreachable
from salotto.channels.email.domains.spf import (
    PASS,
    VERSION,
    Broken,
    Sender,
    Term,
    TooManyLookups,
    Walk,
    terms_of,
)

WORLD = (Sender(anybody=4), Sender(anybody=6))
_SOFT = "~all"


def allows_the_world(lookup: Lookup, domain: str, record: str) -> bool:
    """Whether a record lets anybody send, by either version of IP. What cannot be told is no yes."""
    return any(_allows(Walk(lookup, anybody), domain, record) for anybody in WORLD)


def _allows(walk: Walk, domain: str, record: str) -> bool:
    try:
        return walk.allows(domain, record) == PASS
    except (Broken, TooManyLookups, Unreachable):
        return False


def proposed(lookup: Lookup, domain: str, found: Sequence[str], ours: Sequence[str]) -> str:
    """One record instead of these (none: a first one), with the mechanisms of our sender in it."""
    written = [term for record in found for term in terms_of(record)]
    terms = [term for term in written if term.name != "all" and not _is_open(lookup, domain, term)]
    ends = [term.text for term in written if term.name == "all" and term.qualifier != "+"]
    if len(terms) < len(written) or len(found) != 1 or not any(map(_redirects, terms)):
        last, terms = [*ends, _SOFT][:1], [_included(term) for term in terms]
    else:
        last = []
    modifiers = {term.name: term.text for term in reversed(terms) if term.modifies}
    mechanisms = [term for term in terms if not term.modifies]
    words = [VERSION, *_with_ours(mechanisms, ours), *last, *reversed(modifiers.values())]
    return " ".join(dict.fromkeys(words))


def _with_ours(mechanisms: list[Term], ours: Sequence[str]) -> list[str]:
    """The mechanisms and ours, before any that could match our sender and refuse it."""
    place = next((at for at, term in enumerate(mechanisms) if term.qualifier != "+"), len(mechanisms))
    texts = [term.text for term in mechanisms]
    return [*texts[:place], *ours, *texts[place:]]


def _redirects(term: Term) -> bool:
    return term.modifies and term.name == "redirect"


def _included(term: Term) -> Term:
    """A redirect as the include that means the same where an `all` follows."""
    return Term(f"include:{term.value}", "include", term.value) if _redirects(term) else term


def _is_open(lookup: Lookup, domain: str, term: Term) -> bool:
    """Whether this term alone lets anybody send."""
    if term.qualifier != "+" or (term.modifies and not _redirects(term)):
        return False
    return allows_the_world(lookup, domain, f"{VERSION} {term.text}")
