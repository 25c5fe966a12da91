"""Accounts: the list, and one with what an operator may do for it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import OperatorRequest
from salotto.accounts.paging import LONGEST
from salotto.billing.actions.terms import set_anchor, switch_gateway
from salotto.core.errors import Missing
from salotto.operator.queries import accounts as queries
from salotto.operator.queries.histories import history_of
from salotto.operator.settlements import grant
from salotto.operator.views.common import BIGGEST, acted, asked, operator_page, show, text


@require_safe
@operator_page
def accounts(request: OperatorRequest) -> HttpResponse:
    """The list; GET `q`, `state`, `after`. With htmx only the list."""
    search, state = asked(request, "q"), asked(request, "state")
    page = queries.accounts(search=search, state=state, cursor=asked(request, "after"))
    name = "_accounts" if request.htmx else "accounts"
    return show(request, name, "accounts", page=page, search=search, state=state, states=_states())


def _states() -> list[tuple[str, str]]:
    from salotto.billing.models import State

    return [
        ("", _("All states")),
        (queries.UNPAID, _("Not paid")),
        *((s.value, str(s.label)) for s in State),
    ]


@require_safe
@operator_page
def account(request: OperatorRequest, account: int) -> HttpResponse:
    """One account."""
    return _page(request, account)


@require_safe
@operator_page
def history(request: OperatorRequest, account: int, history: str) -> HttpResponse:
    """One of its histories, whole; GET `after`."""
    found = history_of(queries.account(_fits(account)), history, asked(request, "after", LONGEST))
    return show(request, "history", "accounts", history=found, page=found.page, account=found.account)


def _page(request: OperatorRequest, account: int, status: int = 200, **context: Any) -> HttpResponse:
    view = queries.account_view(_fits(account))
    return show(request, "account", "accounts", status, view=view, credit_key=uuid4(), **context)


def _fits(number: int) -> int:
    if number > BIGGEST:
        raise Missing()
    return number


def _act(request: OperatorRequest, account: int, form: str, act: Callable[[], str]) -> HttpResponse:
    queries.account(_fits(account))

    def again(asking: OperatorRequest, **context: Any) -> HttpResponse:
        return _page(asking, account, **context)

    return acted(request, act, lambda: redirect("operator_account", account), again, form)


@require_POST
@operator_page
def gateway(request: OperatorRequest, account: int) -> HttpResponse:
    """How it pays. POST `gateway`: empty or `invoice`."""

    def act() -> str:
        sub = switch_gateway(account, text(request, "gateway"), by=request.operator)
        if sub.gateway == "invoice":
            return _("The account pays on invoice from now on.")
        return _("The account pays by this server's gateway from now on.")

    return _act(request, account, "gateway", act)


@require_POST
@operator_page
def anchor(request: OperatorRequest, account: int) -> HttpResponse:
    """The existing billing cycle of an account that has not bought. POST `day`."""

    def act() -> str:
        sub = set_anchor(account, text(request, "day"), by=request.operator)
        if sub.anchor is None:
            return _("The first purchase will begin the billing cycle.")
        return _("The first purchase will join this billing cycle.")

    return _act(request, account, "anchor", act)


@require_POST
@operator_page
def credit(request: OperatorRequest, account: int) -> HttpResponse:
    """Grant a credit. POST `amount`, `currency`, `reason`, `key` (of the form: once only)."""

    def act() -> str:
        names = ("amount", "currency", "reason", "key")
        grant(account, **{name: text(request, name) for name in names}, by=request.operator)
        return _("The credit is granted. The next invoice uses it.")

    return _act(request, account, "credit", act)
