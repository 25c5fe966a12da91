"""Mail that comes by HTTP, and leaving a mail to many."""

import logging
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from salotto.accounts.queries import account_name
from salotto.channels.email import unsubscribing, upload
from salotto.channels.email.actions import Arrival, receiving, unsubscribe
from salotto.channels.email.queries.receiving import Place, place_by_hook
from salotto.core.errors import Busy, Missing, Refused, TooMany
from salotto.core.limits import RateLimit, address_key

log = logging.getLogger("salotto.email")

_MAILBOX = RateLimit(600, burst=300)
_ADDRESS = RateLimit(1200, burst=600)
_WRONG = RateLimit(30, burst=20)

View = Callable[..., HttpResponse]


def _as_json(view: View) -> View:
    """POST only, and refusals as JSON, whoever asks. The address may have a secret in it, which
    no log shall have: Django does not get to log a refusal."""

    @wraps(view)
    def answered(request: HttpRequest, **given: str) -> HttpResponse:
        if request.method != "POST":
            return _unlogged(HttpResponseNotAllowed(["POST"]))
        try:
            return view(request, **given)
        except Refused as refused:
            return _unlogged(_said(refused))
        except Exception:
            log.exception("A mail by HTTP could not be stored; its sender keeps it")
            return _unlogged(_said(Busy()))

    return answered


def _said(refused: Refused) -> HttpResponse:
    return JsonResponse(refused.as_json(), status=refused.status, headers=refused.headers())


def _unlogged(answer: HttpResponse) -> HttpResponse:
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


@csrf_exempt
@_as_json
def take(request: HttpRequest, key: str, secret: str = "") -> HttpResponse:
    """Store a raw mail for a mailbox: 202 once it is committed."""
    place = _authorised(request, key, secret or _bearer(request))
    mail = upload.raw_mail(request, settings.MAIL_LIMIT)
    arrival = Arrival(
        source="http",
        content=mail,
        sender=_header(request, "X-Envelope-From"),
        recipients=_recipients(request),
    )
    receiving.receive([(place, arrival)])
    return JsonResponse({"stored": True}, status=202)


def _authorised(request: HttpRequest, key: str, secret: str) -> Place:
    """The mailbox, before anything of the mail is read. Raises Missing, TooMany, Busy."""
    address = address_key(request.META.get("REMOTE_ADDR", ""))
    _count(_ADDRESS.wait(address))
    with receiving.database_or_busy():
        place = place_by_hook(key, secret)
    if place is None:
        _count(_WRONG.wait(address))
        raise Missing
    _count(_MAILBOX.wait(f"{place.account}.{place.mailbox}"))
    return place


def _count(wait: float) -> None:
    if wait:
        raise TooMany(wait)


def _bearer(request: HttpRequest) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _header(request: HttpRequest, name: str) -> str:
    """An envelope address, without brackets and control characters."""
    text = request.headers.get(name, "").encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(c for c in text if c.isprintable()).strip().strip("<>")[:320]


def _recipients(request: HttpRequest) -> tuple[str, ...]:
    given = _header_list(request.headers.get("X-Envelope-To", ""))
    return tuple(one for one in (text.strip().strip("<>") for text in given) if one)[:100]


def _header_list(text: str) -> list[str]:
    clean = text.encode("latin-1", "replace").decode("utf-8", "replace")
    return "".join(c for c in clean if c.isprintable()).split(",")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """No more mail to many: POST, by a mail program's one click (RFC 8058) or the page's button."""
    found = unsubscribing.contact_of(token)
    if found is None:
        raise Missing
    if request.method == "POST":
        with receiving.database_or_busy():
            unsubscribe(*found)
    context = {"done": request.method == "POST", "company": account_name(found[0])}
    return render(request, "email/unsubscribe.html", context)
