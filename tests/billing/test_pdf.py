"""The PDF: the same figures as the page, two languages, and nothing that a name could inject."""

import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from salotto.accounts.models import Account
from salotto.billing import history
from salotto.billing.actions.details import save_details
from salotto.billing.invoices import InvoiceView, TaxLine
from salotto.billing.models import BillingDetails
from salotto.billing.pdf import pdf_of
from salotto.billing.tasks import send_invoice
from tests.billing.invoicing import AT, THREE_SEATS, VAT, issue, unissued
from tests.cast import Cast
from tests.mailbox import mails_to, text_of

A4 = 595.28, 841.89
LONG = [THREE_SEATS] * 150
HERE = Account(pk=7, name="Bottega Conti", slug="bottega", language="en", time_zone="UTC")


def words(pdf: bytes) -> str:
    """The text of all pages, every run of space as one; signs of no width are left out."""
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(text.replace("\u200b", "").split())


def view(**changes: Any) -> InvoiceView:
    return InvoiceView.of(unissued(changes.pop("account", HERE), **changes), "UTC")


def plain(text: str) -> str:
    return " ".join(text.split())


CASES: dict[str, dict[str, Any]] = {
    "open": {},
    "paid": {"state": "paid", "balance_used": 1000, "carried": 36},
    "carried before": {"balance_used": -36},
    "reverse charge": {"taxes": [TaxLine("", 0, "reverse_charge", 3800, 0)]},
    "two rates": {
        "lines": [THREE_SEATS, THREE_SEATS],
        "taxes": [VAT, TaxLine("VAT", 1000, "", 3800, 380)],
    },
    "no tax": {"taxes": []},
    "credit note": {
        "kind": "credit_note",
        "state": "paid",
        "lines": [replace(THREE_SEATS, what="correction", amount=-3800, text="Charged twice")],
        "taxes": [TaxLine("VAT", 2200, "", -3800, -836)],
    },
    "yen": {"currency": "JPY"},
    "dinar": {"currency": "KWD"},
    "many lines": {"lines": LONG, "taxes": [TaxLine("VAT", 2200, "", 570000, 125400)]},
    "a large sum": {
        "lines": [replace(THREE_SEATS, quantity=90_000_000, amount=123_456_789_012_345)],
        "taxes": [TaxLine("VAT", 2200, "", 123_456_789_012_345, 27_160_493_582_716)],
    },
}


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("case", CASES)
def test_every_figure_of_the_page_is_in_the_pdf_and_no_other(cast: Cast, case: str, language: str) -> None:
    cast.account.language = language
    invoice = issue(cast.account, **CASES[case])
    client, address = cast.client(cast.admin), f"/a/{cast.slug}/settings/billing/invoices/{invoice.pk}/"
    html = client.get(address).content.decode()
    sheet = html[html.index("<article") : html.index("</article>")]
    page = plain(unescape(re.sub(r"<[^>]+>", " ", sheet)))
    answer = client.get(f"{address}pdf/")
    assert answer["Content-Type"] == "application/pdf"
    pdf = words(answer.content)
    shown = history.invoice_view(cast.account, invoice.pk)
    for figure in map(plain, shown.figures()):
        assert figure in page
        assert figure in pdf
    assert amounts(page) == amounts(re.sub(r"(Page|Pagina) \d+ \S+ \d+", "", pdf))


def amounts(text: str) -> list[str]:
    """Every amount with decimals, sorted; the reading order of tables may differ."""
    return sorted(re.findall(r"-?[\d.,]*\d[.,]\d{2,3}(?!\d)", text.replace("\xa0", " ")))


@pytest.mark.parametrize("case", CASES)
def test_every_word_of_the_document_is_in_the_pdf(case: str) -> None:
    shown = view(**CASES[case])
    pdf = words(pdf_of(shown))
    texts = [shown.title, shown.standing, shown.issued, shown.seller.name, shown.buyer.name, *shown.notes]
    texts += [text for line in shown.lines for text in (line.title, line.detail)]
    texts += [row.label for row in shown.sums] + [tax.rate for tax in shown.taxes]
    assert [text for text in texts if plain(text) not in pdf] == []


TWO_RATES = {
    "en": ["VAT 22% €76.00 €16.72", "VAT 10% €19.05 €1.91", "Subtotal €95.05 Tax €18.63 Total €113.68"],
    "it": [
        "VAT 22% 76,00 € 16,72 €",
        "VAT 10% 19,05 € 1,91 €",
        "Subtotale 95,05 € Imposta 18,63 € Totale 113,68 €",
    ],
}


@pytest.mark.parametrize("language", TWO_RATES)
def test_two_rates_are_two_rows_with_base_and_tax_on_page_and_pdf(cast: Cast, language: str) -> None:
    cast.account.language = language
    lines = [THREE_SEATS, THREE_SEATS, replace(THREE_SEATS, amount=1905)]
    taxes = [replace(VAT, base=7600, amount=1672), TaxLine("VAT", 1000, "", 1905, 191)]
    invoice = issue(cast.account, lines=lines, taxes=taxes)
    client, address = cast.client(cast.admin), f"/a/{cast.slug}/settings/billing/invoices/{invoice.pk}/"
    page = plain(unescape(re.sub(r"<[^>]+>", " ", client.get(address).content.decode())))
    pdf = words(client.get(f"{address}pdf/").content)
    for row in TWO_RATES[language]:
        assert plain(row) in page
        assert plain(row) in plain(pdf)


INJECTIONS = [
    '#panic("x")',
    '#import "secret.typ": *',
    '#read("/etc/passwd")',
    "$ x^2 $ *bold* _it_ `raw` = Heading",
    '"quoted" \\ back \\" #sys.inputs',
    "</article><script>alert(1)</script>",
    "line\nbreak\ttab\r\nreturn",
    "שלום עולם (RTL) مرحبا",
    "emoji 😀 and 日本語",
    "{{ 7 }} {% now %} @ref <label> // comment /* block",
    "x" * 200,
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_name_can_say_anything_to_the_typesetter(name: str) -> None:
    buyer = BillingDetails(legal_name=name, address=f"{name}\n{name}"[:500], reference=name[:100])
    pdf = words(pdf_of(view(details=buyer)))
    assert "€46.36" in pdf and "Bottega" not in pdf
    if name.isascii():
        assert "".join(name.split()) in "".join(pdf.split())


def test_it_is_on_a4_with_numbered_pages_and_keeps_the_sums_together() -> None:
    reader = PdfReader(BytesIO(pdf_of(view(lines=LONG, taxes=[VAT]))))
    pages = [plain(page.extract_text()) for page in reader.pages]
    assert len(pages) > 3
    assert [f"Page {n} of {len(pages)}" in text for n, text in enumerate(pages, 1)] == [True] * len(pages)
    assert all("Price per seat" in text for text in pages[:-1])  # the heading of the table, again
    assert "Subtotal" in pages[-1] and "To be paid" in pages[-1]
    for page in reader.pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(A4, abs=0.5)


def test_it_carries_its_fonts_and_title() -> None:
    reader = PdfReader(BytesIO(pdf_of(view())))
    assert reader.metadata is not None and reader.metadata.title == "Invoice 2026-000123"
    fonts = {
        str(font["/BaseFont"])
        for page in reader.pages
        for font in map(_object, page["/Resources"]["/Font"].values())
    }
    assert fonts and all("Libertinus" in font for font in fonts)


def _object(reference: Any) -> Any:
    return reference.get_object()


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert pdf_of(view()) == pdf_of(view())


@pytest.mark.parametrize("changes", [{}, {"lines": [THREE_SEATS] * 100_000, "taxes": [VAT]}])
def test_it_takes_less_than_a_second_however_many_lines(changes: dict[str, Any]) -> None:
    shown = view(**changes)
    pdf_of(view())  # the fonts are read once
    began = time.process_time()
    pdf_of(shown)
    assert time.process_time() - began < 1


def test_several_threads_may_make_pdfs_at_once() -> None:
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(pdf_of(view()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(made)) == 1 and len(made) == 4


def test_a_server_that_makes_no_pdf_does_not_load_the_typesetter() -> None:
    code = "import salotto.config.wsgi, salotto.desk.billing.pages, sys; print('typst' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


# The mail.


@pytest.fixture
def queued(settings: Any) -> None:
    """Mail goes the product's way, into the queue."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"


@pytest.mark.usefixtures("queued")
def test_an_invoice_is_mailed_with_its_pdf_to_the_address_of_the_details(cast: Cast) -> None:
    address = f"bills.{cast.slug}@example.com"
    save_details(by=cast.primary_admin, legal_name="Conti S.a.s.", email=address)
    invoice = issue(cast.account)
    send_invoice(cast.account.pk, invoice.pk)
    (mail,) = mails_to(address)
    assert mail["Subject"] == f"Invoice {invoice.name} · €46.36"
    assert "€46.36 are to be paid by 25 June 2026" in text_of(mail)
    assert "11–30 June 2026: 3 × €19.00 × 20 of 30 days" in text_of(mail, "html")
    assert f"/a/{cast.slug}/settings/billing/invoices/{invoice.pk}/" in text_of(mail)
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == (
        f"{invoice.name}.pdf",
        "application/pdf",
    )
    assert "€46.36" in words(attached.get_content())


@pytest.mark.usefixtures("queued")
def test_without_such_an_address_it_goes_to_the_primary_admin(cast: Cast) -> None:
    invoice = issue(cast.account, state="paid", issued_at=AT)
    send_invoice(cast.account.pk, invoice.pk)
    (mail,) = [m for m in mails_to(cast.primary_admin.user.email) if invoice.name in str(m["Subject"])]
    assert "Here is the receipt" in text_of(mail) and "€46.36 are paid" in text_of(mail)
    assert "Sandbox: simulated" in text_of(mail)
