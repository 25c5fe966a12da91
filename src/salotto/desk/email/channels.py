"""All inboxes of an account, and a new one for email."""

from dataclasses import dataclass
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
from salotto.channels.email.queries.mailboxes import Standing
from salotto.core.addresses import domain_key
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from salotto.desk.email import shapes
from salotto.desk.email.common import back_to, edge, note, page, standing_of
from salotto.desk.email.forms import Add
from salotto.desk.queries import site_key

WAYS = (Auth.PASSWORD, Auth.GOOGLE, Auth.MICROSOFT, "forwarding", "http")
"""The ways in, the most usual first."""
LIKED: dict[str, tuple[str, ...]] = {
    Auth.PASSWORD: (Auth.PASSWORD,),
    Auth.GOOGLE: (Auth.GOOGLE, Auth.PASSWORD),
    Auth.MICROSOFT: (Auth.MICROSOFT, "forwarding", "http"),
}
"""What suits a provider, best first: Microsoft takes no password any more."""
HINTED = (Auth.GOOGLE, Auth.MICROSOFT)
"""What most companies have: named also where this server cannot connect it yet."""
DNS_SECONDS = 1.5
"""What is only a help may not keep anybody waiting."""
PAGE = 50
REMEMBERED = 600.0
"""Seconds until a domain is asked about again."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """A way in as the page names it: `ready` on this server, `used` by the inbox now, `first`: the
    one to begin with."""

    name: str
    ready: bool
    used: bool
    first: bool


@require_safe
@for_channel_managers
def channels(request: MemberRequest) -> HttpResponse:
    """Every inbox by name, and how it fares; with htmx only the rows."""
    account = request.member.account.pk
    found = mailboxes.inboxes(account, edge(request, "after"), PAGE + 1)
    shown = found[:PAGE]
    context = {
        "section": "channels",
        "rows": shapes.rows(shown, mailboxes.standings(account, shown)),
        "next": shown[-1].pk if len(found) > PAGE else None,
    }
    if getattr(request, "htmx", False):
        return render(request, "desk/email/_inboxes.html", context)
    context |= {"dead": mailboxes.dead_count(account), "domains": len(mailboxes.domains(account))}
    return render(request, "desk/email/channels.html", context)


@require_safe
@for_channel_managers
def chat(request: MemberRequest) -> HttpResponse:
    """The line that puts the web chat on a site."""
    with account_scope(request.member.account.pk):
        key = site_key()
    context = {"section": "channels", "site_key": key, "public_url": settings.PUBLIC_URL}
    return render(request, "desk/email/chat.html", context)


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
    forwarding = forwarding_address(standing.mailbox.key)
    ready: dict[str, bool] = {**shapes.providers_ready(), "forwarding": bool(forwarding)}
    context = {
        "provider": provider,
        "ways": _ways(standing, provider, ready),
        "missing": [way for way, there in ready.items() if not there],
        "forwarding": forwarding,
    }
    return page(request, standing, "connect", context)


def _ways(standing: Standing, provider: Provider | None, ready: dict[str, bool]) -> list[WayIn]:
    """The ways in, what is used first, then the best for the mailbox: the page, the keyboard and a
    screen reader have the same order."""
    used = {standing.incoming.auth} if standing.incoming else set()
    used |= {"http"} if standing.mailbox.hook_digest else set()
    names = sorted(_best_first(provider, ready), key=lambda way: way not in used)
    begin = "" if used else next(way for way in names if ready.get(way, True))
    return [WayIn(way, ready.get(way, True), way in used, way == begin) for way in names]


def _best_first(provider: Provider | None, ready: dict[str, bool]) -> list[str]:
    """The ways that this server has, and those that companies look for, unless the mailbox is known
    to be another provider's."""
    ways = [way for way in WAYS if ready.get(way, True) or _is_hinted(way, provider)]
    liked = LIKED[provider.auth if provider else Auth.PASSWORD]
    return [*(way for way in liked if way in ways), *(way for way in ways if way not in liked)]


def _is_hinted(way: str, provider: Provider | None) -> bool:
    return way in HINTED and (provider is None or provider.auth == way)


def known_provider(address: str) -> Provider | None:
    """Who has this mailbox, as far as that is known quickly."""
    domain = domain_key(address.rpartition("@")[2])
    return provider_of(address) or _by_dns(domain, int(monotonic() / REMEMBERED))


@lru_cache(maxsize=500)
def _by_dns(domain: str, period: int) -> Provider | None:
    return provider_of(f"@{domain}", Dns(settings.DNS, seconds=DNS_SECONDS)) if domain else None
