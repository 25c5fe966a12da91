"""Invoices and credit notes."""

from django.http import HttpResponse

from salotto.accounts.members import must_administer
from salotto.api import schemas, shapes
from salotto.api.auth import ApiRequest
from salotto.api.rest import AFTER, LIMIT, operation, said
from salotto.billing import history
from salotto.billing.pdf import pdf_of


@operation(
    "GET", "invoices", may=must_administer, gives={200: schemas.Invoices}, refuses=(422,), tag="Invoices"
)
def list_invoices(request: ApiRequest, after: str = AFTER, limit: int = LIMIT) -> HttpResponse:
    """Invoices and credit notes.

    Newest first. For admins.
    """
    return said(shapes.invoices(history.invoices(request.auth.account, cursor=after, limit=limit)))


@operation(
    "GET",
    "invoices/{int:invoice}",
    may=must_administer,
    gives={200: schemas.Invoice},
    refuses=(404,),
    tag="Invoices",
)
def get_invoice(request: ApiRequest, invoice: int) -> HttpResponse:
    """One invoice with its lines.

    With the taxes per rate, and seller and buyer as they were. For admins.
    """
    return said(shapes.invoice(history.invoice(request.auth.account.pk, invoice)))


@operation(
    "GET",
    "invoices/{int:invoice}/pdf",
    may=must_administer,
    gives={200: None},
    refuses=(404,),
    tag="Invoices",
)
def get_invoice_pdf(request: ApiRequest, invoice: int) -> HttpResponse:
    """The same as a PDF.

    In the account's language, as it was issued. For admins.
    """
    view = history.invoice_view(request.auth.account, invoice)
    response = HttpResponse(pdf_of(view), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{view.name}.pdf"'
    return response
