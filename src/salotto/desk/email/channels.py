"""All inboxes of an account, and a new one for email."""

from functools import lru_cache
from time import monotonic

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email.actions.mailboxes import create_mailbox
from salotto.channels.email.addresses import forwarding_address
from salotto.channels.email.domains.resolver import Dns
from salotto.channels.email.models import Auth
from salotto.channels.email.providers import Provider, provider_of
from salotto.channels.email.queries import mailboxes
from salotto.core.errors import Invalid
from salotto.desk.email import shapes
from salotto.desk.email.common import back_to, note, page, standing_of
from salotto.desk.email.forms import Add

DNS_SECONDS = 1.5
"""What is only a help may not keep anybody waiting."""
REMEMBERED = 600.0
"""Seconds until a domain is asked about again."""


@require_safe
@for_channel_managers
def channels(request: MemberRequest) -> HttpResponse:
    """Every inbox, and how it fares."""
    account = request.member.account.pk
    context = {
        "section": "channels",
        "rows": shapes.rows(mailboxes.inboxes(account), mailboxes.standings(account)),
        "dead": mailboxes.dead_count(account),
        "domains": len(mailboxes.domains(account)),
    }
    return render(request, "desk/email/channels.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def add(request: MemberRequest) -> HttpResponse:
    """A new email inbox: its address first, then how it is connected."""
    form = Add(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_mailbox(by=request.member, **form.cleaned_data)
        except Invalid as refused:
            note(form, refused)
        else:
            messages.success(request, _("The inbox is made. Now connect it."))
            return back_to(request, "connect_mailbox", made.pk)
    context = {"section": "channels", "form": form}
    return render(request, "desk/email/add.html", context, status=422 if form.errors else 200)


@require_safe
@for_channel_managers
def connect(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The ways in, those that fit the address first."""
    standing = standing_of(request, mailbox)
    provider = known_provider(standing.mailbox.address)
    ready = shapes.providers_ready()
    best = provider.auth if provider and ready.get(provider.auth) else Auth.PASSWORD
    context = {
        "provider": provider,
        "ready": ready,
        "google_first": best == Auth.GOOGLE,
        "microsoft_first": best == Auth.MICROSOFT,
        "by_password": best == Auth.PASSWORD,
        "forwarding": forwarding_address(standing.mailbox.key),
    }
    return page(request, standing, "connect", context)


def known_provider(address: str) -> Provider | None:
    """Who has this mailbox, as far as that is known quickly."""
    domain = address.rpartition("@")[2].lower()
    return provider_of(address) or _by_dns(domain, int(monotonic() / REMEMBERED))


@lru_cache(maxsize=500)
def _by_dns(domain: str, period: int) -> Provider | None:
    return provider_of(f"@{domain}", Dns(settings.DNS, seconds=DNS_SECONDS)) if domain else None
