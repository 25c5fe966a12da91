"""Payment methods: added with the gateway's own means, made current, removed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from salotto.accounts.http import MemberRequest, for_primary_admin
from salotto.billing.actions import methods
from salotto.billing.history import BIGGEST
from salotto.core.errors import Conflict, Missing, Refused


@require_POST
@for_primary_admin
def add(request: MemberRequest) -> HttpResponse:
    """The card that the gateway has set up under this reference."""
    try:
        card = methods.add_card(request.POST.get("reference", ""), by=request.member)
    except Refused as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The card ending in %(last4)s is added.") % {"last4": card.last4})
    return _back(request)


@require_POST
@for_primary_admin
def current(request: MemberRequest, method: int) -> HttpResponse:
    """Charge this card from now on."""
    card = methods.make_current(_fits(method), by=request.member)
    text = _("The card ending in %(last4)s is charged from now on.") % {"last4": card.last4}
    messages.success(request, text)
    return _back(request)


@require_POST
@for_primary_admin
def remove(request: MemberRequest, method: int) -> HttpResponse:
    """Forget a card."""
    try:
        methods.remove_method(_fits(method), by=request.member)
    except Conflict as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The card is removed."))
    return _back(request)


def _fits(method: int) -> int:
    if method > BIGGEST:
        raise Missing()
    return method


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("billing", request.member.account.slug)
