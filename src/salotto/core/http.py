"""Refusals, as pages and as JSON: the one place where an error becomes an answer."""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from psycopg.errors import DeadlockDetected

from salotto.core.errors import BadRequest, Conflict, Forbidden, Missing, Refused, TooLarge

Handler = Callable[[HttpRequest], HttpResponse]


def answer(request: HttpRequest, refused: Refused) -> HttpResponse:
    """JSON for programs, a small fragment for htmx, a page for a browser."""
    if "application/json" in request.headers.get("Accept", ""):
        response: HttpResponse = JsonResponse(refused.as_json(), status=refused.status)
    else:
        template = "core/refused_fragment.html" if getattr(request, "htmx", False) else "core/refused.html"
        response = render(request, template, {"refused": refused}, status=refused.status)
    for name, value in refused.headers().items():
        response[name] = value
    return response


class RefusalMiddleware:
    """Turns a `Refused` raised by a view, query or action into its answer.

    A deadlock, which the database ends by undoing one of the two writes, is a `Conflict`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError) and isinstance(error.__cause__, DeadlockDetected):
            error = Conflict()
        return answer(request, error) if isinstance(error, Refused) else None


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid CSRF token; the reason is logged by Django."""
    return answer(request, Forbidden(code="csrf"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself refuses to read; a body over the limit is 413."""
    too_large = isinstance(exception, RequestDataTooBig)
    return answer(request, TooLarge() if too_large else BadRequest())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 from Django or a library."""
    return answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is not there."""
    return answer(request, Missing())


def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault. A file without a template's context: the cause may be the database."""
    return HttpResponse(loader.get_template("core/failed.html").render(), status=500)
