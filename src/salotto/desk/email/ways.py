"""Mail that is sent to us: the forwarding address, and the address for programs."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods, require_safe

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email.actions.receiving import rotate_hook
from salotto.channels.email.addresses import forwarding_address
from salotto.desk.email.common import page, standing_of


@require_safe
@for_channel_managers
def forwarding(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The address that a provider forwards to."""
    standing = standing_of(request, mailbox)
    context = {"forwarding": forwarding_address(standing.mailbox.key)}
    return page(request, standing, "forwarding", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def http(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The address for programs; POST makes a new secret, shown this once."""
    standing = standing_of(request, mailbox)
    row = standing.mailbox
    secret = rotate_hook(row.pk, request.member) if request.method == "POST" else ""
    context = {
        "hook": settings.PUBLIC_URL + reverse("email:take", args=[row.key]),
        "secret": secret,
        "has_hook": bool(row.hook_digest or secret),
    }
    response = page(request, standing, "http", context)
    if secret:
        add_never_cache_headers(response)
    return response
