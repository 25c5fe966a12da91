"""What templates ask for when they show a mail."""

from datetime import datetime

from django import template

from salotto.channels.email.recipients import Person, written
from salotto.channels.email.safe.frame import SANDBOX
from salotto.desk.mail.shapes import dated_in_words
from salotto.desk.words import words

register = template.Library()


@register.simple_tag
def sandbox() -> str:
    """What the frame of a mail may do."""
    return SANDBOX


@register.filter
def mail_date(moment: datetime) -> str:
    """A mail's own date: "23 November 2026, 10:42"."""
    return dated_in_words(moment)


@register.filter
def as_written(people: tuple[Person, ...]) -> str:
    """Recipients as somebody types them, separated by commas."""
    return ", ".join(map(written, people))


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
