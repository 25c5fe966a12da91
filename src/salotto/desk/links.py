"""A message's text as HTML: escaped, with http and https addresses as links."""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_ADDRESS = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def _split(address: str) -> tuple[str, str]:
    """The address and what follows it: punctuation that ends a sentence is not part of it."""
    end = len(address)
    while end:
        last = address[end - 1]
        opens = _PAIRS.get(last)
        lonely = opens is not None and address[:end].count(last) > address[:end].count(opens)
        if last not in ".,;:!?…" and not lonely:
            break
        end -= 1
    return address[:end], address[end:]


def _link(address: str) -> str:
    shown, rest = _split(address)
    safe = escape(shown)
    return f'<a href="{safe}" target="_blank" rel="noopener noreferrer nofollow">{safe}</a>{escape(rest)}'


def linked(text: str) -> SafeString:
    """Safe HTML for a message's text."""
    parts, at = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [escape(text[at : found.start()]), _link(found[0])]
        at = found.end()
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308 (every part is escaped)
