"""Folding: what the corpus does not show."""

import time

import pytest

from salotto.channels.email.mime import fold, fold_html

REPLY = "Fine.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Shop <help@shop.example> wrote:\n> Fine?"


def test_folding_twice_changes_nothing() -> None:
    assert fold(fold(REPLY)) == fold(REPLY) == "Fine."


def test_a_text_that_is_all_quote_stays_whole() -> None:
    assert fold("> a\n> b") == "> a\n> b"


def test_what_stands_for_a_picture_is_not_shown() -> None:
    logo = "[cid:image001.png@01DB3B1C.A1B2C3D0]"
    assert fold(f"Here it is:\n{logo}\r\n{logo} {logo}\nAnna") == "Here it is:\nAnna"
    assert fold(f"Hello\n\n-- \nAnna\n{logo}\nShop") == "Hello"
    assert fold(logo) == logo
    assert fold(f"See {logo} above") == f"See {logo} above"


def test_nothing_is_nothing() -> None:
    assert fold("") == ""


def test_answers_between_quotes_are_kept_in_order() -> None:
    text = "\n".join(f"> question {n}\n\nanswer {n}\n" for n in range(50))
    assert fold(text).split() == [word for n in range(50) for word in ("answer", str(n))]


@pytest.mark.parametrize(
    "sentence",
    [
        "On Monday I wrote: hello",
        "From: the desk of Anna",
        "Am Montag schrieb ich Ihnen:",
        "Il 2 marzo 2026 alle 10:00 ho scritto:",
        "Sent with love",
        "Mit der Lieferung bin ich zufrieden",
        "Best, -- Anna",
        "To: do list",
        "Subject: to change",
        "The original message was lost.",
        "He wrote:",
    ],
)
def test_a_sentence_does_not_cut(sentence: str) -> None:
    text = f"Hello,\n\n{sentence}\n\nand this is my question."
    assert fold(text) == text


LONG = [">" * 10**6, " " * 10**6, "On " * 333_333, "-" * 10**6, "a@" * 500_000, ":" * 10**6]


@pytest.mark.parametrize("line", LONG)
def test_a_line_of_a_million_signs_costs_little(line: str) -> None:
    start = time.process_time()
    fold(f"x\n{line}\ny")
    fold(f"{line} wrote:\n> y")
    assert time.process_time() - start < 1


def test_html_is_split_into_what_was_written_and_the_rest() -> None:
    visible, rest = fold_html('<p>Yes</p><div class="gmail_quote"><blockquote>Old</blockquote></div>')
    assert "Yes" in visible and "Old" not in visible
    assert "Old" in rest and "Yes" not in rest


def test_html_without_marks_comes_back_as_it_was() -> None:
    assert fold_html("<P>Yes<blockquote>mine</blockquote>") == ("<P>Yes<blockquote>mine</blockquote>", "")


def test_html_that_is_all_quote_stays_whole() -> None:
    html = '<div class="gmail_quote">---------- Forwarded message<br>x</div>'
    assert fold_html(html) == (html, "")


def test_a_picture_alone_is_an_answer() -> None:
    visible, rest = fold_html('<img src="cid:a@b"><blockquote type="cite">Old</blockquote>')
    assert "cid:a@b" in visible and "Old" in rest


def test_everything_below_outlooks_headers_is_folded() -> None:
    html = (
        '<div>Yes</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> x</div>'
        "<p>Old</p><table><tr><td>Older"
    )
    visible, rest = fold_html(html)
    assert "Yes" in visible and "Old" not in visible and "<hr" not in visible
    assert "Old" in rest and "Older" in rest
