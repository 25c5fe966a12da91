"""A person's own settings: name, language, look, password."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts import actions
from salotto.accounts.forms import ChangePassword
from salotto.accounts.http import MemberRequest, for_members, sign_in
from salotto.accounts.queries import accounts_of
from salotto.desk.people.common import back_to
from salotto.desk.people.forms import Profile


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The profile, in the first account; without one, to the start."""
    if not request.user.is_authenticated:
        return sign_in(request)
    found = accounts_of(request.user)
    return redirect("profile", found[0].account.slug) if found else redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def profile(request: MemberRequest) -> HttpResponse:
    """Name, language and look."""
    user = request.user
    form = Profile(
        request.POST or None, initial={"name": user.name, "language": user.language, "theme": user.theme}
    )
    if request.method == "POST" and form.is_valid():
        actions.update_profile(user, **form.cleaned_data)
        with translation.override(user.language):
            messages.success(request, _("Saved."))
        return back_to("profile", request)
    return _page(request, form, ChangePassword(user=user))


@sensitive_post_parameters("oldpassword", "password1")
@require_POST
@for_members
def password(request: MemberRequest) -> HttpResponse:
    """A new password; every other session ends."""
    refused: HttpResponse | None = ratelimit.consume_or_429(request, action="change_password")
    if refused:
        return refused
    form = ChangePassword(data=request.POST, user=request.user)
    if not form.is_valid():
        user = request.user
        known = {"name": user.name, "language": user.language, "theme": user.theme}
        return _page(request, Profile(initial=known), form)
    actions.change_password(request.user, form.cleaned_data["password1"])
    update_session_auth_hash(request, request.user)
    messages.success(request, _("Your password is changed. Everywhere else you are signed out."))
    return back_to("profile", request)


def _page(request: MemberRequest, form: Profile, password_form: ChangePassword) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    password_form.fields["oldpassword"].widget.attrs.pop("autofocus", None)
    context = {"form": form, "password_form": password_form, "section": "profile"}
    return render(request, "desk/people/profile.html", context, status=status)
