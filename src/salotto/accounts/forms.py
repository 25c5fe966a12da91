"""Forms of sign-up, sign-in and invitations."""

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User


class SignupFields(forms.Form):
    """What sign-up asks beyond e-mail and password."""

    name = forms.CharField(label=_("Your name"), max_length=80)
    account_name = forms.CharField(label=_("Company"), max_length=80)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the saved user."""
