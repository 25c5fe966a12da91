"""Invitations, on the page of people."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from salotto.accounts import actions
from salotto.accounts.http import MemberRequest, for_admins
from salotto.core.errors import Conflict, Invalid, Missing
from salotto.desk.people.common import BIGGEST, back_to
from salotto.desk.people.forms import Invite
from salotto.desk.people.people import page_of_people


@require_POST
@for_admins
def invite(request: MemberRequest) -> HttpResponse:
    """Send an invitation; what is wrong with it stands beside the address."""
    form = Invite(request.POST)
    if not form.is_valid():
        return page_of_people(request, form, 422)
    try:
        actions.invite(by=request.member, **form.cleaned_data)
    except (Conflict, Invalid) as refused:
        form.add_error("email", str(refused.message))
        return page_of_people(request, form, refused.status)
    messages.success(request, _("The invitation to %(email)s is on its way.") % form.cleaned_data)
    return back_to("people", request)


@require_POST
@for_admins
def again(request: MemberRequest, invitation: int) -> HttpResponse:
    """Send an open invitation once more, with a new link."""
    actions.resend_invitation(_fits(invitation), by=request.member)
    messages.success(request, _("The invitation is on its way again. The old link has ended."))
    return back_to("people", request)


@require_POST
@for_admins
def withdraw(request: MemberRequest, invitation: int) -> HttpResponse:
    """Take an open invitation back."""
    actions.revoke_invitation(_fits(invitation), by=request.member)
    messages.success(request, _("The invitation is withdrawn."))
    return back_to("people", request)


def _fits(invitation: int) -> int:
    if invitation > BIGGEST:
        raise Missing()
    return invitation
