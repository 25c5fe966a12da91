"""Text made of HTML: what is left out, what is kept, whatever the tags look like."""

import tracemalloc

import pytest

from benchmarks.mime_letters import page
from salotto.channels.email.mime import htmlfold, htmltags, htmltext
from tests.channels.email.mime.broken import corpus


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p title="Next >">one</p>', "one"),
        ("<p title='a < b'>one</p>two", "one\n\ntwo"),
        ('<a href="https://a.example/?a=1&amp;b=2>3">one</a>', "one <https://a.example/?a=1&b=2>3>"),
        ('<P TITLE="1>2"\nHIDDEN>no</P>yes', "yes"),
        ("<p>it</p><p title=it's>one</p>", "it\n\none"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
        ("<p>one", "one"),
        ("one<p", "one"),
    ],
)
def test_signs_in_a_tag_do_not_end_it(html: str, text: str) -> None:
    assert htmltext.text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("one<!-- <p>no</p> -->two", "onetwo"),
        ("one<!-- no --!>two", "onetwo"),
        ("one<!-- no <p>no", "one"),
        ("one<!-- no --> two<!-- no <p>no", "one two"),
        ("<!--[if mso]><table><tr><td>no<![endif]--><p>one</p>", "one"),
        ("<!--[if !mso]><!-->one<!--<![endif]-->", "one"),
        ("<style><!-- p > a {} --></style>one<style>b > i {}</style>", "one"),
        ("<!DOCTYPE html><?xml version='1.0'?>one", "one"),
    ],
)
def test_comments_are_left_out(html: str, text: str) -> None:
    assert htmltext.text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div style='display:none'>no<div>no</div>no</div>one", "one"),
        ("<div style='font-size:14px'>one</div>", "one"),
        ("<span style='FONT-SIZE:0'>no</span>one", "one"),
        ("<body hidden>one</body>", "one"),
        ("<p&nbsp;hidden>one", "one"),
        ("<select><option>no</option></select>one", "one"),
        ("<script>if (a<b) no('<p>')</script>one", "one"),
        ("<div hidden>no", ""),
    ],
)
def test_what_is_hidden_is_left_out(html: str, text: str) -> None:
    assert htmltext.text(html) == text


def test_entities_are_read_once() -> None:
    assert htmltext.text("&amp;lt; &lt;p&gt; &euro;&nbsp;5 &#8364; &copy &bogus; &amp;nbsp;") == (
        "&lt; <p> € 5 € © &bogus; &nbsp;"
    )


def test_entities_of_a_long_text_are_read_wherever_it_is_cut() -> None:
    text = "&#49" * 150_000 + "&amp;x" * 50_000 + "&" * 10 + "y" * htmltags.LONGEST_CUT + "&eacute;"
    tracemalloc.start()
    found = htmltags.unescaped(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == "1" * 150_000 + "&x" * 50_000 + "&" * 10 + "y" * htmltags.LONGEST_CUT + "é"
    assert peak < 8_000_000  # all at once, its pieces would take three times as much


def test_a_large_page_is_read_as_its_pieces_are() -> None:
    row = "<tr><td title='>'>one <b>two</b><!-- < --></td>\n<td>&nbsp;</td></tr>\n"
    count = 3 * htmltags.CHUNK // len(row)
    assert htmltext.text(row * count) == "\n".join(["one two"] * count)


def test_pages_without_repeats_are_read_too() -> None:
    count = 2 * htmltags.MOST_KNOWN
    rows = "".join(f"<p id=p{n}>{n}</p>{' ' * n}" for n in range(count))
    assert htmltext.text(rows).split() == [str(n) for n in range(count)]


def test_signs_that_make_no_tag_are_learned_too() -> None:
    asked: list[str] = []

    class Watched(htmltags.Cut):
        def _new(self, tag: str, closed: str) -> tuple[str, htmltags.Effect] | None:
            asked.append(tag)
            return super()._new(tag, closed)

    said: list[str] = []
    Watched("<" * 10 * htmltags.CHUNK, lambda name, given: "", said.append).run()
    assert "".join(said) == "<" * 10 * htmltags.CHUNK
    assert len(asked) <= 2 * htmltags.CHUNK


def test_a_link_open_over_many_lines_says_where_it_leads() -> None:
    assert htmltext.text("<p>a <a href='http://x.example'>b<br>c</a>") == "a b\nc <http://x.example>"


def test_a_newsletter_marks_no_quote() -> None:
    text, attributes = htmltext.read(page(20_000))
    assert "Ordina ora »" in text and "do not reply" in text
    assert htmlfold.may_fold(page(20_000)) and not htmlfold.marked(attributes)


def test_whatever_is_folded_is_marked() -> None:
    from salotto.channels.email.mime import parse

    pages = [html for raw in corpus() if (html := parse(raw).html)]
    folded = [html for html in pages if htmlfold.fold_html(html)[1]]
    assert len(folded) > 10
    assert all(htmlfold.marked(htmltext.read(html)[1]) for html in folded)
