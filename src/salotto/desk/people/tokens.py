"""A member's own keys for programs: made, shown once, revoked."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts import actions, queries
from salotto.accounts.http import MemberRequest, for_members
from salotto.core.errors import Conflict, Invalid, Missing
from salotto.desk.people.common import BIGGEST, back_to
from salotto.desk.people.forms import Key


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def tokens(request: MemberRequest) -> HttpResponse:
    """One's own keys; POST makes one and shows its secret, this once."""
    form = Key(request.POST or None)
    if request.method != "POST":
        return _page(request, Key())
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        token, secret = actions.create_token(form.cleaned_data["name"], by=request.member)
    except (Conflict, Invalid) as refused:
        form.add_error("name", str(refused.message))
        return _page(request, form, status=refused.status)
    return _page(request, Key(), secret=secret, made=token.pk)


@require_POST
@for_members
def revoke(request: MemberRequest, token: int) -> HttpResponse:
    """End a key."""
    if token > BIGGEST:
        raise Missing()
    actions.revoke_token(token, by=request.member)
    messages.success(request, _("The key is revoked. Programs that use it are refused from now on."))
    return back_to("tokens", request)


def _page(
    request: MemberRequest, form: Key, *, status: int = 200, secret: str = "", made: int = 0
) -> HttpResponse:
    context = {
        "tokens": queries.tokens_of(request.member),
        "form": form,
        "secret": secret,
        "made": made,
        "section": "profile",
    }
    response = render(request, "desk/people/tokens.html", context, status=status)
    add_never_cache_headers(response)
    return response
