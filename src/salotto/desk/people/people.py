"""Who belongs to the account: list, roles, leaving, and the hand-over of the first role."""

from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts import actions, invited
from salotto.accounts.http import MemberRequest, View, for_admins, for_members, for_primary_admin
from salotto.accounts.members import must_administer
from salotto.core.errors import Conflict
from salotto.desk.people import common
from salotto.desk.people.forms import Invite
from salotto.desk.people.queries import open_conversations

with_password: Callable[[View], View] = reauthentication_required
"""Asks for the password once more, unless it was given in the last five minutes."""


@require_safe
@for_members
def people(request: MemberRequest) -> HttpResponse:
    """Everyone, by name; with htmx only the rows."""
    return page_of_people(request, Invite(initial={"language": request.user.language}))


def page_of_people(request: MemberRequest, form: Invite, status: int = 200) -> HttpResponse:
    """The page around an invitation's form, which may carry errors."""
    context = {**common.asked(request), "section": "people", "form": form}
    if getattr(request, "htmx", False):
        return render(request, "desk/people/_rows.html", context)
    if request.member.is_admin:
        context["pending"] = invited.pending()
    return render(request, "desk/people/people.html", context, status=status)


@require_POST
@for_admins
def role(request: MemberRequest, user: int) -> HttpResponse:
    """Make somebody an admin or an ordinary member."""
    person = common.person_of(request, user)
    actions.change_role(person.id, request.POST.get("role", ""), by=request.member)
    if request.POST.get("role") == "admin":
        messages.success(request, _("%(name)s is an admin now.") % {"name": person.name})
    else:
        messages.success(request, _("%(name)s is no admin any more.") % {"name": person.name})
    return common.back_to("people", request)


@require_POST
@for_primary_admin
def channels(request: MemberRequest, user: int) -> HttpResponse:
    """Let an admin set up channels, or no more."""
    person, on = common.person_of(request, user), request.POST.get("on") == "yes"
    actions.permit_channels(person.id, on, by=request.member)
    if on:
        messages.success(request, _("%(name)s may set up channels now.") % {"name": person.name})
    else:
        messages.success(request, _("%(name)s sets up channels no more.") % {"name": person.name})
    return common.back_to("people", request)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def remove(request: MemberRequest, user: int) -> HttpResponse:
    """Take somebody out of the account, or leave it oneself; asks first."""
    person = common.person_of(request, user)
    myself = person.id == request.user.pk
    if not myself:
        must_administer(request.member)
    if person.is_primary_admin:
        raise Conflict(
            _("The primary admin keeps this role until it is handed over. Nothing was changed."),
            code="is_primary_admin",
        )
    if request.method != "POST":
        context = {
            "person": person,
            "myself": myself,
            "section": "people",
            "count": open_conversations(person.id),
            "others": common.others(request, person.id),
        }
        return render(request, "desk/people/remove.html", context)
    actions.remove_member(person.id, by=request.member, hand_to=common.hand_to(request))
    if myself:
        return redirect("home")
    messages.success(request, _("%(name)s has left the account.") % {"name": person.name})
    return common.back_to("people", request)


@require_http_methods(["GET", "HEAD", "POST"])
@for_primary_admin
@with_password
def hand_over(request: MemberRequest, user: int) -> HttpResponse:
    """Make somebody else the primary admin; asks for the password and once more."""
    person = common.person_of(request, user)
    if request.method != "POST":
        context = {"person": person, "section": "people"}
        return render(request, "desk/people/hand_over.html", context)
    actions.hand_over(person.id, by=request.member)
    messages.success(request, _("%(name)s is the primary admin now.") % {"name": person.name})
    return common.back_to("people", request)
