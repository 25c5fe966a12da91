"""A customer's part in the demo's mail: what is written to the shop, and as an answer to it."""

from datetime import timedelta
from email.utils import formataddr, getaddresses
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from salotto.core.clock import now
from salotto.demo import mails
from salotto.demo.mailbox import Letter

LONGEST = 20_000
"""Characters of a customer's mail."""


class Writing(forms.Form):
    """A mail to one of the demo's inboxes."""

    name = forms.CharField(label=_("Your name"), max_length=100, required=False, initial="Rosa Neri")
    address = forms.EmailField(label=_("Your address"), max_length=254, initial="rosa.neri@mail.example")
    to = forms.ChoiceField(label=_("To"))
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("Message"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5}), strip=False
    )

    def __init__(self, places: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [(place, place) for place in places]  # type: ignore[attr-defined]

    @property
    def raw(self) -> bytes:
        """The mail, when the form is valid."""
        given = self.cleaned_data
        subject = " ".join(given["subject"].split())
        return _mail((given["name"], given["address"]), given["to"], subject, given["text"], None)


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
    return _mail(getaddresses([letter.to])[0], letter.back, subject.removeprefix("Re: "), text, before)


def _mail(who: tuple[str, str], to: str, subject: str, text: str, before: mails.Before | None) -> bytes:
    name, address = (" ".join(part.split()) for part in who)
    sender = formataddr((name, address)) if name else f"<{address}>"
    made = mails.Letter(sender, timedelta(), quoting=True, lines=text.splitlines())
    return mails.mime(made, subject, to, now(), uuid4().hex, before)
