"""Forms of the settings of email. Limits and sentences are those of the actions, which check again."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from salotto.channels.email.actions.connecting import Settings
from salotto.channels.email.actions.mailboxes import (
    LONGEST_WAIT,
    MOST_ALIASES,
    NAME_LIMIT,
    SUBJECT_LIMIT,
    TEXT_LIMIT,
    checked,
)
from salotto.channels.email.models import Auth, FromName, Security
from salotto.core.errors import Invalid

_PLACEHOLDERS = _("{agent}, {company} and {email} are filled in. A line with nothing else in it is left out.")


class Plain(forms.Form):
    """Leaves to the action what a field may hold: one place decides, and says why not."""

    def clean(self) -> dict[str, Any]:
        """Each field as it will be kept, or the action's sentence beside it."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in self.others}
        for name, value in given.items():
            try:
                self.cleaned_data[name] = checked({name: value})[name]
            except Invalid as refused:
                self.add_error(name, str(refused.message))
        return self.cleaned_data

    others: frozenset[str] = frozenset()


class Add(Plain):
    """A new email inbox."""

    address = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "placeholder": "support@example.com"}),
        help_text=_("What your customers write to."),
    )
    name = forms.CharField(
        label=_("Name of the inbox"),
        max_length=NAME_LIMIT,
        help_text=_("What your team sees, such as Support."),
    )


class General(Plain):
    """Name and addresses."""

    name = forms.CharField(label=_("Name of the inbox"), max_length=NAME_LIMIT)
    address = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text=_("What customers write to, and what answers come from."),
    )
    aliases = forms.CharField(
        label=_("Further addresses"),
        required=False,
        max_length=MOST_ALIASES * 256,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        help_text=_("One per line. Answers to all never go to any of them."),
    )


def _languages() -> list[tuple[str, Any]]:
    return [("", _("As the customer writes")), *settings.LANGUAGES]


class Looks(Plain):
    """How a mail looks."""

    from_name = forms.ChoiceField(label=_("Sender’s name"), choices=FromName, widget=forms.RadioSelect)
    company = forms.CharField(
        label=_("Company name"),
        required=False,
        max_length=NAME_LIMIT,
        help_text=_("Empty: the name of the account."),
    )
    subject = forms.CharField(
        label=_("Subject of a new conversation"),
        required=False,
        max_length=SUBJECT_LIMIT,
        help_text=_("For mails that answer none and have no subject of their own."),
    )
    language = forms.ChoiceField(
        label=_("Language of mails"),
        required=False,
        choices=_languages,
        help_text=_(
            "Of what Salotto writes by itself, such as the line above a quote. Where the customer’s "
            "language is not known, it is that of the account."
        ),
    )
    signature = forms.CharField(
        label=_("Signature"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea({"rows": 5}),
        help_text=_PLACEHOLDERS,
    )
    colour = forms.CharField(
        label=_("Colour"),
        required=False,
        max_length=7,
        widget=forms.TextInput({"placeholder": "#b4492a", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "A bar above each mail, with the company’s name where there is no logo."
            " Empty, and without logo and footer: a plain mail."
        ),
    )
    footer = forms.CharField(
        label=_("Footer"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Small, at the end: company details, a notice."),
    )


class Automatic(Plain):
    """The acknowledgement."""

    auto_reply = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("Empty: nothing is sent. Each person gets it once a day at most, machines never."),
    )


class Chats(forms.Form):
    """Carrying chats on."""

    on = forms.BooleanField(label=_("Mail answers that a chat’s visitor has not seen"), required=False)
    minutes = forms.IntegerField(
        label=_("Minutes after the answer"),
        min_value=1,
        max_value=LONGEST_WAIT,
        error_messages={
            "required": _("After how many minutes? Enter a number."),
            "invalid": _("After how many minutes? Enter a number."),
            "min_value": _("Wait at least one minute."),
            "max_value": _("Wait at most a day: 1440 minutes."),
        },
    )


class Logo(forms.Form):
    """A picture."""

    logo = forms.FileField(
        label=_("Picture"),
        allow_empty_file=True,
        error_messages={"required": _("Choose a picture first.")},
        widget=forms.FileInput({"accept": "image/png,image/jpeg"}),
    )


class Server(forms.Form):
    """What both kinds of servers need. A password is never rendered. `ways` of signing in are those
    that an admin may choose."""

    ways: tuple[Auth, ...] = (Auth.PASSWORD,)

    host = forms.CharField(
        label=_("Server"),
        max_length=253,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the server’s name.")},
    )
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        error_messages={
            "required": _("Enter the port."),
            "invalid": _("The port is a number between 1 and 65535."),
            "min_value": _("The port is a number between 1 and 65535."),
            "max_value": _("The port is a number between 1 and 65535."),
        },
    )
    security = forms.ChoiceField(label=_("Security"), choices=Security)
    auth = forms.ChoiceField(
        label=_("Signing in"), choices=[(Auth.PASSWORD.value, Auth.PASSWORD.label)], widget=forms.HiddenInput
    )
    username = forms.CharField(
        label=_("User name"),
        required=False,
        max_length=254,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Most often the email address."),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}, render_value=False),
    )

    def clean(self) -> dict[str, Any]:
        """Whoever signs in needs a name."""
        if self.cleaned_data.get("auth") == Auth.PASSWORD and not self.cleaned_data.get("username"):
            self.add_error("username", _("Enter the user name, most often the email address."))
        return self.cleaned_data

    def settings(self) -> Settings:
        """As the action takes them, of a valid form."""
        names = ("host", "port", "security", "auth", "username", "password", "folder")
        given = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        return Settings(
            **given,
            per_minute=self.cleaned_data.get("per_minute") or 0,
            everything=self.cleaned_data.get("take") == "everything",
        )


class Receiving(Server):
    """An IMAP server."""

    folder = forms.CharField(
        label=_("Folder"),
        required=False,
        max_length=250,
        initial="INBOX",
        help_text=_("Mails in it are read and left as they are."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    take = forms.ChoiceField(
        label=_("What to take in"),
        choices=[("new", _("Only new mails")), ("everything", _("Also those that lie there already"))],
        initial="new",
        widget=forms.RadioSelect,
        required=False,
    )
    both = forms.BooleanField(label=_("Send by this provider too, with the same password"), required=False)


class Sending(Server):
    """An SMTP server; one within a company may let its neighbours send without signing in."""

    ways = (Auth.PASSWORD, Auth.NONE)
    same = forms.BooleanField(label=_("The password that the mailbox is read with"), required=False)
    auth = forms.ChoiceField(label=_("Signing in"), choices=[(auth.value, auth.label) for auth in ways])
    per_minute = forms.IntegerField(
        label=_("Mails per minute"),
        required=False,
        min_value=0,
        max_value=100_000,
        help_text=_("What the server allows. Empty or 0: no limit of ours."),
    )


class NewDomain(forms.Form):
    """A sender domain."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=253,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "placeholder": "example.com"}),
    )


class Assign(forms.Form):
    """Which inbox a mail goes to: chosen, or among many by its name or address."""

    mailbox = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    typed = forms.CharField(required=False, max_length=254)
