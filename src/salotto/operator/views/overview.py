"""What needs a person."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from salotto.accounts.http import OperatorRequest
from salotto.operator.queries.overview import overview as look
from salotto.operator.views.common import operator_page, show


@require_safe
@operator_page
def overview(request: OperatorRequest) -> HttpResponse:
    """The first page: requests, stuck purchases and refunds, unpaid accounts, webhooks, the check."""
    return show(request, "overview", "overview", view=look())
