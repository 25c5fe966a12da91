"""`Idempotency-Key`: a request with the same key, twice, is done once and answered the same.

The row of a request is written before it is worked on, and its answer in the transaction
of the act itself where that is one transaction. A purchase is not (the gateway is called in
between), and needs it not: its own id, the quote's, makes it happen once.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpResponse

from salotto.api import actions
from salotto.api.auth import ApiRequest
from salotto.api.errors import refusal
from salotto.api.models import ApiCall
from salotto.api.parsing import canonical
from salotto.api.refusals import BadKey
from salotto.core.errors import Refused
from salotto.core.tenancy import account_scope

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
SHAPE = re.compile(r"[!-~]{1,200}", re.ASCII)

LATER = frozenset({"conflict", "purchase_under_way", "renewal_first", "busy", "too_many_requests"})
"""Refusals that say "try again", and must not be remembered: nothing was done."""

View = Callable[..., HttpResponse]


def once(view: View, *, whole: bool) -> View:
    """The view, in the account's scope, minding the key. `whole`: it is one transaction."""

    @wraps(view)
    def keyed(request: ApiRequest, **given: Any) -> HttpResponse:
        with account_scope(request.auth.account.pk):
            key = request.headers.get(HEADER)
            if key is None or request.method == "GET":
                return view(request, **given)
            if not SHAPE.fullmatch(key):
                raise BadKey()
            call = actions.begin_call(request.auth, request.token_hash, key, _fingerprint(request))
            if call.status is not None:
                return _replay(call)
            return _work(call, lambda: view(request, **given), whole)

    return keyed


def _fingerprint(request: ApiRequest) -> str:
    """What makes it the same request: method, address and the body's meaning."""
    said = f"{request.method} {request.get_full_path()}\n{canonical(request.body)}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _replay(call: ApiCall) -> HttpResponse:
    response = HttpResponse(call.body, status=call.status, content_type="application/json")
    response[REPLAYED] = "true"
    return response


def _work(call: ApiCall, act: Callable[[], HttpResponse], whole: bool) -> HttpResponse:
    try:
        with transaction.atomic() if whole else nullcontext():
            response, keep = _said(act)
            if keep:
                actions.keep_answer(call, response.status_code, response.content.decode())
    except BaseException:
        actions.let_go(call)
        raise
    if not keep:
        actions.let_go(call)
    return response


def _said(act: Callable[[], HttpResponse]) -> tuple[HttpResponse, bool]:
    """The answer, and whether it is the last word."""
    try:
        return act(), True
    except Refused as refused:
        return refusal(refused), refused.code not in LATER
