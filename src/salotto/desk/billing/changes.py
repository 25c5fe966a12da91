"""What the primary admin changes on the billing pages: details, cycle, an open invoice."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts.http import MemberRequest, for_admins, for_primary_admin
from salotto.accounts.members import must_be_primary_admin
from salotto.billing import actions, history
from salotto.billing.actions.details import change_cycle, save_details
from salotto.billing.errors import Declined, PurchaseUnderWay
from salotto.billing.gateways.stripe_csp import with_stripe
from salotto.billing.models import Cycle, Payment, PaymentState
from salotto.billing.queries import payment as find_payment
from salotto.core.errors import Conflict, Missing, Refused
from salotto.desk.billing.forms import Details
from salotto.desk.billing.shapes import money


def back(request: MemberRequest) -> HttpResponse:
    """To the first billing page of this account."""
    return redirect("billing", request.member.account.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def details(request: MemberRequest) -> HttpResponse:
    """Whom invoices are made out to. Admins read; the primary admin saves."""
    account = request.member.account
    known = history.details(account)
    if request.method != "POST":
        initial = None if known else {"legal_name": account.name}
        return _form(request, Details(instance=known, initial=initial), 200)
    must_be_primary_admin(request.member)
    form = Details(request.POST, instance=known)
    if not form.is_valid():
        return _form(request, form, 422)
    try:
        save_details(by=request.member, **form.cleaned_data)
    except PurchaseUnderWay as refused:
        form.add_error(None, str(refused.message))
        return _form(request, form, refused.status)
    messages.success(request, _("Saved. The next invoice is made out to these details."))
    return back(request)


def _form(request: MemberRequest, form: Details, status: int) -> HttpResponse:
    may = request.member.is_primary_admin
    if not may:
        for field in form.fields.values():
            field.disabled = True
    context = {"section": "billing", "form": form, "may_change": may}
    return render(request, "desk/billing/details.html", context, status=status)


@require_POST
@for_primary_admin
def cycle(request: MemberRequest) -> HttpResponse:
    """Monthly or yearly from the next renewal on."""
    sub = change_cycle(request.POST.get("cycle", ""), request.member)
    if sub.cycle_next == Cycle.YEAR:
        messages.success(request, _("The plan renews yearly from the next renewal on."))
    else:
        messages.success(request, _("The plan renews monthly from the next renewal on."))
    return back(request)


@require_POST
@for_primary_admin
@with_stripe
def pay(request: MemberRequest, invoice: int) -> HttpResponse:
    """Pay an open invoice now, with the current card."""
    row = history.invoice(request.member.account.pk, invoice)
    try:
        payment = actions.pay_invoice(row.pk, by=request.member)
    except (Declined, Conflict) as refused:
        return _refused(request, refused)
    return _on(request, payment)


@require_http_methods(["GET", "HEAD", "POST"])
@for_primary_admin
@with_stripe
def payment(request: MemberRequest, payment: UUID) -> HttpResponse:
    """A payment that the bank asks about, or whose outcome is not known yet.

    Both methods ask the gateway, which alone knows the bank's question and its answer; POST
    with `give_up` leaves the payment.
    """
    found = find_payment(request.member.account.pk, payment)
    if found.invoice_id is None:
        raise Missing()
    if found.state != PaymentState.CHARGING:
        return _went(request, found)
    step = actions.give_up if "give_up" in request.POST else actions.continue_purchase
    try:
        now = step(found.pk, by=request.member)
    except Declined as refused:
        return _refused(request, refused)
    if request.method != "POST" and now.state == PaymentState.CHARGING:
        return _waiting(request, now, found.invoice_id)
    return _on(request, now)


def _waiting(request: MemberRequest, payment: Payment, invoice: int) -> HttpResponse:
    """What is being paid, the bank's question if there is one, and the way to leave it."""
    context = {
        "section": "billing",
        "payment": payment,
        "invoice": history.invoice(request.member.account.pk, invoice),
        "amount": money(payment.amount, payment.currency),
    }
    return render(request, "desk/billing/payment.html", context)


def _refused(request: MemberRequest, refused: Refused) -> HttpResponse:
    messages.error(request, str(refused.message))
    return back(request)


def _on(request: MemberRequest, payment: Payment) -> HttpResponse:
    """After a POST: to the payment's own page, which can be reloaded, or back when it is over."""
    if payment.state == PaymentState.CHARGING:
        answer = redirect("invoice_payment", request.member.account.slug, payment.pk)
        answer.status_code = 303
        return answer
    return _went(request, payment)


def _went(request: MemberRequest, payment: Payment) -> HttpResponse:
    """Back, and what became of a payment that is over."""
    if payment.state == PaymentState.PAID:
        amount = money(payment.amount, payment.currency)
        messages.success(request, _("%(amount)s is paid. Thank you.") % {"amount": amount})
    else:
        messages.info(request, _("Nothing was charged. The invoice is still open."))
    return back(request)
