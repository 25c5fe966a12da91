"""The page of a request: what support has said about it, and writing to support."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from salotto.accounts.http import MemberRequest, for_admins
from salotto.core.errors import Conflict, Invalid, Refused, TooMany
from salotto.desk.seats.queries import talk_of
from salotto.live import cursor
from salotto.seats import actions

CURSOR = 19


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def one(request: MemberRequest, request_id: int) -> HttpResponse:
    """A request with what was said; POST writes `text` to support, once per `key`. With htmx GET
    gives the words alone, POST the words and the form."""
    if request.method != "POST":
        return _page(request, request_id)
    text = request.POST.get("text", "")
    try:
        actions.write_to_support(request_id, text, _key(request), by=request.member)
    except (Invalid, Conflict, TooMany) as refused:
        return _page(request, request_id, refused)
    if request.htmx:
        return _page(request, request_id)
    messages.success(request, _("Support has your words."))
    return redirect(reverse("seats_request", args=[request.member.account.slug, request_id]) + "#last")


def _key(request: MemberRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise Invalid(_("The key is no UUID. Nothing was changed."), code="key") from None


def _page(request: MemberRequest, request_id: int, refused: Refused | None = None) -> HttpResponse:
    """The page, or with htmx the part that was asked for; what was refused stays in the form."""
    before = request.GET.get("before", "")[:CURSOR]
    at = cursor.current()
    context = {
        "talk": talk_of(request.member, request_id, before),
        "key": uuid4(),
        "refusal": refused,
        "given": request.POST.get("text", "")[:5000] if refused else "",
        "cursor": at,
        "section": "seats",
    }
    status = refused.status if refused else 200
    response = render(request, f"desk/seats/{_part(request)}.html", context, status=status)
    for name, value in refused.headers().items() if refused else ():
        response[name] = value
    return response


def _part(request: MemberRequest) -> str:
    if not request.htmx:
        return "request"
    return "_talk" if request.method == "POST" else "_words"
