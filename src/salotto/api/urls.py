"""Addresses of the API, below /api/v1/. Imported with the first request to one of them."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from salotto.api.document import document
from salotto.api.errors import refusal
from salotto.api.rest import api
from salotto.core.errors import Missing, WrongMethod

LANGUAGES = ("en", "it")


def language_of(request: HttpRequest) -> str:
    """What `Accept-Language` prefers of the languages that we speak; no cookie has a say."""
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return next((code[:2] for code, _ in wanted if code[:2] in LANGUAGES), "en")


def door(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """In the reader's language, every refusal as JSON, kept by no cache."""

    @csrf_exempt  # there is no cookie that could be abused
    @wraps(view)
    def answered(request: HttpRequest, **given: Any) -> HttpResponseBase:
        language = language_of(request)
        with translation.override(language):
            response = view(request, **given)
            if response.status_code == WrongMethod.status:
                response = refusal(WrongMethod(response["Allow"].split(", ")))
        response["Content-Language"] = language
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Accept-Language", "Authorization"])
        return response

    return answered


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """What there is, for programs: the OpenAPI document."""
    response = HttpResponse(json.dumps(document(), ensure_ascii=False), content_type="application/json")
    response["Cache-Control"] = "public, max-age=300"
    return response


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """There is no such address."""
    return refusal(Missing())


def _behind(pattern: Any) -> URLPattern:
    return URLPattern(pattern.pattern, door(pattern.callback), pattern.default_args, pattern.name)


urlpatterns = [
    path("openapi.json", door(openapi)),
    *(_behind(pattern) for pattern in api.urls[0] if str(pattern.pattern)),  # ninja's own page at the root
    path("", door(unknown)),
    path("<path:rest>", door(unknown)),
]
