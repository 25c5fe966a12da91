"""Folding: what the corpus does not show."""

import time

import pytest

from salotto.channels.email.mime import fold, fold_html
from salotto.channels.email.mime.folding import passes_on

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


@pytest.mark.parametrize(
    "line",
    [
        "Sent wirelessly from my BlackBerry device",
        "Sent from my cell, please excuse any typos.",
        "(sent from a phone)",
        "From my iPhone 15",
        "Obtenir Outlook pour iOS<https://aka.ms/o0ukef>",
        "Outlook für iOS<https://aka.ms/o0ukef> beziehen",
        "Inviato da Tim Mail per iOS",
        "\u2063Inviato da BlueMail \u200b",
        "Poslano s mog iPhonea",
        "Изпратено от моя iPhone",
        "Đã gửi từ iPhone của tôi",
        "Dikirim dari iPhone saya",
        "ส่งจาก iPhone ของฉัน",
        "ارسال‌شده از iPhone من",
        "Sent from HEY",
    ],
)
def test_a_programs_own_last_line_is_folded(line: str) -> None:
    assert fold(f"It works.\n\n{line}") == "It works."
    assert fold(f"It works.\n\n{line}\n\n{REPLY.partition(chr(10))[2]}") == "It works."


@pytest.mark.parametrize(
    "line",
    [
        "Von meinem Handy aus geht es nicht.",
        "Outlook für Android stürzt ab",
        "Sent from my phone it did not arrive, did it?",
        "Enviado desde mi casa con el móvil no llegó.",
        "Mit der App auf dem Handy nicht.",
    ],
)
def test_a_sentence_about_a_program_stays(line: str) -> None:
    assert fold(f"Hello,\n{line}") == f"Hello,\n{line}"


HEADERS = "From: Shop <help@shop.example>\nSent: Monday, March 2, 2026\nTo: Anna\nSubject: Order\n\nIt left."


@pytest.mark.parametrize(
    "attribution",
    [
        "---- Anna Rossi wrote ----",
        "* Anna Rossi <anna@example.com> [2026-03-02 09:00]:",
        "--- On Mon, 3/2/26, Anna Rossi wrote:",
        "--- Il lun 2/3/26, Anna Rossi <anna@example.it> ha scritto:",
    ],
)
def test_the_line_above_a_quote_goes_with_it(attribution: str) -> None:
    assert fold(f"Fine.\n\n{attribution}\n\n> Fine?") == "Fine."


def test_zohos_original_has_no_marks() -> None:
    attribution = "---- On Mon, 02 Mar 2026 09:00:00 +0100 Shop <help@shop.example> wrote ---"
    assert fold(f"Fine.\n\n\n{attribution}\n\nFine?") == "Fine."


@pytest.mark.parametrize(
    "line",
    [
        "--- Anna wrote on 3/2/26:",
        "--- On 3/2/26 I wrote:",
        "---- Price ---- From: 12 to 14",
        "-------- Original message -------- It was lost on the way: sorry",
    ],
)
def test_a_line_with_dashes_of_ones_own_does_not_cut(line: str) -> None:
    text = f"Hello,\n\n{line}\n\nand this is my question."
    assert fold(text) == text


def test_dashes_between_the_items_of_a_list_begin_no_signature() -> None:
    text = "Please cancel\n--\nOrder 12\n--\nOrder 13\n--\nand write to me"
    assert fold(text) == text
    assert fold("Thanks\n-- \nAnna\n--\nSent by a program\n-- \nThe list") == "Thanks"


def test_a_journey_has_no_headers() -> None:
    text = "Please move it:\nFrom: Milano\nTo: Roma\nDate: 3 March\nSubject: a table\n\nCan you?"
    assert fold(text) == text


def test_the_end_of_a_link_is_no_mark_of_a_quote() -> None:
    text = "See <https://shop.example/a\n> for more.\nIs it so?"
    assert fold(text) == text
    assert fold(f"{text}\n\n> Yes?") == text
    assert fold("See <https://shop.example/a>\n> for more") == "See <https://shop.example/a>"


@pytest.mark.parametrize("subject", ["FW: Order", "Fwd: Order", "WG: AW: x", "I: x", "TR : x", "转发：订单"])
def test_a_subject_says_that_a_mail_is_passed_on(subject: str) -> None:
    assert passes_on(subject)
    assert fold(f"Yours?\n\n{HEADERS}", passes_on=True) == f"Yours?\n\n{HEADERS}"


@pytest.mark.parametrize("subject", ["", "Re: FW: Order", "AW: WG: x", "I have: a question", "Order"])
def test_an_answer_to_what_was_passed_on_is_an_answer(subject: str) -> None:
    assert not passes_on(subject)
    assert fold(f"Yours?\n\n{HEADERS}") == "Yours?"


def test_what_a_passed_on_mail_quotes_stays_with_it() -> None:
    text = "Yours?\n\n---------- Forwarded message ----------\nFrom: Shop\n\nIt left.\n\n> Old?"
    assert fold(text) == text
    assert fold(text.replace("Yours?", "Yours?\n\n-- \nAnna\nThe Lamp House")) == text


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


@pytest.mark.parametrize(
    "signature",
    [
        '<div class="gmail_signature">Anna<br>Shop</div>',
        '<div id="Signature"><p>Anna<br>Shop</p></div>',
        '<div id="OutlookSignature"><p>Anna<br>Shop</p></div>',
        '<div class="moz-signature">-- <br>Anna<br>Shop</div>',
        '<div class="protonmail_signature_block">Anna<br>Shop</div>',
        '<div class="bloop_sign" id="bloop_sign_1">Anna<br>Shop</div>',
        '<div class="mb_sig">Anna<br>Shop</div>',
        '<div id="Zm-_Id_-Sgn" data-sigid="5">Anna<br>Shop</div>',
        '<div class="-x-evo-signature-wrapper"><span class="-x-evo-signature">Anna<br>Shop</span></div>',
        '<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Anna<br>Shop</div>',
    ],
)
def test_a_signature_that_its_program_marks_is_folded_once(signature: str) -> None:
    visible, rest = fold_html(f"<div>Yes</div>{signature}")
    assert "Yes" in visible and "Shop" not in visible
    assert rest.count("Shop") == 1 and "Yes" not in rest


def test_an_answer_in_an_iphones_quote_without_signature_stays() -> None:
    quote = '<div dir="ltr"><blockquote type="cite">Old?</blockquote>Tuesday</div>'
    visible, rest = fold_html(f'<p>See below</p><br id="lineBreakAtBeginningOfSignature">{quote}')
    assert "Tuesday" in visible and "Old?" not in visible
    assert "Old?" in rest and "Tuesday" not in rest


CARD = "Sales\nThe Shop Ltd\nTel. +39 0461 555012\nanna@shop.example"


def closed(body: str, closing: str = "Kind regards,\nAnna Rossi") -> str:
    return f"{body}\n\n{closing}\n{CARD}"


@pytest.mark.parametrize(
    "closing",
    [
        "Kind regards,\nAnna Rossi",
        "Thanks!\nAnna",
        "In attesa di riscontro, porgo cordiali saluti.\n\nAnna Rossi",
        "Vielen Dank und freundliche Grüße\ni. A. Anna Rossi",
        "Bien à vous,\nAnna Rossi",
        "Z poważaniem\n\nAnna Rossi",
        "Best, Anna",
    ],
)
def test_the_closing_and_the_name_stay_above_a_folded_card(closing: str) -> None:
    assert fold(closed("It works.", closing)) == f"It works.\n\n{closing}"


@pytest.mark.parametrize(
    "body",
    [
        "Call me on Monday.",
        "Mi può richiamare?",
        "Bitte rufen Sie mich an, meine Nummer steht unten.",
        "J'ai déménagé, voici ma nouvelle adresse e-mail.",
        "Écrivez-moi, svp.",
        "Please e-mail me the form.",
        "Find my details below.",
        "Dear me,\n\nso he wrote.\n\nDear Anna,\n\nno.",
        "He wrote:\nNo.\nBest regards\nMarco\n\nIs that all?",
    ],
)
def test_a_card_that_the_text_means_stays(body: str) -> None:
    assert fold(closed(body)) == closed(body)


@pytest.mark.parametrize(
    "line",
    [
        "Is this right?",
        "Order 4711",
        "- two lamps",
        "My room is 12",
        "Kundennummer 12345",
        "IBAN DE02 1203 0000 0000 2020 51",
        "02.03.2026",
        "100 €",
        "https://shop.example/lamps/4711",
        "The lamp is green.",
        "Password: lamp",
    ],
)
def test_one_line_that_is_no_cards_keeps_the_whole(line: str) -> None:
    text = closed("It works.") + f"\n{line}"
    assert fold(text) == text
    text = closed("It works.").replace("Sales\n", f"Sales\n{line}\n")
    assert fold(text) == text


def test_what_is_ordered_below_thanks_stays() -> None:
    text = closed("I would like to have these.", "Thanks\n\nAnna Rossi\nred lamp")
    assert fold(text) == text


def test_the_senders_name_begins_a_card_without_a_closing() -> None:
    text = f"It works.\n\nAnna Rossi\n{CARD}"
    assert fold(text, "Rossi, Anna") == "It works.\n\nAnna Rossi"
    assert fold(text, "Marco Bianchi") == fold(text) == text


def test_a_mail_that_is_a_card_stays_whole() -> None:
    assert fold(f"Kind regards,\nAnna Rossi\n{CARD}") == f"Kind regards,\nAnna Rossi\n{CARD}"


CARDS = [
    "Kind regards\n" * 100_000,
    CARD * 30_000,
    f"{CARD}\n\n" * 30_000,
    "+1 (2) " * 200_000,
    "tel. " * 200_000,
    "this e-mail is confidential " * 50_000,
    "this e-mail is confidential\n" * 50_000,
    "\n" * 1_000_000,
]


@pytest.mark.parametrize("text", CARDS)
def test_looking_for_a_card_costs_little(text: str) -> None:
    start = time.process_time()
    fold(text)
    fold(closed(text))
    fold(f"{closed('It works.')}\n{text}")
    assert time.process_time() - start < 2
