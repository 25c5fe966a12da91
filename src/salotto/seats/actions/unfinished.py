"""A removal that a renewal could not carry out, because more agents are assigned (rule 19)."""

from django.utils.translation import ngettext

from salotto.billing.models import Catalogue
from salotto.core import audit
from salotto.seats import mails
from salotto.seats.models import SeatRequest


def tell_unfinished(request_id: int, quantity: int, quantity_next: int) -> None:
    """Mail primary admin and support that the account has renewed at `quantity` seats, and that
    `quantity_next` stays scheduled; in the transaction and scope of the renewal."""
    request = SeatRequest.objects.select_related("account", "account__primary_admin").get(pk=request_id)

    def words() -> tuple[str, str]:
        title = ngettext(
            "%(account)s has renewed at one seat, not at %(next)d",
            "%(account)s has renewed at %(n)d seats, not at %(next)d",
            quantity,
        ) % {"account": request.account.name, "n": quantity, "next": quantity_next}
        text = ngettext(
            "One agent holds a seat, and nobody loses a seat unasked. The request to remove seats stays"
            " open. Make agents viewers on Manage seats until %(next)d are left; the next renewal then"
            " takes %(next)d.",
            "%(n)d agents hold a seat, and nobody loses a seat unasked. The request to remove seats stays"
            " open. Make agents viewers on Manage seats until %(next)d are left; the next renewal then"
            " takes %(next)d.",
            quantity,
        )
        return title, text % {"n": quantity, "next": quantity_next}

    mails.tell_primary_admin(request.account, words)
    mails.tell_support(request, words, Catalogue.objects.select_related("support_account").get())
    audit.record(
        request.account_id, None, "seats.removal_waits", f"request {request_id}",
        quantity=quantity, at_renewal=quantity_next,
    )  # fmt: skip
