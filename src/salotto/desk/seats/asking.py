"""What is asked of others: of support, and of the primary admin."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts.http import MemberRequest, for_admins, for_primary_admin
from salotto.core.errors import Refused
from salotto.desk.people.common import back_to
from salotto.desk.seats.queries import board_of
from salotto.seats import actions


@require_http_methods(["GET", "HEAD", "POST"])
@for_primary_admin
def support(request: MemberRequest) -> HttpResponse:
    """Email support: to remove seats, or to add some when they are not sold any more."""
    if request.method != "POST":
        return _form(request)
    act = actions.request_more if request.POST.get("kind") == "add" else actions.request_removal
    try:
        act(request.POST.get("quantity", ""), request.POST.get("note", ""), by=request.member)
    except Refused as refused:
        return _form(request, refused)
    messages.success(request, _("Your request is on its way to support. You can take it back here."))
    if getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return back_to("seats", request)


def _form(request: MemberRequest, refused: Refused | None = None) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    context = {
        "board": board_of(request.member),
        "kind": "add" if given.get("kind") == "add" else "remove",
        "quantity": given.get("quantity", "1")[:12],
        "note": given.get("note", "")[:3000],
        "refusal": refused,
        "section": "seats",
    }
    status = refused.status if refused else 200
    if getattr(request, "htmx", False):
        return render(request, "desk/seats/_support.html", context, status=status)
    context["part"] = "desk/seats/_support.html"
    return render(request, "desk/seats/alone.html", context, status=status)


@require_POST
@for_primary_admin
def withdraw(request: MemberRequest) -> HttpResponse:
    """Take the open request back."""
    actions.withdraw_request(by=request.member)
    messages.success(request, _("The request is taken back. Your seats stay as they are."))
    return redirect("seats", request.member.account.slug)


@require_POST
@for_admins
def ask(request: MemberRequest) -> HttpResponse:
    """An admin asks the primary admin for seats."""
    actions.ask_primary_admin(by=request.member)
    name = request.member.account.primary_admin.name
    messages.success(request, _("%(name)s has your mail.") % {"name": name})
    return redirect("seats", request.member.account.slug)
