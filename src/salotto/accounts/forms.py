"""Forms of sign-up, sign-in and invitations."""

from typing import Any
from uuid import uuid4

from allauth.account import forms as allauth_forms
from allauth.account.fields import PasswordField, SetPasswordField
from django import forms
from django.core.validators import MaxLengthValidator
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from salotto.accounts.actions import create_user, first_operator, found_account
from salotto.accounts.allauth_adapter import UNCONFIRMED
from salotto.accounts.models import User

PASSWORD_HELP = _("At least 10 characters. A short sentence is a good password.")
PASSWORD_MOST = 200
LABELS = {
    "login": _("Email"),
    "email": _("Email"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
}


class Plain:
    """Our labels, no placeholders, the first field focused, no endless passwords."""

    labels = LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, PasswordField):
                _limit_password(field)
        next(iter(fields.values())).widget.attrs["autofocus"] = True


def _limit_password(field: PasswordField) -> None:
    field.max_length = PASSWORD_MOST
    field.validators.append(MaxLengthValidator(PASSWORD_MOST))
    field.widget.attrs["maxlength"] = PASSWORD_MOST
    new = field.widget.attrs.get("autocomplete") == "new-password"
    field.help_text = PASSWORD_HELP if new else ""


class Login(Plain, allauth_forms.LoginForm):
    """Address and password."""


class Signup(Plain, allauth_forms.SignupForm):
    """A new person with a new account."""

    account_already_exists: bool
    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput({"autocomplete": "name"})
    )
    account_name = forms.CharField(
        label=_("Company"), max_length=80, widget=forms.TextInput({"autocomplete": "organization"})
    )
    field_order = ["name", "account_name", "email", "password1"]
    labels = {**LABELS, "password1": _("Password")}

    def try_save(self, request: HttpRequest) -> Any:
        """Two requests at once make one person: the second is told what a taken address is told."""
        request.session[UNCONFIRMED] = self.cleaned_data["email"]
        if self.account_already_exists:
            self._work_in_vain()
        try:
            return super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            return super().try_save(request)

    def _work_in_vain(self) -> None:
        """What a free address costs, undone: the time of the answer must not tell which it is."""
        given = self.cleaned_data
        with transaction.atomic():
            user = create_user(f"{uuid4().hex}@example.invalid", given["name"], given["password1"])
            found_account(given["account_name"], user)
            transaction.set_rollback(True)

    def save(self, request: HttpRequest) -> User:
        """User, address, account and everything with it, or nothing; the first is an operator."""
        with transaction.atomic():
            user: User = super().save(request)
            found_account(self.cleaned_data["account_name"], user)
            first_operator(user)
        return user


class ResetPassword(Plain, allauth_forms.ResetPasswordForm):
    """The address that a link is sent to."""


class _Once:
    """A new password is asked for once: it can be shown, and reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]  # type: ignore[attr-defined]


class NewPassword(Plain, _Once, allauth_forms.ResetPasswordKeyForm):
    """The new password behind a reset link."""


class ChangePassword(Plain, _Once, allauth_forms.ChangePasswordForm):
    """The current password and the new one."""


class Reauthenticate(Plain, allauth_forms.ReauthenticateForm):
    """The password once more, before something grave."""


class NewPerson(Plain, forms.Form):
    """Who accepts an invitation without a sign-in: name and password."""

    labels = {**LABELS, "password1": _("Password")}

    name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput({"autocomplete": "name"})
    )
    password1 = SetPasswordField(label=_("Password"))

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].user = User(email=email)  # type: ignore[attr-defined]


class Company(Plain, forms.Form):
    """A further account of somebody who is signed in."""

    name = forms.CharField(
        label=_("Company"), max_length=80, widget=forms.TextInput({"autocomplete": "organization"})
    )
