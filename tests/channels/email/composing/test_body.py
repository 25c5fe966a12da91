"""The words of a mail: as text, as HTML, with signature, letter paper and quote."""

import re
from dataclasses import replace
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from salotto.channels.email.composing.body import Look, Pictures, Quoted, sign_off, write_body
from salotto.channels.email.composing.mail import compose
from salotto.channels.email.composing.marking import split_quote, to_html
from salotto.channels.email.mime.htmlfold import fold_html
from salotto.channels.email.mime.mail import parse
from salotto.channels.email.quoting import Head
from salotto.channels.email.safe.html import safe_html
from tests.channels.email.composing.test_mail import PLAIN
from tests.channels.email.safe.judge import offences
from tests.property.profiles import chosen

AT = datetime(2026, 11, 22, 18, 5, tzinfo=ZoneInfo("Europe/Rome"))
QUOTE = Quoted("Anna Rossi", AT, "Where is my order?\n\n> Older words\n", "<p>Where is my <b>order</b>?</p>")
LOOK = Look(
    "Bottega Serena", "#4f6a25", "https://bottega.example/logo.png", "Via Roma 1, Torino\nwww.bottega.example"
)


def test_a_mail_is_said_signed_and_quoted() -> None:
    text, _ = write_body("Hello Anna,\n\nit is on its way.", signature="Sara\nBottega Serena", quote=QUOTE)
    assert text == (
        "Hello Anna,\n\nit is on its way.\n\n-- \nSara\nBottega Serena\n\n"
        "On 22 November 2026 at 18:05, Anna Rossi wrote:\n> Where is my order?\n>\n>> Older words\n"
    )


@pytest.mark.parametrize("look", [None, LOOK])
def test_a_mail_to_many_says_how_to_leave_it(look: Look | None) -> None:
    leave = "https://salotto.example/mail/unsubscribe/abc"
    text, html = write_body("We are away.", signature="Sara", look=look, leave=leave)
    assert text == f"We are away.\n\n-- \nSara\n\nUnsubscribe from mails like this one: {leave}\n"
    assert f'href="{leave}"' in html and "Unsubscribe from mails like this one" in html
    assert "Unsubscribe" not in "".join(write_body("We are away.", signature="Sara", look=look))


def test_the_html_says_the_same_and_quotes_the_original() -> None:
    _, html = write_body("Hello,\n\n  it is <here> & now.", signature="Sara", quote=QUOTE, look=LOOK)
    assert ">Hello,</p>" in html
    assert "it is &lt;here&gt; &amp; now." in html
    assert "Where is my <b>order</b>?" in html
    assert 'bgcolor="#4f6a25"' in html
    assert 'src="https://bottega.example/logo.png"' in html
    assert 'alt="Bottega Serena"' in html
    assert 'href="https://www.bottega.example"' in html


def test_styles_are_in_the_elements_and_the_dark_in_the_head() -> None:
    _, html = write_body("Hello", look=LOOK, quote=QUOTE)
    assert re.search(r'<td class="s-said"[^>]*style="[^"]*padding: 24px', html)
    assert re.search(r'<blockquote [^>]*style="[^"]*border-left', html)
    (sheet,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "prefers-color-scheme: dark" in sheet
    assert "<!--[if mso]>" in html


def test_what_goes_out_passes_our_own_reading() -> None:
    _, html = write_body("Hello https://a.example/?a=1&b=2.", look=LOOK, quote=QUOTE, signature="Sara")
    assert offences(safe_html(html)) == []


@pytest.mark.parametrize("look", [None, LOOK])
@pytest.mark.parametrize("signature", ["", "Sara\nBottega Serena"])
@pytest.mark.parametrize("language", ["en", "it"])
def test_our_own_parser_folds_what_we_quote(look: Look | None, signature: str, language: str) -> None:
    said = "Hello Anna,\n\nit is on its way."
    text, html = write_body(said, signature=signature, look=look, quote=QUOTE, language=language)
    mail = parse(compose(replace(PLAIN, text=text, html=html)))
    assert mail.visible == said
    assert mail.text.strip() == text.strip()
    seen, folded = fold_html(html)
    assert "Where is my" not in seen
    assert "Where is my" in folded
    assert "on its way" in seen
    without_text = parse(compose(replace(PLAIN, text="", html=html)))
    assert "Older words" not in without_text.visible


HEAD = Head(
    ("Anna Rossi", "anna@x.example"),
    [("Support", "help@shop.example"), ("", "bob@b.example")],
    [("Carla, C.", "c@c.example")],
    "My order:  where?",
)


def test_a_mail_that_is_passed_on_has_the_usual_head() -> None:
    text, html = write_body("Please look.", quote=replace(QUOTE, head=HEAD))
    head = [
        "---------- Forwarded message ----------",
        "From: Anna Rossi <anna@x.example>",
        "Date: 22 November 2026, 18:05",
        "Subject: My order: where?",
        "To: Support <help@shop.example>, bob@b.example",
        'Cc: "Carla, C." <c@c.example>',
    ]
    assert text == "\n".join(["Please look.", "", *head, "", "Where is my order?", "", "> Older words", ""])
    assert "<br>".join(escape(line, quote=False) for line in head) in html
    _, without_words = write_body("", quote=replace(QUOTE, head=HEAD, text="", html=""))
    assert "From: Anna Rossi" in without_words


@pytest.mark.parametrize("look", [None, LOOK])
@pytest.mark.parametrize("signature", ["", "Sara\nBottega Serena"])
@pytest.mark.parametrize("language", ["en", "it"])
def test_our_own_parser_keeps_what_we_pass_on(look: Look | None, signature: str, language: str) -> None:
    quote = replace(QUOTE, head=HEAD)
    text, html = write_body("Please look.", signature=signature, look=look, quote=quote, language=language)
    assert (language == "it") == ("Oggetto: My order: where?" in text)
    visible = parse(compose(replace(PLAIN, text=text, html=html))).visible
    assert visible.startswith("Please look.\n\n---------- ")
    assert "Where is my order?" in visible and "Bottega" not in visible
    seen, folded = fold_html(html)
    assert "anna@x.example" in seen and "Where is my" in seen
    assert "anna@x.example" not in folded


def test_a_quote_within_the_text_is_put_below_the_signature() -> None:
    said = "Hello.\n\nOn Monday, Anna wrote:\n> Where?\n>\n> > Older\n"
    text, html = write_body(said, signature="Sara")
    assert text == "Hello.\n\n-- \nSara\n\nOn Monday, Anna wrote:\n> Where?\n>\n>> Older\n"
    assert html.count("<blockquote") == 2
    assert split_quote(said) == ("Hello.", "On Monday, Anna wrote:", "Where?\n\n> Older")


@pytest.mark.parametrize("said", ["Hello.", "a\n> b\nc", "> only\n> quoted", "Hello\n> b", ""])
def test_what_is_no_quote_at_the_end_stays_where_it_is(said: str) -> None:
    assert split_quote(said) == (said, "", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "See https://a.example/x.",
            'See <a class="s-link" href="https://a.example/x">https://a.example/x</a>.',
        ),
        ("(www.a.example)", '(<a class="s-link" href="https://www.a.example">www.a.example</a>)'),
        ("https://a.example/(b)", '<a class="s-link" href="https://a.example/(b)">https://a.example/(b)</a>'),
        ('https://a.example/"x', '<a class="s-link" href="https://a.example/">https://a.example/</a>"x'),
        ("a@https.example *b* _c_ # d", "a@https.example *b* _c_ # d"),
        ("javascript:alert(1) ftp://a.example", "javascript:alert(1) ftp://a.example"),
        ("<script>&amp;", "&lt;script&gt;&amp;amp;"),
        ("a\nb", "a<br>b"),
        ("a  b", "a \N{NO-BREAK SPACE}b"),
    ],
)
def test_addresses_become_links_and_nothing_else(text: str, html: str) -> None:
    assert to_html(text) == f'<p class="s-p">{html}</p>'


def test_deep_quotes_are_bounded() -> None:
    assert to_html(">" * 500 + " a").count("<blockquote") == 8
    assert to_html("> " * 100_000 + "a").count("<blockquote") == 8


def test_a_signature_fills_in_who_signs() -> None:
    made = sign_off("{agent}\n{company}\n{email}\n{other}", agent="Sara {company}", email="ciao@a.example")
    assert made == "Sara {company}\nciao@a.example\n{other}"


@pytest.mark.parametrize(
    "logo", ["javascript:x", "data:image/png;base64,AA", '"><script>', "//a.example/x.png"]
)
def test_a_logo_is_a_web_address_or_a_file_of_the_mail(logo: str) -> None:
    assert "<img" not in write_body("a", look=Look(company="B", logo=logo))[1]
    assert 'src="cid:logo@1"' in write_body("a", look=Look(company="B", logo="cid:logo@1"))[1]


def test_a_hostile_original_is_quoted_harmlessly() -> None:
    hostile = '</blockquote></div><script>x()</script><div style="position:fixed">a</div>' + "<div>" * 5_000
    _, html = write_body("Hello", quote=replace(QUOTE, html=hostile, who='<b>"Eve'))
    assert "<script" not in html
    assert "position" not in html
    assert "&lt;b&gt;" in html
    assert offences(safe_html(html)) == []


def test_images_that_go_along_are_shown_in_the_quote() -> None:
    html = '<img src="cid:A@b" alt="A"><img src="cid:c@d" alt="C"><a href="cid:a@b">x</a>'
    _, made = write_body("Hello", quote=replace(QUOTE, html=html, pictures=Pictures({"a@b": "1.x@y"})))
    assert '<img alt="A" src="cid:1.x@y">C<a' in made
    assert 'href="cid' not in made


FROM_WEB = (
    '<img src="https://i.example/cup.png" alt="A cup" width="120">'
    '<td background="https://i.example/td.png"><p style="background:url(https://i.example/p.png)">x</p></td>'
)
PIXELS = (
    '<img src="https://t.example/1" width="1" height="1" alt="A">',
    '<img src="https://t.example/2" width="2px" alt="A">',
    '<img src="http://t.example/3" style="color:red; width:1px !important" alt="A">',
    '<img src="https://t.example/4" style="display:none" alt="A">',
    '<style>.t { max-height: 0 }</style><img src="https://t.example/5" class="t" alt="A">',
    '<img src="https://t.example/6" style="opacity:0.0;margin:0" alt="A">',
)


def test_an_answer_takes_no_images_of_the_web_along_but_their_words() -> None:
    html = f'<table><tr><td>{FROM_WEB}{"".join(PIXELS)}</td></tr></table><img src="cid:a@b">'
    quote = replace(QUOTE, html=html, pictures=Pictures({"a@b": "1.x@y"}))
    _, made = write_body("Hello", quote=quote)
    assert "i.example" not in made and "t.example" not in made and "data-remote" not in made
    assert made.count("<img") == 1 and "A cup" in made


def test_what_is_passed_on_keeps_the_images_that_people_see() -> None:
    html = f"<table><tr>{FROM_WEB}</tr></table>{''.join(PIXELS)}"
    _, made = write_body("Please look.", quote=replace(QUOTE, html=html, head=HEAD))
    for name in ("cup.png", "td.png", "p.png"):
        assert f"https://i.example/{name}" in made
    assert "t.example" not in made


@pytest.mark.parametrize(
    "look", ['width="20"', 'width="2%"', 'style="width:12px"', 'style="opacity:0.5;min-width:1px"']
)
def test_an_image_that_people_see_is_no_pixel(look: str) -> None:
    html = f'<p><img src="https://i.example/a.png" {look}>'
    assert "a.png" in write_body("Look.", quote=replace(QUOTE, html=html, head=HEAD))[1]


def test_images_that_stay_behind_leave_their_names_in_the_quote() -> None:
    html = '<img src="cid:Big@b"><img src="cid:c@d" alt="The <cup>">'
    pictures = Pictures(names={"big@b": "photo.png", "c@d": "cup.png"})
    _, made = write_body("Hello", quote=replace(QUOTE, html=html, pictures=pictures))
    assert "[photo.png][The &lt;cup&gt;]" in made and "<img" not in made


def test_an_answer_quotes_only_so_much_and_what_is_passed_on_is_whole() -> None:
    long = replace(QUOTE, text="word " * 10_000 + "end", html="")
    assert "end\n" not in write_body("Hello", quote=long)[0]
    text, html = write_body("Hello", quote=replace(long, head=HEAD))
    assert text.endswith(" end\n") and "word end</p>" in html
    rich = replace(QUOTE, html=f"<i>{'<b>word</b> ' * 30_000}</i>")
    assert "<i>" not in write_body("Hello", quote=rich)[1]
    assert "<i>" in write_body("Hello", quote=replace(rich, head=HEAD))[1]


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=200)


@chosen(200, 1)
@given(words, words, words, words)
def test_whatever_is_said_is_said_in_both(said: str, signature: str, who: str, html: str) -> None:
    quote = Quoted(who, AT, "Quoted words", html)
    text, page = write_body(said, signature=signature, quote=quote, look=Look(company=who, footer=signature))
    assert text.startswith(said.strip("\n").rstrip())
    assert offences(safe_html(page)) == []
    shown = LexborHTMLParser(f"<body>{to_html(said)}").text()
    assert "".join(shown.split()) == "".join(re.sub("(?m)^(> ?)+(?=[^>]|$)", "", said).split())


def test_the_direction_is_that_of_the_words() -> None:
    _, html = write_body("שלום", language="he")
    assert '<html lang="he" dir="rtl"' in html
    assert '<html lang="xx" dir="ltr"' in write_body("a", language="xx")[1]
