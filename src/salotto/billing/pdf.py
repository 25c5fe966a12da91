"""An invoice as PDF, typeset by typst: no system library, no system font, the same everywhere."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from salotto.billing.invoices import InvoiceView

TEMPLATE = Path(__file__).parent / "templates" / "billing" / "invoice.typ"


def pdf_of(view: InvoiceView) -> bytes:
    """The PDF (tagged, A4) of an invoice; the same view gives the same bytes.

    The view travels as one JSON text, never as source, so that no name can say anything to
    the typesetter. Its lines are bounded (`invoices.MOST_LINES`), and so is the time.
    """
    return typeset(view, "pdf")


def typeset(view: InvoiceView, form: str) -> Any:
    """The document in a form of typst's ("pdf": bytes; "png": bytes of a page, or a list)."""
    import typst  # 40 MB that a server without invoices does not carry

    return typst.compile(
        TEMPLATE.read_bytes(),
        format=form,  # type: ignore[arg-type]
        font_paths=_fonts(),
        sys_inputs={"invoice": json.dumps(document(view), ensure_ascii=False)},
        timestamp=datetime(2000, 1, 1, tzinfo=UTC),
    )


@cache
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False)


def document(view: InvoiceView) -> dict[str, Any]:
    """What the template is given: the view, and the seller's letter for the mark."""
    return {**asdict(view), "mark": (view.seller.name.strip() or "Salotto")[:1].upper()}
