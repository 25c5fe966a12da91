"""What of a mail's HTML is shown, and what never is."""

import time

import pytest
from django.test import override_settings

from salotto.channels.email.safe.html import LARGEST, is_rich, made_safe, safe_html
from tests.channels.email.safe.judge import offences
from tests.channels.email.safe.vectors import REQUESTS, VECTORS

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.mark.parametrize("name", VECTORS)
def test_nothing_hostile_is_left(name: str) -> None:
    safe = safe_html(VECTORS[name])
    assert offences(safe) == []
    assert safe_html(safe) == safe


@pytest.mark.parametrize("name", VECTORS)
def test_with_remote_images_nothing_else_is_let_in(name: str) -> None:
    safe = safe_html(VECTORS[name], remote=True)
    assert offences(safe, remote=True) == []
    assert safe_html(safe, remote=True) == safe


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("pixel", 1),
        ("pixel without a scheme", 1),
        ("pixel in capitals", 1),
        ("picture", 1),
        ("image element", 1),
        ("image button", 1),
        ("video", 1),
        ("body background", 1),
        ("table background", 3),
        ("srcset", 0),
        ("relative", 0),
    ],
)
def test_remote_images_are_counted(name: str, count: int) -> None:
    assert made_safe(REQUESTS[name]).remote == count
    assert safe_html(REQUESTS[name], remote=True).lower().count("https://evil.example/") == count


def test_a_background_in_a_style_is_a_remote_image() -> None:
    sheet = "<style>td{background:#fff url(https://a.example/b.png) no-repeat}</style>"
    mail = f"{sheet}<table><tr><td>a<td>b</table>"
    assert made_safe(mail).remote == 2
    assert '<td style="background:#fff no-repeat">' in safe_html(mail)
    assert "url(&quot;https://a.example/b.png&quot;)" in safe_html(mail, remote=True)


def test_a_blocked_image_keeps_its_place_and_its_words() -> None:
    assert safe_html('<img src="http://a.example/x.png" alt="Our shop" width="600" height="80">') == (
        '<img alt="Our shop" width="600" height="80" data-remote="">'
    )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "[::1]",
        "0x7f.1",
        "2130706433",
        "printer.local",
        "127.1",
        "router",
    ],
)
def test_no_image_is_asked_of_the_machines_near_the_reader(host: str) -> None:
    assert "src" not in safe_html(f'<img src="http://{host}/x.png">', remote=True)


def test_inline_images_come_from_the_mail_itself() -> None:
    mail = '<img src="cid:logo@shop"><img src="CID:a%20b"><img src="cid:lost"><img src="/a/mail/7">'
    inline = {"logo@shop": "/a/mail/7", "a b": PIXEL}
    safe = made_safe(mail, inline=inline)
    assert safe.html == f'<img src="/a/mail/7"><img src="{PIXEL}">'
    assert safe.remote == 0


@pytest.mark.parametrize(
    "source", ["http://127.0.0.1/a.png", "cid:lost", "", "data:image/svg+xml;base64,AA=="]
)
@pytest.mark.parametrize("remote", [True, False])
def test_an_image_that_may_never_be_shown_leaves_its_words(source: str, remote: bool) -> None:
    mail = (
        f'<p>See <img src="{source}" width="80" alt=" a &lt;b&gt; &quot;c&quot; "><img src="{source}">.</p>'
    )
    safe = made_safe(mail, remote=remote)
    assert safe.html == '<p>See a &lt;b&gt; "c".</p>'
    assert safe.remote == 0


def test_a_picture_inside_the_html_is_shown() -> None:
    assert safe_html(f'<img src="{PIXEL}">') == f'<img src="{PIXEL}">'


def test_style_sheets_are_written_into_the_elements() -> None:
    mail = (
        "<html><head><style><!-- body { color:#333; margin:0 } p.MsoNormal, li.x { margin: 0cm; } "
        "@media screen { a:link { color: blue !important } } "
        "@media (max-width: 400px) { p { display: none } }"
        "p:hover { color: red } --></style></head><body bgcolor=white text=black lang=IT>"
        '<p class=MsoNormal style="color:green">Hi <a href="https://a.example/?a=1&b=2">there</a></p>'
    )
    assert safe_html(mail) == (
        '<div lang="IT" style="color:#333;background-color:white;margin:0">'
        '<p style="margin:0cm;color:green">Hi <a href="https://a.example/?a=1&amp;b=2"'
        ' style="color:blue !important" target="_blank" rel="noopener noreferrer nofollow">there</a>'
        "</p></div>"
    )


@pytest.mark.parametrize(
    ("mail", "shown"),
    [
        ("<b><i>x</b>y</i>", "<b><i>x</i></b><i>y</i>"),
        ("<p>1<p>2", "<p>1</p><p>2</p>"),
        (
            "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
            "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
        ),
        ("<dl><dt>x<dd>y</dl>", "<dl><dt>x</dt><dd>y</dd></dl>"),
        ("<ul><li>a<dl><dt>b</dl>c</ul>", "<ul><li>a<dl><dt>b</dt></dl>c</li></ul>"),
        (
            "<table><tr><td>1<td>2<tr><td>3</table>",
            "<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></tbody></table>",
        ),
        (
            "<table><center>a</center><tr><td>b</table>",
            "<table><tbody><tr><td><center>a</center></td></tr><tr><td>b</td></tr></tbody></table>",
        ),
        ("a </p> b </td> c<tr><td>d", "a  b  c" + "d"),
        ("1 < 2 &lt;b&gt; &amp; &nbsp;", "1 &lt; 2 &lt;b&gt; &amp; &nbsp;"),
        ("<o:p>&nbsp;</o:p><noscript>seen</noscript><xyz>kept</xyz>", "&nbsp;seenkept"),
        (
            '<p dir=rtl lang=ar>مرحبا <span dir="ltr">x',
            '<p dir="rtl" lang="ar">مرحبا <span dir="ltr">x</span></p>',
        ),
        ("<col><col>a<p>b", "a<p>b</p>"),
        ("<p id=top class=x name=y>a", "<p>a</p>"),
        ("<button>Pay</button> <label>a</label>", "Pay a"),
        ("before<svg><p>x</svg>after<script>x</script>.", "beforeafter."),
    ],
)
def test_broken_html_is_read_as_a_browser_would(mail: str, shown: str) -> None:
    assert safe_html(mail) == shown


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: #ABCDEF; font: bold 12px/1.5 'Segoe UI', Arial", None),
        ("width:calc(100% - 10px);background:linear-gradient(90deg, rgba(1,2,3,.5) 0%, #fff 100%)", None),
        ("height:100vh", ""),
        ("height:99999px", ""),
        ("margin:-1px;mso-margin-top-alt:auto;position:absolute;top:0", "margin:-1px"),
        ("COLOR : Red !important", "color:Red !important"),
    ],
)
def test_harmless_declarations_stay(style: str, kept: str | None) -> None:
    safe = safe_html(f'<p style="{style}">a</p>').replace(" ", "").replace("&quot;", "'")
    expected = style if kept is None else kept
    assert safe == (f'<pstyle="{expected}">a</p>' if expected else "<p>a</p>").replace(" ", "")


HEAVY = {
    "nesting": "<div>" * 400_000,
    "tables": "<table><tr><td>" * 100_000,
    "open formatting": "<p><font a=1><p>x" * 100_000,
    "different formatting": "".join(f"<p><font color=c{n}>x" for n in range(80_000)),
    "end tags": "<i>" * 150 + "<table><td>" + "</i>" * 400_000,
    "references": "&" * LARGEST,
    "brackets": "<" * LARGEST,
    "comments": "<!--" * 500_000,
    "quotes": "<a b='\"" * 250_000 + ">",
    "attributes": "<p " + "a=1 " * 450_000 + ">",
    "declarations": '<p style="' + "a:" * 900_000 + '">',
    "rules for everything": "<style>" + "*{color:red;background:red}" * 9_000 + "</style>" + "<p>x" * 90_000,
    "rules that never match": "<style>" + ".a p{color:red}" * 13_000 + "</style>" + "<p class=a>" * 90_000,
    "selectors": "<style>" + "p " * 90_000 + "{color:red}" + ":not(" * 90_000 + "{}</style><p>x",
    "brackets in rules": "<style>" + "a{" * 90_000 + "(" * 90_000 + "</style><p>x",
    "list items": "<li><ul>" + "<div>" * 190 + "<li></li>" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_mail_costs_little(name: str) -> None:
    begun = time.process_time()
    safe = made_safe(HEAVY[name])
    assert time.process_time() - begun < 8
    assert len(safe.html) < 8_000_000


def test_a_very_long_mail_is_cut_and_says_so() -> None:
    safe = safe_html("<p>word</p>" * 300_000)
    assert safe.endswith('<p dir="auto"><em>This message is very long. The rest is in the original.</em></p>')
    assert made_safe("a" * LARGEST).cut is False
    assert made_safe("a" * (LARGEST + 1)).cut is True


@pytest.mark.parametrize(
    ("mail", "rich"),
    [
        ('<div dir="ltr">Hello<br><a href="https://a.example">there</a><p>x</p></div>', False),
        ('<p class="MsoNormal"><span style="font-size:11.0pt">Hello</span><o:p></o:p></p>', False),
        ('Hello<img src="https://t.example/p.gif" width="1" height="1">', False),
        ("<style>table { color: red }</style><!-- <table> --><blockquote>Hello</blockquote>", False),
        ("<table><tr><td>1</table>", True),
        ('<img src="cid:a">', True),
        ("<ul><li>1</ul>", True),
        ("<p>Hello <b>you</b>", True),
        ('<span style="font-weight: bold">x</span>', True),
        ("", False),
    ],
)
def test_rich_mail_says_more_than_its_text(mail: str, rich: bool) -> None:
    assert is_rich(mail) is rich


def test_no_image_is_loaded_from_our_own_pages() -> None:
    with override_settings(PUBLIC_URL="https://chat.shop.example"):
        shown = safe_html('<img src="https://chat.shop.example/a/x/pay/">', remote=True)
        assert "chat.shop.example" not in shown
        assert "img.shop.example" in safe_html('<img src="https://img.shop.example/a.png">', remote=True)
