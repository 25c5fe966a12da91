"""What the inbox takes from a request: parsed here, or refused with a sentence."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from salotto.core.errors import BadRequest, Invalid
from salotto.inbox.queries import BIGGEST_ID, MOST_ROWS
from salotto.inbox.signals import Draft

LONGEST_LIST = 40_000
"""Characters of a list of recipients."""


def number(text: str | None) -> int | None:
    """An id in an address; None when absent. Raises BadRequest when it is not a number."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or int(text) > BIGGEST_ID:
        raise BadRequest()
    return int(text)


def numbers(text: str) -> list[int]:
    """At most 50 ids, separated by commas. Raises BadRequest for more, or for anything else."""
    parts = text.split(",") if text else []
    if len(parts) > MOST_ROWS:
        raise BadRequest()
    found = [number(part) for part in parts]
    if None in found:
        raise BadRequest()
    return [n for n in found if n is not None]


class Text(forms.Form):
    """A reply or a note, with what makes it a mail. The action checks texts and recipients."""

    body = forms.CharField(required=False, strip=False)
    client_id = forms.UUIDField()
    seen = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST_ID)
    to = forms.CharField(required=False, max_length=LONGEST_LIST)
    cc = forms.CharField(required=False, max_length=LONGEST_LIST)
    bcc = forms.CharField(required=False, max_length=LONGEST_LIST)
    subject = forms.CharField(required=False, max_length=1000)
    attachments = forms.CharField(required=False, max_length=LONGEST_LIST)
    quote = forms.BooleanField(required=False)


def draft(text: dict[str, Any], request: HttpRequest) -> Draft:
    """What an agent decided about a reply beside its text; recipients only if the page asked."""
    asked = "to" in request.POST
    return Draft(
        to=(text["to"],) if asked else None,
        cc=(text["cc"],) if asked else None,
        bcc=(text["bcc"],) if asked else None,
        subject=" ".join(text["subject"].split()) or None,
        attachments=tuple(numbers(text["attachments"])),
        quote=text["quote"],
    )


class Owner(forms.Form):
    """Who gets a conversation; empty for nobody."""

    to = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID)


def read(form: type[forms.Form], request: HttpRequest) -> dict[str, Any]:
    """The form's values. Raises Invalid for text that is none, BadRequest for bad fields."""
    given = form(request.POST)
    if given.is_valid():
        return given.cleaned_data
    if set(given.errors) == {"body"}:
        raise Invalid(_("The message contains characters that are not text."), code="not_text")
    raise BadRequest()
