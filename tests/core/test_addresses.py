"""The key of an address: one for all its spellings, another for each other address."""

import pytest

from salotto.core.addresses import ascii_domain, domain_key, email_key, spellings

BOOKS = "anna@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Anna.Rossi@Customer.Example", "anna.rossi@customer.example"),
        (" anna@customer.example\t", "anna@customer.example"),
        ("anna@customer.example.", "anna@customer.example"),
        ("anna@bücher.example", BOOKS),
        ("ANNA@BÜCHER.example", BOOKS),
        ("anna@bu\u0308cher.example", BOOKS),
        ("anna@XN--Bcher-KVA.example.", BOOKS),
        ("e\u0301milie@customer.example", "émilie@customer.example"),
        ("ÉMILIE@customer.example", "émilie@customer.example"),
        ('"info"@shop.example', "info@shop.example"),
        (r'"in\fo"@shop.example', "info@shop.example"),
        ('"a..b."@docomo.example', "a..b.@docomo.example"),
        ('"Anna Rossi"@shop.example', '"anna rossi"@shop.example'),
        (r'"a\"b"@shop.example', r'"a\"b"@shop.example'),
        ('"a@b"@bücher.example', '"a@b"@xn--bcher-kva.example'),
        ('""@shop.example', '""@shop.example'),
        ("anna+news@shop.example", "anna+news@shop.example"),
        ("anna@[192.0.2.1]", "anna@[192.0.2.1]"),
        ("anna@mail_1.intern", "anna@mail_1.intern"),
        ("Anna@☃.example", "anna@☃.example"),
        ("postmaster", "postmaster"),
        ("@", "@"),
        ("", ""),
    ],
)
def test_the_key_of_an_address(written: str, key: str) -> None:
    assert email_key(written) == key
    assert email_key(key) == key


@pytest.mark.parametrize(
    "domain", ["\u212aunde.example", "\uff4bunde.example", "kun\u00adde.example", "kunde\u3002example"]
)
def test_a_domain_that_only_looks_like_another_is_another(domain: str) -> None:
    assert "anna@kunde.example" not in (email_key(f"anna@{domain}"), *spellings(f"Anna@{domain}"))
    assert email_key(email_key(f"Anna@{domain}")) == email_key(f"Anna@{domain}")


def test_an_endless_domain_is_no_work() -> None:
    assert email_key("a@" + "ü" * 100_000).startswith("a@ü")


def test_a_domain_by_itself() -> None:
    assert domain_key(" Bücher.EXAMPLE. ") == domain_key("xn--bcher-kva.example") == "xn--bcher-kva.example"
    assert ascii_domain("straße.example") == "xn--strae-oqa.example"
    with pytest.raises(ValueError, match="no domain"):
        ascii_domain("a b.example")


def test_rows_are_looked_up_by_every_spelling_that_they_may_have() -> None:
    assert spellings("Anna@customer.example") == ("anna@customer.example",)
    assert spellings("anna@Bücher.example") == spellings(BOOKS) == (BOOKS, "anna@bücher.example")
    assert spellings('"Info"@shop.example') == ("info@shop.example", '"info"@shop.example')
    assert spellings("anna@xn--a.example") == ("anna@xn--a.example",)
