"""Purchases whose outcome is open, and what may be done about one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import OperatorRequest
from salotto.accounts.models import User
from salotto.billing.actions import attention
from salotto.billing.models import Payment, PaymentState
from salotto.core.errors import Missing
from salotto.operator.queries import lists
from salotto.operator.views.common import BIGGEST, acted, asked, operator_page, show

Act = Callable[..., Payment]
ACTS: dict[str, Act] = {
    "ask": attention.ask_gateway,
    "cancel": attention.cancel_stuck,
    "close": attention.close_returned,
}


@require_safe
@operator_page
def purchases(request: OperatorRequest) -> HttpResponse:
    """What needs a person, and what has been open for more than ten minutes."""
    return _page(request)


def _page(request: OperatorRequest, status: int = 200, **context: Any) -> HttpResponse:
    page = lists.open_payments(cursor=asked(request, "after", 700))
    return show(request, "purchases", "purchases", status, page=page, **context)


@require_POST
@operator_page
def act(request: OperatorRequest, account: int, payment: UUID, verb: str) -> HttpResponse:
    """Ask the gateway, cancel at the gateway, or close what was given back."""
    if verb not in ACTS or account > BIGGEST:
        raise Missing()
    return acted(
        request,
        lambda: _said(ACTS[verb], account, payment, request.operator),
        lambda: redirect("operator_purchases"),
        _page,
        str(payment),
    )


def _said(do: Act, account: int, payment: UUID, by: User) -> str:
    """What came of it, in a sentence."""
    after = do(account, payment, by=by)
    return {
        PaymentState.PAID: _("The gateway has taken the money: the purchase is complete."),
        PaymentState.FAILED: _("The payment is closed. Nothing was granted."),
        PaymentState.CANCELLED: _("The payment is cancelled at the gateway. Nothing was charged or granted."),
        PaymentState.CHARGING: _("The gateway was asked. The outcome is still open."),
    }[PaymentState(after.state)]
