"""One look at a domain: MX, SPF, DKIM, DMARC, each with what to change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from salotto.channels.email.domains import spf
from salotto.channels.email.domains.findings import Finding, Level, Record
from salotto.channels.email.domains.proposals import allows_the_world, proposed
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

_NONE = r"(;\s*{}\s*=\s*)none\b"
_NOBODY = re.compile("0+")
_SHARE = re.compile(r"\s*;\s*pct\s*=[^;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a domain: the host that its mail leaves by ("" when unknown), the
    selector and public key (base64) of its DKIM key, and whether mail is signed with it. `envelope`
    is the domain of the sender that the mail servers tell each other, "" if it is the same: SPF is
    asked of that one (RFC 7208 2.4)."""

    domain: str
    host: str = ""
    selector: str = ""
    public_key: str = ""
    signs: bool = False
    envelope: str = ""

    @property
    def include(self) -> str:
        """The SPF include of the service that sends, or ""."""
        ends = (value for end, value in PROVIDERS.items() if f".{self.host}".endswith(f".{end}"))
        return next(ends, "")

    @property
    def is_elsewhere(self) -> bool:
        """Whether SPF is asked of another domain."""
        return self.envelope not in ("", self.domain)


def check_domain(question: Question, lookup: Lookup) -> list[Finding]:
    """What the DNS says, in the order MX, SPF, DKIM, DMARC; what it does not answer is said. Where
    SPF is asked of another domain, that is said before what this one says."""
    found: list[Finding] = []
    for about, look in (("mx", _mx), ("spf", _spf), ("dkim", _dkim), ("dmarc", _dmarc)):
        if about == "spf" and question.is_elsewhere:
            found.append(_elsewhere(question))
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


def _elsewhere(question: Question) -> Finding:
    """Of which domain SPF is asked, and whether a pass there speaks for the From as well: for DMARC
    both have to be of one organisation (RFC 7489 3.1.2)."""
    pair = sorted((f".{question.domain}", f".{question.envelope}"), key=len)
    if pair[1].endswith(pair[0]):
        return Finding("spf", Level.GOOD, "spf_aligned", detail=question.envelope)
    level = Level.GOOD if question.signs else Level.WARNING
    return Finding("spf", level, "spf_elsewhere", detail=question.envelope)


def _spf(question: Question, lookup: Lookup) -> Finding:
    asked = replace(question, domain=question.envelope or question.domain)
    senders = _senders(asked, lookup)
    found = spf.records(lookup.txt(asked.domain))
    if not found:
        first = _record(asked, lookup, found, senders) if senders else None
        return Finding("spf", Level.BAD, "spf_missing", record=first)
    if len(found) > 1:
        one = _record(asked, lookup, found, senders)
        return Finding("spf", Level.BAD, "spf_many", " | ".join(found), str(len(found)), one)
    return _judged(asked, lookup, found[0], senders)


def _senders(question: Question, lookup: Lookup) -> list[spf.Sender]:
    """By whom mail leaves: a service, or each address of the host."""
    if question.include:
        return [spf.Sender(include=question.include)]
    addresses = lookup.addresses(question.host) if question.host else []
    return [spf.Sender(address=address) for address in sorted(set(addresses))]


def _judged(question: Question, lookup: Lookup, record: str, senders: list[spf.Sender]) -> Finding:
    try:
        results = {
            sender: spf.Walk(lookup, sender).allows(question.domain, record)
            for sender in senders or [spf.Sender()]
        }
    except spf.Broken as error:
        return Finding("spf", Level.BAD, "spf_broken", record, str(error))
    except spf.TooManyLookups:
        return Finding("spf", Level.BAD, "spf_lookups", record)
    missing = [sender for sender, result in results.items() if result == spf.OTHER]
    if allows_the_world(lookup, question.domain, record):
        better = _record(question, lookup, [record], senders)
        return Finding("spf", Level.BAD, "spf_anybody", record, record=better)
    if senders and missing:
        return _not_us(question, lookup, record, missing, partly=spf.PASS in results.values())
    known = set(results.values()) == {spf.PASS}
    return Finding(
        "spf", Level.GOOD if known else Level.WARNING, "spf_good" if known else "spf_unknown", record
    )


def _not_us(
    question: Question, lookup: Lookup, record: str, missing: list[spf.Sender], *, partly: bool
) -> Finding:
    better = _record(question, lookup, [record], missing)
    if partly:
        who = ", ".join(sender.address for sender in missing)
        return Finding("spf", Level.BAD, "spf_partly", record, who, better)
    return Finding("spf", Level.BAD, "spf_not_us", record, question.host, better)


def _record(question: Question, lookup: Lookup, found: list[str], senders: list[spf.Sender]) -> Record:
    """The record that should stand there, as short as it allows us."""
    domain = question.domain
    bare = proposed(lookup, domain, found, [])
    ours = [_mechanism(sender) for sender in senders if not _allows(lookup, domain, bare, sender)]
    return Record(domain, "TXT", proposed(lookup, domain, found, ours))


def _allows(lookup: Lookup, domain: str, record: str, sender: spf.Sender) -> bool:
    try:
        return spf.Walk(lookup, sender).allows(domain, record) == spf.PASS
    except (spf.Broken, spf.TooManyLookups):
        return False


def _mechanism(sender: spf.Sender) -> str:
    if sender.include:
        return f"include:{sender.include}"
    return f"ip6:{sender.address}" if ":" in sender.address else f"ip4:{sender.address}"


def _dkim(question: Question, lookup: Lookup) -> Finding:
    signer = not question.signs and not question.is_elsewhere and question.include in SIGNERS
    if not question.public_key or signer:
        return Finding("dkim", Level.GOOD, "dkim_elsewhere", detail=question.host)
    name = f"{question.selector}._domainkey.{question.domain}"
    wanted = Record(name, "TXT", f"v=DKIM1; k=rsa; p={question.public_key}")
    found = [text for text in lookup.txt(name) if "p" in tags(text)]
    if len(found) > 1:  # which of them a receiver takes is undefined (RFC 6376 3.6.2.2)
        return Finding("dkim", Level.BAD, "dkim_many", " | ".join(found), str(len(found)), wanted)
    if found and tags(found[0])["p"].replace(" ", "") != question.public_key:
        return Finding("dkim", Level.BAD, "dkim_other", found[0], record=wanted)
    if found:
        code = "dkim_good" if question.signs else "dkim_ready"
        return Finding("dkim", Level.GOOD if question.signs else Level.WARNING, code, found[0])
    level = Level.BAD if question.signs else Level.WARNING
    return Finding("dkim", level, "dkim_missing" if question.signs else "dkim_off", record=wanted)


def _dmarc(question: Question, lookup: Lookup) -> Finding:
    for domain in _upwards(question.domain):
        name = f"_dmarc.{domain}"
        found = [text for text in lookup.txt(name) if text.lower().startswith("v=dmarc1")]
        if len(found) > 1:
            one = Record(name, "TXT", found[0])
            return Finding("dmarc", Level.BAD, "dmarc_many", " | ".join(found), str(len(found)), one)
        if found:
            return _policy(found[0], name, below=domain != question.domain)
    first = _first_policy(f"_dmarc.{question.domain}")
    return Finding("dmarc", Level.WARNING, "dmarc_missing", record=first)


def _first_policy(name: str) -> Record:
    """A record that only watches."""
    owner = name.removeprefix("_dmarc.")
    return Record(name, "TXT", f"v=DMARC1; p=none; rua=mailto:postmaster@{owner}")


def _policy(record: str, name: str, *, below: bool) -> Finding:
    """What a record says to a domain; `below`: it is that of a domain above, whose `sp` is for those
    below it (RFC 7489 6.3)."""
    said = tags(record)
    tag = "sp" if below and "sp" in said else "p"
    policy = said.get(tag, "").lower()
    if policy == "none":
        code = "dmarc_watching_below" if tag == "sp" else "dmarc_watching"
        stricter = re.sub(_NONE.format(tag), r"\1quarantine", record, count=1, flags=re.IGNORECASE)
        owner = name.removeprefix("_dmarc.")
        return Finding("dmarc", Level.WARNING, code, record, owner, Record(name, "TXT", stricter))
    if policy not in {"quarantine", "reject"}:
        return Finding("dmarc", Level.BAD, "dmarc_broken", record, f"{tag}={policy}", _first_policy(name))
    if _NOBODY.fullmatch(said.get("pct", "")):
        whole = Record(name, "TXT", _SHARE.sub("", record))
        return Finding("dmarc", Level.WARNING, "dmarc_nobody", record, record=whole)
    return Finding("dmarc", Level.GOOD, "dmarc_good", record)


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
