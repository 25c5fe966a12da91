"""Refusals as JSON, whoever raises them: `{"error": {"code", "message", "field"?}}`."""

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja.errors import HttpError, ValidationError
from psycopg.errors import DeadlockDetected

from salotto.api.refusals import BadToken, Failed, NotJson
from salotto.billing.errors import BadQuantity
from salotto.core.errors import Busy, Conflict, Invalid, Missing, Refused, TooLarge

log = logging.getLogger("salotto.api")

COUNTS = ("add", "quantity")
"""Fields that are a number of seats, refused with the one sentence for it."""

FIELDS = {
    "no_price": "currency",
    "no_such_cycle": "cycle",
    "forged_quote": "quote",
    "other_quantity": "add",
    "bad_removal": "quantity",
    "hand_to": "hand_to",
    "hand_to_needed": "hand_to",
}
"""The field that a refusal of an action is about, where there is one."""

SENTENCES: dict[str, Any] = {
    "missing": _("This field is needed. Nothing was changed."),
    "extra_forbidden": _("There is no such field. Nothing was changed."),
    "int_type": _("A whole number is needed here. Nothing was changed."),
    "int_parsing": _("A whole number is needed here. Nothing was changed."),
    "string_type": _("A text is needed here. Nothing was changed."),
    "string_too_long": _("This text is too long. Nothing was changed."),
    "literal_error": _("This is none of the possible values. Nothing was changed."),
}
OTHERWISE = _("This value is not possible here. Nothing was changed.")


def refusal(refused: Refused, field: str = "") -> HttpResponse:
    """The answer to a refused request, in the active language."""
    body = refused.as_json()
    if field := field or FIELDS.get(refused.code, ""):
        body["error"]["field"] = field
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = HttpResponse(text, status=refused.status, content_type="application/json")
    for name, value in refused.headers().items():
        response[name] = value
    return response


def answer(request: HttpRequest, error: Exception) -> HttpResponse:
    """What a program is told about an exception; what nobody foresaw is logged and is a 500."""
    if isinstance(error, ValidationError):
        return refusal(*complaint(error.errors))
    refused = _refused(error)
    if isinstance(refused, Failed):
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    return refusal(refused)


def _refused(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, HttpError):  # ninja's own: no token, or a body that is no JSON
        return BadToken() if error.status_code == BadToken.status else NotJson()
    if isinstance(error, OperationalError):
        return Conflict() if isinstance(error.__cause__, DeadlockDetected) else Busy()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    return Missing() if isinstance(error, Http404) else Failed()


def complaint(errors: list[dict[str, Any]]) -> tuple[Refused, str]:
    """The refusal for the first of pydantic's complaints, and the field that it is about."""
    first = errors[0]
    path = [str(part) for part in first["loc"]]
    inside = path[2:] if path[0] == "body" else path[1:]
    if not inside:  # no body at all
        return NotJson(), ""
    if inside[-1] in COUNTS and first["type"] != "missing":
        return BadQuantity(), inside[-1]
    return Invalid(SENTENCES.get(first["type"], OTHERWISE)), ".".join(inside)
