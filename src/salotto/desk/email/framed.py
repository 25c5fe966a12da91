"""The document of a preview's frame: the mail itself, under a policy that lets nothing in or out."""

import re

from django.http import HttpResponse
from django.template.loader import render_to_string

from salotto.channels.email.previewing import Preview

POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'"
)
_BODY = re.compile(r"<body\b[^>]*>")
SCHEMES = {"light": "only light", "dark": "only dark", "system": "light dark"}


def frame(found: Preview, *, plain: bool, theme: str, language: str) -> HttpResponse:
    """The mail's HTML as it leaves, below who sends it and its subject; or its text as programs
    without HTML show it."""
    context = {"preview": found, "language": language, "scheme": SCHEMES[theme]}
    if plain:
        return _framed(render_to_string("desk/email/preview_text.html", context))
    head = render_to_string("desk/email/preview_head.html", context)
    return _framed(_BODY.sub(lambda tag: tag[0] + head, found.html, count=1))


def nothing(why: str, *, theme: str, language: str) -> HttpResponse:
    """A frame that says that no mail leaves, and why."""
    context = {"why": why, "language": language, "scheme": SCHEMES[theme]}
    return _framed(render_to_string("desk/email/preview_nothing.html", context))


def _framed(html: str) -> HttpResponse:
    response = HttpResponse(html)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "private, no-store"
    return response
