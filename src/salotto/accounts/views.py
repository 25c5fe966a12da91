"""Pages around the accounts: the way in, invitations, a further account, the language."""

from typing import Any

from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.views import LoginView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts import actions, invited
from salotto.accounts.actions.invitations import find_invitation
from salotto.accounts.allauth_adapter import UNCONFIRMED, known_language
from salotto.accounts.forms import Company, NewPerson
from salotto.accounts.http import sign_in
from salotto.accounts.models import LANGUAGES, Invitation
from salotto.accounts.queries import accounts_of, unconfirmed
from salotto.core import http
from salotto.core.errors import BadRequest, Refused, TooMany

BACKEND = settings.AUTHENTICATION_BACKENDS[0]
YEAR = 60 * 60 * 24 * 365


class SignIn(LoginView):
    """Sign-in; offers sign-up where it is open."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**super().get_context_data(**more), "signup_open": settings.SIGNUP}


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """To the first account, to sign-in (or the demo), or to a page for somebody without an account."""
    if not request.user.is_authenticated:
        return redirect("demo" if settings.DEMO else "account_login")
    mine = accounts_of(request.user)
    if mine:
        return redirect("account_home", mine[0].account.slug)
    if request.user.is_operator:
        return redirect("operator")
    return render(request, "accounts/no_account.html", {"form": Company(), "open": settings.SIGNUP})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def found(request: HttpRequest) -> HttpResponse:
    """A further account, by somebody who is signed in; closed with SALOTTO_SIGNUP=no."""
    if not request.user.is_authenticated:
        return sign_in(request)
    if not settings.SIGNUP:
        return render(request, "account/signup_closed.html", status=403)
    form = Company(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = actions.found_account(form.cleaned_data["name"], request.user)
        return redirect("account_home", account.slug)
    return render(request, "accounts/found.html", {"form": form})


@sensitive_post_parameters("password1")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of an invitation."""
    try:
        found = find_invitation(token)
        if request.method == "POST":
            return _accept(request, token, found)
    except Refused as refused:
        return render(request, "accounts/invitation_over.html", {"refused": refused}, status=refused.status)
    return _ask(request, found, _form(request, found))


def _form(request: HttpRequest, found: Invitation) -> NewPerson | None:
    """The form of a newcomer, None for somebody who has a sign-in."""
    if request.user.is_authenticated or invited.has_user(found):
        return None
    return NewPerson(request.POST or None, email=found.email)


def _ask(request: HttpRequest, found: Invitation, form: NewPerson | None) -> HttpResponse:
    user = request.user
    other = user.is_authenticated and user.email.lower() != found.email.lower()
    context = {"invitation": found, "account_name": found.account.name, "form": form, "other": other}
    return render(request, "accounts/invitation.html", context)


def _accept(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    if request.user.is_authenticated:
        other = request.POST.get("another_address") == "yes"
        joined = actions.accept_invitation(token, request.user, another_address=other)
        return _welcome(request, joined)
    form = _form(request, found)
    if form is None:
        return sign_in_to_accept(request)
    if not form.is_valid():
        return _ask(request, found, form)
    user, joined = actions.join_as_new_user(
        token,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password1"],
        language=known_language(),
    )
    login(request, user, backend=BACKEND)
    return _welcome(request, joined)


def sign_in_to_accept(request: HttpRequest) -> HttpResponse:
    """To sign-in and back to the invitation."""
    return redirect(f"{settings.LOGIN_URL}?next={request.path}")


def _welcome(request: HttpRequest, joined: actions.Joined) -> HttpResponse:
    if joined.access != joined.wanted:
        text = _(
            "All seats of %(account)s are in use, so you joined as a viewer: you can read every"
            " conversation. To answer, ask an admin for a seat."
        )
        messages.warning(request, text % {"account": joined.account.name})
    else:
        messages.success(request, _("Welcome to %(account)s.") % {"account": joined.account.name})
    return redirect("account_home", joined.account.slug)


@require_POST
def confirm_again(request: HttpRequest) -> HttpResponse:
    """Send the confirmation mail once more, to the address that this session waits for."""
    email = request.session.get(UNCONFIRMED, "")
    if not email:
        return redirect("account_login")
    if not send_verification_email_to_address(request, unconfirmed(email), signup=True):
        raise TooMany(60, _("A mail was sent a moment ago. Wait a minute, then try again."))
    messages.success(request, _("The mail is on its way again."))
    return redirect("account_email_verification_sent")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language of a browser that is not signed in, or of the person who is."""
    language = request.POST.get("language", "")
    if language not in dict(LANGUAGES):
        raise BadRequest(gettext_lazy("There is no such language. Nothing was changed."))
    if request.user.is_authenticated:
        actions.update_profile(request.user, language=language)
    response = redirect(safe_next(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def safe_next(request: HttpRequest) -> str:
    """The page to go on to: a path of this site, else the first page."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None) and target.startswith("/")
    return target if safe else "/"


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What allauth answers over a rate limit."""
    return http.answer(request, TooMany(60))
