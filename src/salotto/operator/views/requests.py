"""What accounts have asked of support by Email support (rules S13, S14, 18, 19)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import OperatorRequest
from salotto.core.errors import Missing
from salotto.operator.queries import lists
from salotto.operator.queries.requests import request_view
from salotto.operator.views.common import acted, asked, operator_page, show, text
from salotto.seats.actions.requests import answer_request, decline, schedule
from salotto.seats.queries import OPEN

ACTS = ("schedule", "decline", "answer")


@require_safe
@operator_page
def requests(request: OperatorRequest) -> HttpResponse:
    """Open requests; GET `state`, `after`."""
    state = asked(request, "state")
    page = lists.requests(state=state, cursor=asked(request, "after"))
    return show(request, "requests", "requests", page=page, state=state, query=f"state={page_state(state)}&")


def page_state(state: str) -> str:
    """The state as the address of the next page carries it."""
    return state if state in OPEN else ""


@require_safe
@operator_page
def one(request: OperatorRequest, request_id: int) -> HttpResponse:
    """One request, with what was said and what each answer will do; GET `before`."""
    return _page(request, request_id)


def _page(request: OperatorRequest, request_id: int, status: int = 200, **context: Any) -> HttpResponse:
    view = request_view(request_id, request.operator, asked(request, "before"))
    return show(request, "request", "requests", status, view=view, **context)


@require_POST
@operator_page
def act(request: OperatorRequest, request_id: int, verb: str) -> HttpResponse:
    """Schedule, decline or answer. POST `text` for the last two."""
    if verb not in ACTS:
        raise Missing()

    def do() -> str:
        if verb == "schedule":
            schedule(request_id, request.operator)
            return _("It is scheduled, and the primary admin has been told.")
        if verb == "decline":
            decline(request_id, text(request, "text"), request.operator)
            return _("It is declined, and the primary admin has been told why.")
        answer_request(request_id, text(request, "text"), request.operator)
        return _("The answer is on its way. The request stays open.")

    def again(asking: OperatorRequest, **context: Any) -> HttpResponse:
        return _page(asking, request_id, **context)

    return acted(request, do, lambda: redirect("operator_request", request_id), again, verb)
