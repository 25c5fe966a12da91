"""Refusals that a person reads: each carries an HTTP status, a stable code and one sentence.

Raised by actions, queries and endpoints; turned into a page, a fragment or JSON in one
place (`core.http` for Django, `core.asgi` for the raw endpoints).
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """The request was understood and is refused; nothing was changed.

    `message` may be a lazy translation; it is rendered in the language of the reader.
    """

    status = 400
    code = "bad_request"
    sentence: Any = _("The request could not be understood. Nothing was changed.")

    def __init__(self, message: Any = None, *, code: str | None = None) -> None:
        self.message = self.sentence if message is None else message
        self.code = code or self.code
        super().__init__(self.code)

    def headers(self) -> dict[str, str]:
        """Extra HTTP headers of the answer."""
        return {}

    def as_json(self) -> dict[str, Any]:
        """The body of a JSON answer, in the active language."""
        return {"error": {"code": self.code, "message": str(self.message)}}


class BadRequest(Refused):
    """400: not in the form that the endpoint takes."""


class SignInNeeded(Refused):
    """401: nobody is signed in, or the token is not one of ours."""

    status, code = 401, "sign_in_needed"
    sentence = _("Sign in and try again. Nothing was changed.")


class Forbidden(Refused):
    """403: signed in, but without the right to do this."""

    status, code = 403, "forbidden"
    sentence = _("You are not allowed to do this. Nothing was changed.")


class Missing(Refused):
    """404: not there, or not of this account (which looks the same)."""

    status, code = 404, "not_found"
    sentence = _("This page or item does not exist, or you have no access to it.")


class WrongMethod(Refused):
    """405: the endpoint exists, for the `allowed` methods."""

    status, code = 405, "wrong_method"

    def __init__(self, allowed: Iterable[str]) -> None:
        super().__init__()
        self.allowed = sorted(allowed)

    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.allowed)}


class Conflict(Refused):
    """409: somebody else changed it first."""

    status, code = 409, "conflict"
    sentence = _("Someone else changed this a moment ago. Reload and try again.")


class TooLarge(Refused):
    """413: more bytes than the endpoint takes."""

    status, code = 413, "too_large"
    sentence = _("This is too large to be sent. Shorten it and try again.")


class Invalid(Refused):
    """422: in the right form, with a value that cannot be."""

    status, code = 422, "invalid"


class TooMany(Refused):
    """429: over a rate limit; `retry_after` in seconds."""

    status, code = 429, "too_many_requests"
    sentence = _("Too many requests. Wait a moment and try again.")

    def __init__(self, retry_after: float, message: Any = None) -> None:
        super().__init__(message)
        self.retry_after = max(1, int(retry_after + 0.999))

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Busy(Refused):
    """503: the database does not answer, or too much is in line; nothing was changed."""

    status, code = 503, "busy"
    sentence = _("The server is busy. Try again in a moment.")

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}
