"""An account's place in an address, made from its name."""

import secrets
from collections.abc import Iterator

from django.utils.text import slugify

LENGTH = 50
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def _tail(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def candidates(name: str) -> Iterator[str]:
    """Slugs to try in order: the name itself, the name with a number, then with chance.

    A name without Latin letters has no slug of its own and gets `team-` and a tail.
    """
    base = slugify(name)[:LENGTH].strip("-_")
    if not base:
        base = f"team-{_tail(5)}"
    yield base
    for number in range(2, 6):
        yield f"{base}-{number}"
    while True:
        yield f"{base}-{_tail(6)}"
