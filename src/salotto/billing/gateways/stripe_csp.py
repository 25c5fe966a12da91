"""Stripe's scripts on the few pages that need them, and on no other.

A page where a card is added or a bank asks is wrapped by `with_stripe`; its template loads
`billing/js/stripe-card.js` when `request.stripe` is true.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.http import HttpResponse

from salotto.accounts.http import MemberRequest
from salotto.billing.models import Subscription
from salotto.core.tenancy import account_scope

SCRIPTS = ["https://js.stripe.com", "https://*.js.stripe.com"]
POLICY = {
    "script-src": SCRIPTS,
    "frame-src": [*SCRIPTS, "https://hooks.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
}
"""What Stripe's documentation asks for, on top of our own policy."""

View = Callable[Concatenate[MemberRequest, ...], HttpResponse]


def with_stripe(view: View) -> View:
    """For a view inside `for_primary_admin` and the like: sets `request.stripe`, and lets
    Stripe's scripts in if the member leads an account that pays by Stripe.

    A fragment loads no scripts and has no policy of its own, so nothing is asked for it.
    """

    @wraps(view)
    def page(request: MemberRequest, *args: object, **kwargs: object) -> HttpResponse:
        whole = request.member.is_primary_admin and not getattr(request, "htmx", False)
        wanted = whole and _pays_by_stripe(request.member.account.pk)
        request.stripe = wanted  # type: ignore[attr-defined]  # read by the template
        response = view(request, *args, **kwargs)
        if wanted:
            response._csp_update = POLICY  # type: ignore[attr-defined]  # read by django-csp
        return response

    return page


def _pays_by_stripe(account_id: int) -> bool:
    with account_scope(account_id):
        own = Subscription.objects.values_list("gateway", flat=True).first()
    return (own or settings.BILLING_GATEWAY) == "stripe"
