"""Who may open a page: the decorators of every view below /a/<slug>/.

    @for_agents
    def reply(request: MemberRequest, conversation: int) -> HttpResponse: ...

The address carries `<slug:slug>`; the decorator takes it, so that the view does not get
it: the account is `request.member.account`. Strangers get 404, members without the right
403, the signed-out the sign-in page (401 for htmx and JSON). The account's scope is open
while the view runs. `for_operators` is for pages of the installation, below no account.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers

from salotto.accounts.members import (
    Member,
    must_act,
    must_administer,
    must_be_primary_admin,
    must_manage_channels,
    must_read,
)
from salotto.accounts.models import User
from salotto.accounts.queries import member_of
from salotto.core.errors import Missing, SignInNeeded
from salotto.core.tenancy import account_scope


class MemberRequest(HttpRequest):
    """A request whose sender is known to be a member."""

    user: User
    member: Member
    htmx: Any


class OperatorRequest(HttpRequest):
    """A request whose sender is known to be an operator of the installation."""

    user: User
    operator: User
    htmx: Any


View = Callable[Concatenate[MemberRequest, ...], HttpResponse]
OperatorView = Callable[Concatenate[OperatorRequest, ...], HttpResponse]
Page = Callable[..., HttpResponse]


def wants_fragment(request: HttpRequest) -> bool:
    """True for a request of htmx or a program, which must not be led to the sign-in page."""
    json = "application/json" in request.headers.get("Accept", "")
    return json or bool(getattr(request, "htmx", False))


def sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back; raises SignInNeeded for htmx and JSON."""
    if wants_fragment(request):
        raise SignInNeeded()
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect_to_login(back, reverse("account_login"))


def _allowed(check: Callable[[Member], None] | None) -> Callable[[View], Page]:
    def decorator(view: View) -> Page:
        @wraps(view)
        def page(request: Any, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in(request)
            member = member_of(request.user, slug)
            if member is None:
                raise Missing()
            request.member = member
            if check:
                check(member)
            with account_scope(member.account.pk):
                return _private(view(request, *args, **kwargs))

        return page

    return decorator


def _private(response: HttpResponse) -> HttpResponse:
    """No shared cache keeps it, and a fragment is never taken for the page."""
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "HX-Request", "Accept"])
    return response


for_members = _allowed(None)
for_readers = _allowed(must_read)
for_agents = _allowed(must_act)
for_admins = _allowed(must_administer)
for_channel_managers = _allowed(must_manage_channels)
for_primary_admin = _allowed(must_be_primary_admin)


def for_operators(view: OperatorView) -> Page:
    """A page of the installation's operators; to everybody else it does not exist (404).

    Sets `request.operator`. Opens no account's scope: the view's actions and queries do.
    """

    @wraps(view)
    def page(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return sign_in(request)
        if not request.user.is_operator:
            raise Missing()
        request.operator = request.user
        return _private(view(request, *args, **kwargs))

    return page
