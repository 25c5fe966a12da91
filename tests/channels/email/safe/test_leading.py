"""A link that says another host than the one it leads to."""

import time

import pytest

from salotto.channels.email.safe.frame import frame_document
from salotto.channels.email.safe.html import safe_html
from salotto.channels.email.safe.leading import MOST_LINES, lines_above, with_hosts


def shown(href: str, words: str) -> str:
    return with_hosts(safe_html(f'<p><a title="a>b" href="{href}">{words}</a></p>'))


@pytest.mark.parametrize(
    ("href", "words", "host"),
    [
        ("https://evil.example/x", "https://www.bank.example/login", "evil.example"),
        ("https://evil.example/x", "www.bank.example", "evil.example"),
        ("https://evil.example/x", "bank.example/login?a=1", "evil.example"),
        ("https://evil.example/x", "info@bank.example", "evil.example"),
        ("mailto:thief@evil.example?subject=bank.example", "info@bank.example", "evil.example"),
        ("https://evil.example", "Sign in at http://bank.example now", "evil.example"),
        ("https://evil.example", "<b>bank</b>.ex<span>ample</span>", "evil.example"),
        ("https://evil.example", "bank&#8203;.example", "evil.example"),
        ("https://evil.example", "<br>Visit us<br>www.bank.example<br>", "evil.example"),
        ("https://bank.example@evil.example/", "https://bank.example@evil.example/", "evil.example"),
        ("https:////evil.example/", "bank.example", "evil.example"),
        ("https://%65vil.example:8443/", "bank.example", "evil.example"),
        ("https://bank.example.evil.example/", "bank.example", "bank.example.evil.example"),
        ("https://notbank.example/", "bank.example", "notbank.example"),
        ("https://203.0.113.9/", "bank.example", "203.0.113.9"),
        ("https://b\u00e4nk.example/", "bank.example", "xn--bnk-qla.example"),
    ],
)
def test_a_link_that_says_another_host_says_where_it_leads(href: str, words: str, host: str) -> None:
    assert shown(href, words).endswith(f'</a><small class="leads" dir="auto">leads to {host}</small></p>')


@pytest.mark.parametrize(
    ("href", "words"),
    [
        ("https://bank.example/x", "https://www.bank.example/login"),
        ("https://WWW.bank.example./x", "bank.example"),
        ("https://click.bank.example/x", "Bank.Example"),
        ("https://stra\u00dfe.example/", "xn--strae-oqa.example"),
        ("https://b\u00fccher.example/", "www.xn--bcher-kva.example"),
        ("mailto:info@bank.example", "info@bank.example"),
        ("https://shop.example/x", "Our shop"),
        ("https://drive.example/x", "invoice.pdf"),
        ("https://shop.example/x", "1.234,50 euros. Thanks."),
        ("https://shop.example/x", '<img alt="www.bank.example" src="https://shop.example/a.png">'),
        ("tel:+39061234", "bank.example"),
        ("javascript:alert(1)", "bank.example"),
    ],
)
def test_a_link_that_says_what_it_is_stays_as_it_is(href: str, words: str) -> None:
    assert "leads to" not in shown(href, words)


def test_where_links_lead_stands_above_the_mail_too_each_once() -> None:
    mail = safe_html('<a href="https://evil.example/">www.bank.example</a><a href="//x">bank.example</a>' * 2)
    line = "<p>A link that says <bdi>www.bank.example</bdi> leads to <bdi>evil.example</bdi>.</p>"
    assert lines_above(mail) == line
    assert f'<div class="above" dir="auto">{line}</div><div class="mail"' in frame_document(
        mail, language="en", above=lines_above(mail)
    )
    assert "above" not in frame_document("<p>Hi</p>", language="en").partition("</style>")[2]


def test_above_a_mail_stand_only_so_many_lines() -> None:
    mail = "".join(f'<a href="https://evil.example/">www.bank{n}.example</a>' for n in range(20))
    lines = lines_above(safe_html(mail))
    assert lines.count("<p>") == MOST_LINES + 1
    assert lines.endswith("<p>More links lead elsewhere than they say.</p>")


def test_a_host_cannot_bring_in_an_element() -> None:
    assert "<img" not in shown("https://%3Cimg src=x%3E/", "bank.example")
    link = '<a href="https://%3Cimg src=x%3E/">bank.example</a>'
    assert "<img" not in lines_above(safe_html(link))


def test_many_links_take_no_long_time() -> None:
    mail = safe_html('<a href="https://evil.example/"><b>www.bank.example' * 3_000)
    before = time.perf_counter()
    assert with_hosts(mail).count("leads to") > 1_000
    assert time.perf_counter() - before < 2
