"""A customer's part in the demo's mail: what is written to the shop, and as an answer to it."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import formataddr, getaddresses
from mimetypes import guess_type
from typing import Any
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from salotto.channels.email.mime import htmltext
from salotto.channels.email.recipients import parsed, written
from salotto.core.clock import now
from salotto.core.errors import Invalid
from salotto.demo import mails
from salotto.demo.mailbox import Letter

LONGEST = 20_000
"""Characters of a customer's mail."""
MOST_BYTES = 10 << 20


class Several(forms.FileInput):
    """A button that chooses several files."""

    allow_multiple_selected = True


class Files(forms.FileField):
    """Several files, at most 10 MB together; a list."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Raises ValidationError where they are too large."""
        found = [super(Files, self).clean(one, initial) for one in data or ()]
        if sum(one.size for one in found) > MOST_BYTES:
            raise forms.ValidationError(_("The files are larger than 10 MB together."))
        return found


class Writing(forms.Form):
    """A mail to one of the demo's inboxes."""

    name = forms.CharField(label=_("Your name"), max_length=100, required=False, initial="Rosa Neri")
    address = forms.EmailField(label=_("Your address"), max_length=254, initial="rosa.neri@mail.example")
    to = forms.ChoiceField(label=_("To"))
    cc = forms.CharField(
        label=_("Cc"), max_length=1000, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}), strip=False
    )

    html = forms.BooleanField(label=_("The message is HTML, with tags as in <b>bold</b>"), required=False)
    attached = Files(
        label=_("Files"),
        required=False,
        help_text=_("A picture, an invitation (.ics), a mail (.eml): at most 10 MB."),
    )

    def __init__(self, places: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [(place, place) for place in places]  # type: ignore[attr-defined]

    @property
    def raw(self) -> bytes:
        """The mail, when the form is valid."""
        given = self.cleaned_data
        subject, text = " ".join(given["subject"].split()), given["text"]
        plain = htmltext.text(text) if given["html"] else text
        mail = _mail((given["name"], given["address"]), given["to"], subject, plain, None)
        if given["cc"]:
            mail["Cc"] = given["cc"]
        if given["html"]:
            mail.add_alternative(text, subtype="html")
        for one in given["attached"]:
            _attach(mail, one.name, one.read())
        return mail.as_bytes()

    def clean_cc(self) -> str:
        """Addresses, as a header has them."""
        try:
            return ", ".join(map(written, parsed([self.cleaned_data["cc"]])))
        except Invalid as refused:
            raise forms.ValidationError(str(refused.message)) from refused


class Answering(forms.Form):
    """An answer to a mail that lies in the folder."""

    answers = forms.CharField(max_length=998)
    text = forms.CharField(
        label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}), strip=False
    )


def answer_to(letter: Letter, text: str) -> bytes:
    """A customer's answer, with the whole mail quoted below, as mail programs write it."""
    subject = " ".join(letter.subject.split())
    before = mails.Before(letter.id, letter.sender, letter.at, letter.text)
    who = getaddresses([letter.to])[0]
    return _mail(who, letter.back, subject.removeprefix("Re: "), text, before).as_bytes()


def _attach(mail: EmailMessage, name: str, content: bytes) -> None:
    """As mail programs attach a file: a mail as a mail, anything else by its type."""
    if name.lower().endswith(".eml") and (inner := _as_mail(content)):
        mail.add_attachment(inner)
        return
    main, _, sub = (guess_type(name)[0] or "application/octet-stream").partition("/")
    mail.add_attachment(content, maintype=main, subtype=sub, filename=name)


def _as_mail(content: bytes) -> EmailMessage | None:
    """The mail, if it can be written as one again."""
    found = message_from_bytes(content, policy=default)
    try:
        found.as_bytes()
    except (ValueError, LookupError, AttributeError, TypeError):
        return None
    return found


def _mail(
    who: tuple[str, str], to: str, subject: str, text: str, before: mails.Before | None
) -> EmailMessage:
    name, address = (" ".join(part.split()) for part in who)
    sender = formataddr((name, address)) if name else f"<{address}>"
    made = mails.Letter(sender, timedelta(), quoting=True, lines=text.splitlines())
    return mails.composed(made, subject, to, now(), uuid4().hex, before)
