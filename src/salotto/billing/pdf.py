"""An invoice as PDF, typeset by typst: no system library, no system font, the same everywhere."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from salotto.billing.invoices import InvoiceView

TEMPLATE = Path(__file__).parent / "templates" / "billing" / "invoice.typ"
STAMP = datetime(2000, 1, 1, tzinfo=UTC)
"""Written into the file as its time of making, so that it can be made again."""

LATIN_ENDS = "\u0250"


def pdf_of(view: InvoiceView) -> bytes:
    """The PDF (tagged, A4) of an invoice; the same view gives the same bytes.

    The view travels as one JSON text, never as source, so that no name can say anything to
    the typesetter. Its lines are bounded (`invoices.MOST_LINES`), and so is the time.
    """
    made: bytes = typeset(view, "pdf")
    return made


def typeset(view: InvoiceView, form: Literal["pdf", "png"]) -> Any:
    """The document as PDF, or as PNG: the bytes of a page, or a list if there are several."""
    import typst  # 40 MB that a server without invoices does not carry

    return typst.compile(
        TEMPLATE.read_bytes(),
        format=form,
        font_paths=_fonts(),
        sys_inputs={"invoice": json.dumps(document(view), ensure_ascii=False)},
        timestamp=STAMP,
    )


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)


def document(view: InvoiceView) -> dict[str, Any]:
    """What the template is given: the view, and a letter for the mark (our own if the seller's
    name begins with one that the font may not have)."""
    first = view.seller.name.strip()[:1].upper()
    return {**asdict(view), "mark": first if first.isalnum() and first < LATIN_ENDS else "S"}
