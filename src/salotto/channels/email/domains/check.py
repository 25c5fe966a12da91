"""One look at a domain: MX, SPF, DKIM, DMARC, each with what to change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from salotto.channels.email.domains import spf
from salotto.channels.email.domains.findings import Finding, Level, Record
from salotto.channels.email.domains.resolver import Lookup, Unreachable

PROVIDERS = {
    "gmail.com": "_spf.google.com",
    "google.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
    "amazonaws.com": "amazonses.com",
    "sendgrid.net": "sendgrid.net",
    "mailgun.org": "mailgun.org",
    "postmarkapp.com": "spf.mtasv.net",
    "brevo.com": "spf.brevo.com",
    "mailjet.com": "spf.mailjet.com",
    "zoho.eu": "zohomail.eu",
    "zoho.com": "zohomail.com",
    "fastmail.com": "spf.messagingengine.com",
    "ionos.com": "_spf-eu.ionos.com",
    "aruba.it": "_spf.aruba.it",
    "ovh.net": "mx.ovh.com",
}
"""The SPF include of services that send from other addresses than the one we connect to, by the
end of their host names; from their own setup pages."""
SIGNERS = frozenset({"_spf.google.com", "spf.protection.outlook.com"})
"""Of those, the services that sign what leaves by them with the customer's own key."""

_NONE = re.compile(r"(;\s*p\s*=\s*)none\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a domain: the host that its mail leaves by ("" when unknown), the
    selector and public key (base64) of its DKIM key, and whether mail is signed with it."""

    domain: str
    host: str = ""
    selector: str = ""
    public_key: str = ""
    signs: bool = False

    @property
    def include(self) -> str:
        """The SPF include of the service that sends, or ""."""
        ends = (value for end, value in PROVIDERS.items() if f".{self.host}".endswith(f".{end}"))
        return next(ends, "")


def check_domain(question: Question, lookup: Lookup) -> list[Finding]:
    """What the DNS says, in the order MX, SPF, DKIM, DMARC; what it does not answer is said."""
    found: list[Finding] = []
    for about, look in (("mx", _mx), ("spf", _spf), ("dkim", _dkim), ("dmarc", _dmarc)):
        try:
            found.append(look(question, lookup))
        except Unreachable:
            found.append(Finding(about, Level.WARNING, "unreachable"))
    return found


def _mx(question: Question, lookup: Lookup) -> Finding:
    hosts = lookup.mx(question.domain)
    if hosts == [""]:
        return Finding("mx", Level.BAD, "mx_refused", "0 .")
    if hosts:
        return Finding("mx", Level.GOOD, "mx_good", ", ".join(hosts[:3]))
    if lookup.addresses(question.domain):  # the implicit MX of RFC 5321 5.1
        return Finding("mx", Level.WARNING, "mx_address")
    return Finding("mx", Level.BAD, "mx_missing")


def _spf(question: Question, lookup: Lookup) -> Finding:
    found = spf.records(lookup.txt(question.domain))
    if len(found) > 1:
        one = Record(question.domain, "TXT", _merged(found))
        return Finding("spf", Level.BAD, "spf_many", " | ".join(found), str(len(found)), one)
    addresses = frozenset(lookup.addresses(question.host)) if question.host else frozenset()
    if not found:
        return Finding("spf", Level.BAD, "spf_missing", record=_spf_record(question, "", addresses))
    return _judged(question, lookup, found[0], addresses)


def _judged(question: Question, lookup: Lookup, record: str, addresses: frozenset[str]) -> Finding:
    if record.lower().split()[-1] in {"all", "+all"}:
        closed = Record(question.domain, "TXT", record.rsplit(" ", 1)[0] + " ~all")
        return Finding("spf", Level.BAD, "spf_anybody", record, record=closed)
    walk = spf.Walk(lookup, addresses, question.include)
    try:
        result = walk.allows(question.domain, record)
    except spf.Broken as error:
        return Finding("spf", Level.BAD, "spf_broken", record, str(error))
    except spf.TooManyLookups:
        return Finding("spf", Level.BAD, "spf_lookups", record)
    if result == spf.PASS:
        return Finding("spf", Level.GOOD, "spf_good", record)
    if result == spf.UNKNOWN or not (addresses or question.include):
        return Finding("spf", Level.WARNING, "spf_unknown", record)
    better = _spf_record(question, record, addresses)
    return Finding("spf", Level.BAD, "spf_not_us", record, question.host, better)


def _spf_record(question: Question, record: str, addresses: frozenset[str]) -> Record | None:
    """The record with our sending server added before its last word."""
    ours = [f"include:{question.include}"] if question.include else sorted(_network(a) for a in addresses)
    if not ours:
        return None
    terms = record.split() or ["v=spf1", "~all"]
    last = len(terms) - 1 if terms[-1].lstrip("+-~?").lower() == "all" else len(terms)
    return Record(question.domain, "TXT", " ".join([*terms[:last], *ours, *terms[last:]]))


def _merged(records: list[str]) -> str:
    """One SPF record that allows whoever any of these allows; it ends as the first one does."""
    terms = [term for record in records for term in record.split()[1:]]
    ends = [term for term in terms if term.lstrip("+-~?").lower() == "all"] or ["~all"]
    return " ".join(["v=spf1", *dict.fromkeys(term for term in terms if term not in ends), ends[0]])


def _network(address: str) -> str:
    return f"ip6:{address}" if ":" in address else f"ip4:{address}"


def _dkim(question: Question, lookup: Lookup) -> Finding:
    if not question.public_key or (not question.signs and question.include in SIGNERS):
        return Finding("dkim", Level.GOOD, "dkim_elsewhere", detail=question.host)
    name = f"{question.selector}._domainkey.{question.domain}"
    wanted = Record(name, "TXT", f"v=DKIM1; k=rsa; p={question.public_key}")
    found = [text for text in lookup.txt(name) if "p" in tags(text)]
    keys = {tags(text)["p"].replace(" ", "") for text in found}
    if question.public_key in keys:
        code = "dkim_good" if question.signs else "dkim_ready"
        return Finding("dkim", Level.GOOD if question.signs else Level.WARNING, code, found[0])
    level = Level.BAD if question.signs else Level.WARNING
    if keys:
        return Finding("dkim", Level.BAD, "dkim_other", found[0], record=wanted)
    return Finding("dkim", level, "dkim_missing" if question.signs else "dkim_off", record=wanted)


def _dmarc(question: Question, lookup: Lookup) -> Finding:
    for domain in _upwards(question.domain):
        name = f"_dmarc.{domain}"
        found = [text for text in lookup.txt(name) if text.lower().startswith("v=dmarc1")]
        if len(found) > 1:
            one = Record(name, "TXT", found[0])
            return Finding("dmarc", Level.BAD, "dmarc_many", " | ".join(found), str(len(found)), one)
        if found:
            return _policy(found[0], name)
    first = _first_policy(f"_dmarc.{question.domain}")
    return Finding("dmarc", Level.WARNING, "dmarc_missing", record=first)


def _first_policy(name: str) -> Record:
    """A record that only watches."""
    owner = name.removeprefix("_dmarc.")
    return Record(name, "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{owner}")


def _policy(record: str, name: str) -> Finding:
    policy = tags(record).get("p", "").lower()
    if policy in {"quarantine", "reject"}:
        return Finding("dmarc", Level.GOOD, "dmarc_good", record)
    if policy == "none":
        stricter = Record(name, "TXT", _NONE.sub(r"\1quarantine", record, count=1))
        return Finding("dmarc", Level.WARNING, "dmarc_watching", record, record=stricter)
    return Finding("dmarc", Level.BAD, "dmarc_broken", record, f"p={policy}", _first_policy(name))


def _upwards(domain: str) -> Iterator[str]:
    """The domain and those above it, down to two labels: the organisational one is among them
    (RFC 7489 6.6.3; a record at a public suffix of two labels would be its registry's own)."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - 1)):
        yield ".".join(labels[first:])


def tags(record: str) -> dict[str, str]:
    """The `name=value` pairs of a DKIM or DMARC record (RFC 6376 3.2), names in lower case."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
