"""Manage seats: who may answer, who may read, who sees nothing."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from salotto.accounts.http import MemberRequest, for_admins
from salotto.accounts.models import Access
from salotto.accounts.queries import Person
from salotto.billing.gateways.stripe_csp import with_stripe
from salotto.core.errors import Refused
from salotto.desk.people import common
from salotto.desk.people.queries import open_conversations
from salotto.desk.seats.queries import board_of
from salotto.live import cursor
from salotto.seats import actions


@require_safe
@for_admins
@with_stripe
def seats(request: MemberRequest) -> HttpResponse:
    """The figures and the people; with htmx only the rows."""
    at = cursor.current()  # before what the page shows is read
    context = {**common.asked(request), "section": "seats", "levels": Access.choices, "cursor": at}
    if getattr(request, "htmx", False):
        return render(request, "desk/people/_seat_rows.html", context)
    return render(request, "desk/people/seats.html", {**context, "board": board_of(request.member)})


@require_safe
@for_admins
def figures(request: MemberRequest) -> HttpResponse:
    """What a purchase changes on the page, for the dialog's script: figures, chips, buttons, clock."""
    return render(request, "desk/seats/_now.html", {"board": board_of(request.member), "oob": True})


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def access(request: MemberRequest, user: int) -> HttpResponse:
    """Give somebody an access level. Asks who takes over when an agent has open work."""
    person = common.person_of(request, user)
    if request.method != "POST":
        return _answer(request, person.id)
    level = request.POST.get("level", "")
    if _must_ask(request, person, level):
        return _ask(request, person, level)
    try:
        actions.set_access(person.id, level, by=request.member, hand_to=common.hand_to(request))
    except Refused as refused:
        if not getattr(request, "htmx", False):
            raise
        return _answer(request, person.id, refused)
    return _answer(request, person.id)


def _must_ask(request: MemberRequest, person: Person, level: str) -> bool:
    released = person.is_agent and level in (Access.VIEWER, Access.NONE)
    return released and "hand_to" not in request.POST and open_conversations(person.id) > 0


def _ask(request: MemberRequest, person: Person, level: str) -> HttpResponse:
    context = {
        "person": person,
        "level": level,
        "level_name": Access(level).label,
        "count": open_conversations(person.id),
        "others": common.others(request, person.id),
        "section": "seats",
        "search": request.POST.get("q", ""),
    }
    part = "_release.html" if getattr(request, "htmx", False) else "release.html"
    return render(request, f"desk/people/{part}", context)


def _answer(request: MemberRequest, user: int, refused: Refused | None = None) -> HttpResponse:
    """The row as it is now, with the figures; without htmx the page, at this row."""
    person = common.person_of(request, user)
    if not getattr(request, "htmx", False):
        return _page(request, person)
    context: dict[str, Any] = {
        "person": person,
        "levels": Access.choices,
        "board": board_of(request.member),
        "refused": refused,
        "saved": request.method == "POST" and refused is None,
        "search": request.POST.get("q", ""),
    }
    status = refused.status if refused else 200
    return render(request, "desk/people/_seat_changed.html", context, status=status)


def _page(request: MemberRequest, person: Person) -> HttpResponse:
    if request.method == "POST":
        level = Access(person.access).label
        messages.success(request, _("%(name)s: %(level)s.") % {"name": person.name, "level": level})
    search = request.POST.get("q", "")[:100]
    query = f"?{urlencode({'q': search})}" if search else ""
    address = reverse("seats", args=[request.member.account.slug])
    return redirect(f"{address}{query}#person-{person.id}")
