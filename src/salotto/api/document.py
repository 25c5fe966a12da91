"""The OpenAPI document: what ninja writes, with what it cannot know."""

from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from ninja.openapi import get_schema

from salotto.api.keys import HEADER, REPLAYED
from salotto.api.rest import api
from salotto.api.views import BY_TAG

KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Any text of 1 to 200 visible ASCII characters, fresh for each act. The same again, with"
    f" the same body, is answered as the first time, with the header `{REPLAYED}: true`; with another"
    " body it is 422 `idempotency_key_reused`, and while the first is being worked on 409 `in_progress`."
    " Kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "b7a9d1f0-host-42",
}
LANGUAGE = {
    "in": "header",
    "name": "Accept-Language",
    "required": False,
    "description": "The language of messages and of money as it is shown: `en` or `it`.",
    "schema": {"type": "string"},
    "example": "it",
}
MEANS = {
    200: "Done.",
    201: "It is recorded.",
    202: "Not decided yet: see `state` and `challenge`.",
    400: "Not understood: no JSON object, a forged quote, or a key that cannot be one.",
    401: "The token is missing, wrong or revoked.",
    403: "The token's member has no right to do this at this moment.",
    404: "Not there, or not of this account.",
    409: "Not possible as things stand; `code` says why. With `Retry-After`, again in a moment.",
    413: "More than 256 kB.",
    422: "A value that cannot be; or the card was declined.",
    429: "More than 300 requests a minute with this token, or 20 to support in an hour;"
    " `Retry-After` says how long to wait.",
    500: "Our fault.",
    503: "Not now; `Retry-After` says when.",
}
WAITS = (409, 429, 503)
RETRY = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
Node = dict[str, Any]


@cache
def document() -> Node:
    """The whole document, made once."""
    made: Node = dict(get_schema(api, "api/v1/"))
    made["tags"] = [{"name": name, "description": module.__doc__} for name, module in BY_TAG.items()]
    made["servers"] = [{"url": settings.PUBLIC_URL}]
    made["components"]["securitySchemes"]["Bearer"]["description"] = (
        "A token of Settings › Keys for programs: `slt_` and 43 characters."
    )
    for operations in made["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return made


def _complete(method: str, operation: Node) -> None:
    operation["parameters"] += [LANGUAGE] if method == "get" else [LANGUAGE, KEY]
    for code, response in operation["responses"].items():
        response["description"] = MEANS[HTTPStatus(code)]
        if code in WAITS:
            response["headers"] = {"Retry-After": RETRY}
        if operation["operationId"] == "get_invoice_pdf" and code == HTTPStatus.OK:
            response["content"] = PDF
