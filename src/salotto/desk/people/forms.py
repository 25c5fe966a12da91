"""Forms of the settings pages about people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import LANGUAGES, Access, Role, User


class Invite(forms.Form):
    """An invitation by mail."""

    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput({"autocomplete": "off"})
    )
    access = forms.ChoiceField(label=_("Access"), choices=Access, initial=Access.VIEWER)
    role = forms.ChoiceField(label=_("Role"), choices=Role, initial=Role.MEMBER)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class Profile(forms.Form):
    """What a person sets for all of Salotto."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    theme = forms.ChoiceField(
        label=_("Look"), choices=User._meta.get_field("theme").choices or (), widget=forms.RadioSelect
    )


class HandTo(forms.Form):
    """Who takes over open conversations: an agent's id, or empty for nobody."""

    hand_to = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class Key(forms.Form):
    """The name of a new key for a program."""

    name = forms.CharField(label=_("Name"), max_length=80, widget=forms.TextInput({"autocomplete": "off"}))
