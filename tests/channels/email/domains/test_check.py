"""What a domain's DNS says about its mail, and what should change."""

from dataclasses import dataclass, field

import pytest

from salotto.channels.email.domains import Finding, Level, Question, Record, check_domain
from salotto.channels.email.domains.findings import WORDS
from salotto.channels.email.domains.resolver import Unreachable

SHOP = Question("shop.example", "smtp.shop.example", "salotto", "KEY", signs=True)
GOOGLE = Question("shop.example", "smtp.gmail.com", "salotto", "KEY", signs=False)
ADDRESSES = {"smtp.shop.example": ["192.0.2.25", "2001:db8::25"]}
OURS = ("ip4:192.0.2.25", "ip6:2001:db8::25")
BOTH = " ".join(OURS)
NESTED = {
    "first_example": f"v=spf1 {BOTH} -all",
    "other_example": "v=spf1 ip4:198.51.100.1 ~all",
    "open_example": "v=spf1 +all",
    "loop_example": "v=spf1 include:loop.example",
}
DMARC = {"_dmarc.shop.example": ["v=DMARC1; p=reject"]}
DKIM = {"salotto._domainkey.shop.example": ["v=DKIM1; k=rsa; p=KEY"]}


@dataclass
class Zone:
    """A DNS in memory; `away` names cannot be asked."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    exchangers: dict[str, list[str]] = field(default_factory=dict)
    hosts: dict[str, list[str]] = field(default_factory=lambda: dict(ADDRESSES))
    away: frozenset[str] = frozenset()

    def txt(self, name: str) -> list[str]:
        if name in self.away:
            raise Unreachable
        return self.texts.get(name, [])

    def mx(self, name: str) -> list[str]:
        return self.exchangers.get(name, [])

    def addresses(self, name: str) -> list[str]:
        return self.hosts.get(name, [])


def spf(record: str, *, question: Question = SHOP, **more: str) -> Finding:
    texts = {"shop.example": [record], **{name.replace("_", "."): [text] for name, text in more.items()}}
    exchangers = {"shop.example": ["mx.shop.example"]}
    hosts = ADDRESSES | {
        "mx.shop.example": ADDRESSES["smtp.shop.example"],
        "near.example": ["192.0.2.1", "2001:db8:1::1"],
        "other.example": ["198.51.100.1"],
    }
    return check_domain(question, Zone(texts, exchangers, hosts))[1]


def test_a_domain_in_order() -> None:
    texts = {"shop.example": ["v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::25 -all"], **DKIM, **DMARC}
    found = check_domain(SHOP, Zone(texts, {"shop.example": ["mx.shop.example"]}))
    assert [(one.about, one.level) for one in found] == [
        ("mx", "good"), ("spf", "good"), ("dkim", "good"), ("dmarc", "good"),
    ]  # fmt: skip


def test_a_domain_without_anything() -> None:
    found = check_domain(SHOP, Zone())
    assert [one.code for one in found] == ["mx_missing", "spf_missing", "dkim_missing", "dmarc_missing"]
    assert [one.record for one in found[1:]] == [
        Record("shop.example", "TXT", "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 ~all"),
        Record("salotto._domainkey.shop.example", "TXT", "v=DKIM1; k=rsa; p=KEY"),
        Record("_dmarc.shop.example", "TXT", "v=DMARC1; p=none; rua=mailto:postmaster@shop.example"),
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("v=spf1 ip4:192.0.2.25 ip6:2001:db8::/32 -all", "spf_good"),
        ("v=spf1 ip4:192.0.2.25 -all", "spf_partly"),
        ("v=spf1 ip6:2001:db8::/32 -all", "spf_partly"),
        ("v=spf1 a:smtp.shop.example ~all", "spf_good"),
        ("v=spf1 mx -all", "spf_good"),
        ("v=spf1 a:near.example/24//32 -all", "spf_good"),
        ("v=spf1 a:near.example/24 -all", "spf_partly"),
        ("v=spf1 include:first.example -all", "spf_good"),
        ("v=spf1 redirect=first.example", "spf_good"),
        ("V=SPF1 MX -ALL", "spf_good"),
        ("v=spf1 a:other.example -all", "spf_not_us"),
        ("v=spf1 -mx ~all", "spf_not_us"),
        ("v=spf1 ?mx -all", "spf_not_us"),
        ("v=spf1", "spf_not_us"),
        ("v=spf1 -all mx", "spf_not_us"),
        ("v=spf1 mx include:missing.example -all", "spf_good"),
        ("v=spf1 include:missing.example -all", "spf_broken"),
        ("v=spf1 include: -all", "spf_broken"),
        ("v=spf1 mx -all include:", "spf_broken"),
        ("v=spf1 mx redirect=", "spf_broken"),
        ("v=spf1 mx redirect=first.example redirect=first.example", "spf_broken"),
        ("v=spf1 ip4:192.0.2.999 -all", "spf_broken"),
        ("v=spf1 ip4:2001:db8::25 -all", "spf_broken"),
        ("v=spf1 mx/33 -all", "spf_broken"),
        ("v=spf1 mx ip4=192.0.2.25 ++all", "spf_broken"),
        ("v=spf1 ipv4:192.0.2.25 -all", "spf_broken"),
        ("v=spf1 exists:%{i}.list.example -all", "spf_unknown"),
        ("v=spf1 ip4:192.0.2.25 +all", "spf_anybody"),
        ("v=spf1 all", "spf_anybody"),
        ("v=spf1 +all -all", "spf_anybody"),
        ("v=spf1 all include:first.example", "spf_anybody"),
        ("v=spf1 +all redirect=first.example", "spf_anybody"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "spf_anybody"),
        ("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 mx -all", "spf_anybody"),
        ("v=spf1 mx ip6:2000::/3 -all", "spf_anybody"),
        ("v=spf1 a:other.example/0 mx -all", "spf_anybody"),
        ("v=spf1 mx include:open.example -all", "spf_anybody"),
        ("v=spf1 redirect=open.example", "spf_anybody"),
        ("v=spf1 mx -ip4:0.0.0.0/0 -all", "spf_good"),
        ("v=spf1 include:loop.example -all", "spf_lookups"),
    ],
)
def test_who_may_send(record: str, code: str) -> None:
    assert spf(record, **NESTED).code == code


@pytest.mark.parametrize(
    ("record", "better"),
    [
        ("v=spf1 ip4:192.0.2.25 -all", f"v=spf1 ip4:192.0.2.25 {OURS[1]} -all"),
        ("v=spf1 -all ip4:198.51.100.9", f"v=spf1 ip4:198.51.100.9 {BOTH} -all"),
        ("v=spf1 -mx ~all", f"v=spf1 {BOTH} -mx ~all"),
        ("v=spf1 a:other.example", f"v=spf1 a:other.example {BOTH} ~all"),
        ("v=spf1 redirect=other.example exp=w.ex", f"v=spf1 {BOTH} redirect=other.example exp=w.ex"),
        ("v=spf1 redirect=other.example ?all", f"v=spf1 include:other.example {BOTH} ?all"),
        ("v=spf1 +all -all", f"v=spf1 {BOTH} -all"),
        ("v=spf1 mx +all", "v=spf1 mx ~all"),
        ("v=spf1 all include:first.example", "v=spf1 include:first.example ~all"),
        ("v=spf1 ip4:0.0.0.0/0 mx -all", "v=spf1 mx -all"),
        ("v=spf1 include:open.example a:other.example -all", f"v=spf1 a:other.example {BOTH} -all"),
        ("v=spf1 redirect=open.example", f"v=spf1 {BOTH} ~all"),
    ],
)  # fmt: skip
def test_what_is_proposed_is_good_once_it_stands_there(record: str, better: str) -> None:
    found = spf(record, **NESTED).record
    assert found == Record("shop.example", "TXT", better)
    assert spf(better, **NESTED).code == "spf_good"


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("v=spf1 ip4:192.0.2.25 +all", "v=spf1 a:c.example -all", f"{OURS[0]} a:c.example {OURS[1]} -all"),
        ("v=spf1 redirect=other.example", "v=spf1 mx -all", "include:other.example mx -all"),
        ("v=spf1 mx", "v=spf1 a:other.example +all", "mx a:other.example ~all"),
        ("v=spf1 mx ?all exp=a.example", "v=spf1 mx -all exp=b.example", "mx ?all exp=a.example"),
    ],
)  # fmt: skip
def test_of_several_records_one_is_made_that_allows_whom_they_meant(
    first: str, second: str, one: str
) -> None:
    texts = {name.replace("_", "."): [text] for name, text in NESTED.items()}
    hosts = ADDRESSES | {"mx.shop.example": ADDRESSES["smtp.shop.example"]}
    zone = Zone(texts | {"shop.example": [first, second]}, {"shop.example": ["mx.shop.example"]}, hosts)
    record = check_domain(SHOP, zone)[1].record
    assert record
    assert record.value == f"v=spf1 {one}"
    zone.texts["shop.example"] = [record.value]
    assert check_domain(SHOP, zone)[1].code == "spf_good"


def test_which_address_is_missing_is_said() -> None:
    assert "2001:db8::25" in spf("v=spf1 ip4:192.0.2.25 -all").words


def test_what_to_add_stands_before_the_last_word() -> None:
    record = spf("v=spf1 a:other.example -all").record
    assert record
    assert record.value == "v=spf1 a:other.example ip4:192.0.2.25 ip6:2001:db8::25 -all"


def test_a_known_service_is_allowed_by_its_own_name() -> None:
    assert spf("v=spf1 include:_spf.google.com ~all", question=GOOGLE).code == "spf_good"
    missing = spf("v=spf1 mx ~all", question=GOOGLE)
    assert missing.code == "spf_not_us"
    assert missing.record == Record("shop.example", "TXT", "v=spf1 mx include:_spf.google.com ~all")


def test_a_host_that_only_ends_alike_is_no_known_service() -> None:
    assert Question("shop.example", "smtp.notgmail.com").include == ""


def test_two_records_are_none() -> None:
    texts = {
        "shop.example": ["v=spf1 -all", "v=spf1 mx -all"],
        "_dmarc.shop.example": ["v=DMARC1; p=none"] * 2,
    }
    found = {one.about: one for one in check_domain(SHOP, Zone(texts))}
    assert found["spf"].code == "spf_many"
    assert found["dmarc"].code == "dmarc_many"
    assert "2 SPF records" in found["spf"].words
    assert found["spf"].record == Record("shop.example", "TXT", f"v=spf1 mx {BOTH} -all")
    assert found["dmarc"].record == Record("_dmarc.shop.example", "TXT", "v=DMARC1; p=none")


def test_another_text_record_is_no_spf_record() -> None:
    found = check_domain(SHOP, Zone({"shop.example": ["v=spf10 -all", "google-site-verification=1"]}))
    assert found[1].code == "spf_missing"


@pytest.mark.parametrize(
    ("texts", "question", "code"),
    [
        (DKIM, SHOP, "dkim_good"),
        ({}, SHOP, "dkim_missing"),
        ({"salotto._domainkey.shop.example": ["p=OTHER"]}, SHOP, "dkim_other"),
        ({"salotto._domainkey.shop.example": ["v=DKIM1; p=KEY", "v=DKIM1; p="]}, SHOP, "dkim_many"),
        (DKIM, Question("shop.example", "", "salotto", "KEY"), "dkim_ready"),
        ({}, Question("shop.example", "", "salotto", "KEY"), "dkim_off"),
        ({}, GOOGLE, "dkim_elsewhere"),
    ],
)
def test_the_key_for_signatures(texts: dict[str, list[str]], question: Question, code: str) -> None:
    assert check_domain(question, Zone(texts))[2].code == code


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("v=DMARC1; p=quarantine; rua=mailto:a@b.example", "dmarc_good"),
        ("v=DMARC1;p=none", "dmarc_watching"),
        ("v=DMARC1; p=reject; sp=none; pct=50", "dmarc_good"),
        ("v=DMARC1; p=reject; pct=0", "dmarc_nobody"),
        ("v=DMARC1; p=whatever", "dmarc_broken"),
    ],
)
def test_what_forged_mail_deserves(record: str, code: str) -> None:
    assert check_domain(SHOP, Zone({"_dmarc.shop.example": [record]}))[3].code == code


@pytest.mark.parametrize(
    ("record", "better"),
    [
        (
            "v=DMARC1; p=none; sp=none; rua=mailto:a@b.example",
            "v=DMARC1; p=quarantine; sp=none; rua=mailto:a@b.example",
        ),
        ("v=DMARC1;P = None", "v=DMARC1;P = quarantine"),
        ("v=DMARC1; p=reject; pct=0; adkim=s", "v=DMARC1; p=reject; adkim=s"),
        ("v=DMARC1; p=whatever", "v=DMARC1; p=none; rua=mailto:postmaster@shop.example"),
    ],
)
def test_the_record_to_publish_instead_is_said(record: str, better: str) -> None:
    found = check_domain(SHOP, Zone({"_dmarc.shop.example": [record]}))[3]
    assert found.record == Record("_dmarc.shop.example", "TXT", better)


def test_the_domain_above_speaks_for_one_below() -> None:
    below = Question("mail.shop.example")
    assert check_domain(below, Zone(DMARC))[3].code == "dmarc_good"


def test_the_domain_above_may_say_something_else_for_those_below() -> None:
    above = {"_dmarc.shop.example": ["v=DMARC1; p=reject; sp=none"]}
    found = check_domain(Question("mail.shop.example"), Zone(above))[3]
    assert found.code == "dmarc_watching_below"
    assert found.record == Record("_dmarc.shop.example", "TXT", "v=DMARC1; p=reject; sp=quarantine")


@pytest.mark.parametrize(
    ("envelope", "signs", "code", "level"),
    [
        ("in.host.example", False, "spf_elsewhere", "warning"),
        ("in.host.example", True, "spf_elsewhere", "good"),
        ("in.shop.example", False, "spf_aligned", "good"),
    ],
)
def test_spf_is_asked_of_the_domain_that_mail_comes_back_to(
    envelope: str, signs: bool, code: str, level: str
) -> None:
    question = Question("shop.example", "smtp.shop.example", "salotto", "KEY", signs, envelope)
    texts = {"shop.example": ["v=spf1 -all"], envelope: [f"v=spf1 {BOTH} -all"]}
    found = [one for one in check_domain(question, Zone(texts)) if one.about == "spf"]
    assert [(one.code, one.level) for one in found] == [(code, level), ("spf_good", "good")]
    assert envelope in found[0].words


def test_a_null_mx_takes_no_mail() -> None:
    assert check_domain(SHOP, Zone(exchangers={"shop.example": [""]}))[0].code == "mx_refused"


def test_what_the_dns_does_not_answer_is_not_called_missing() -> None:
    found = check_domain(SHOP, Zone(away=frozenset({"shop.example"})))
    assert [one.code for one in found] == ["mx_missing", "unreachable", "dkim_missing", "dmarc_missing"]


def test_every_finding_has_words_and_survives_the_database() -> None:
    for code in WORDS:
        finding = Finding("spf", Level.BAD, code, "x", "y", Record("a", "TXT", "b"))
        assert finding.words
        assert Finding.from_json(finding.as_json()) == finding
