"""What templates ask for when they show a mail."""

import json
from datetime import datetime
from functools import cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

from salotto.channels.email.recipients import Person, written
from salotto.channels.email.safe.frame import SANDBOX
from salotto.desk.mail.files import size_in_words
from salotto.desk.mail.shapes import dated_in_words
from salotto.desk.words import words

register = template.Library()


@cache
def _icon(name: str, size: int) -> SafeString:
    return SafeString(lucide(name, size=size, aria_hidden="true"))


@register.simple_tag
def icon(name: str, size: int = 17) -> SafeString:
    """An icon without a meaning of its own, drawn once: a thread has hundreds of them."""
    return _icon(name, size)


@register.simple_tag
def sandbox() -> str:
    """What the frame of a mail may do."""
    return SANDBOX


@register.filter
def mail_date(moment: datetime) -> str:
    """A mail's own date: "23 November 2026, 10:42"."""
    return dated_in_words(moment)


@register.filter
def file_size(size: int) -> str:
    """Bytes as the desk says them everywhere: "180 kB"."""
    return size_in_words(size)


@register.filter
def as_written(people: tuple[Person, ...]) -> str:
    """Recipients as somebody types them, separated by commas."""
    return ", ".join(map(written, people))


@register.filter
def first_line(text: str) -> str:
    """The first line of a text."""
    return text.strip().partition("\n")[0]


@register.filter
def as_json(value: object) -> str:
    """For a script that reads it from an attribute."""
    return json.dumps(value)


@register.simple_tag(name="written")
def one_written(name: str, address: str) -> str:
    """A recipient as somebody types it."""
    return written((name, address))


@register.filter
def person_name(person: Person) -> str:
    """The name of a recipient, else the address."""
    return person[0] or person[1]


@register.simple_tag
def mail_words() -> dict[str, str]:
    """What the scripts of a mail's page say."""
    return words()
