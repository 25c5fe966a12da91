"""The servers of an inbox: settings, trying them, and mailboxes at Google and Microsoft."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_channel_managers, sign_in
from salotto.accounts.members import Member
from salotto.accounts.queries import accounts_of
from salotto.channels.email import oauth
from salotto.channels.email.actions import connecting
from salotto.channels.email.actions.connecting import Settings
from salotto.channels.email.models import Auth, Server, Way
from salotto.channels.email.providers import Provider, outgoing_beside
from salotto.channels.email.queries.mailboxes import Standing
from salotto.core.errors import BadRequest, Invalid, Missing
from salotto.core.tenancy import account_scope
from salotto.desk.email import shapes
from salotto.desk.email.channels import known_provider
from salotto.desk.email.common import back_to, page, standing_of
from salotto.desk.email.forms import Receiving, Sending
from salotto.desk.email.forms import Server as ServerForm

FORMS: dict[str, type[ServerForm]] = {Way.IN: Receiving, Way.OUT: Sending}
PARTS = {Way.IN: "receiving", Way.OUT: "sending"}
PROVIDED = (Auth.GOOGLE, Auth.MICROSOFT)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def receiving(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The IMAP server that the mailbox is read from."""
    return _server(request, mailbox, Way.IN)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def sending(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The SMTP server that mails leave by; without one it is the installation's."""
    return _server(request, mailbox, Way.OUT)


def _server(request: MemberRequest, mailbox: int, way: Way) -> HttpResponse:
    standing = standing_of(request, mailbox)
    if request.method != "POST":
        return _page(request, standing, way, FORMS[way](initial=_initial(request, standing, way)))
    form = _posted(request, standing, way)
    if form.is_valid() and _saved(request, standing, way, form):
        messages.success(request, _("Saved. It is used from now on."))
        return back_to(request, f"mailbox_{PARTS[way]}", standing.mailbox.pk)
    return _page(request, standing, way, form, 422)


def _posted(request: MemberRequest, standing: Standing, way: Way) -> ServerForm:
    """What was typed; of a mailbox at a provider only the folder and the limit are ours to set."""
    kept = _kept(standing, way)
    given = request.POST.copy()
    by_provider = kept is not None and kept.auth in PROVIDED and "host" not in given
    if kept is not None and by_provider:
        for name in ("host", "port", "security", "auth", "username"):
            given[name] = str(getattr(kept, name))
    return _with_choices(FORMS[way](given), kept if by_provider else None)


def _with_choices(form: ServerForm, provided: Server | None) -> ServerForm:
    """A mailbox at a provider keeps its way of signing in; any other signs in by password, and only
    for sending also not at all."""
    own = [(provided.auth, provided.get_auth_display())] if provided is not None else []
    ways = [*own, *((auth.value, str(auth.label)) for auth in form.ways)]
    form.fields["auth"].choices = ways  # type: ignore[attr-defined]
    return form


def _kept(standing: Standing, way: Way) -> Server | None:
    return standing.incoming if way == Way.IN else standing.outgoing


def _initial(request: MemberRequest, standing: Standing, way: Way) -> dict[str, Any]:
    kept = _kept(standing, way)
    if kept is not None and not (kept.auth in PROVIDED and request.GET.get("by") == "password"):
        names = ("host", "port", "security", "auth", "username", "folder", "per_minute")
        known = {name: getattr(kept, name) for name in names}
        return known if kept.auth in (*PROVIDED, *FORMS[way].ways) else {**known, "auth": Auth.PASSWORD}
    beside = _read_by_password(standing) if way == Way.OUT else None
    host, port, security = _proposed(standing, way, beside)
    first = {"host": host, "port": port, "security": security, "auth": Auth.PASSWORD}
    user = beside.username if beside else standing.mailbox.address
    return {**first, "username": user, "same": beside is not None, "both": standing.outgoing is None}


def _proposed(standing: Standing, way: Way, beside: Server | None) -> tuple[str, int, str]:
    """Where the server most likely is: `beside` is the one that the mailbox is read at."""
    provider = known_provider(standing.mailbox.address)
    if beside is not None and (provider is None or provider.incoming[0] != beside.host):
        return outgoing_beside(beside.host)
    if provider is not None:
        return provider.incoming if way == Way.IN else provider.outgoing
    return ("", 993, "tls") if way == Way.IN else ("", 587, "starttls")


def _read_by_password(standing: Standing) -> Server | None:
    """The incoming server, if its password is kept and may serve for sending too."""
    server = standing.incoming
    return server if server and server.auth == Auth.PASSWORD and server.secret else None


def _page(
    request: MemberRequest, standing: Standing, way: Way, form: ServerForm, status: int = 200, **more: Any
) -> HttpResponse:
    kept, provider = _kept(standing, way), known_provider(standing.mailbox.address)
    by_provider = kept is not None and kept.auth in PROVIDED and request.GET.get("by") != "password"
    _with_choices(form, kept if by_provider else None)
    context = {
        "form": form,
        "kept": kept,
        "way": way.value,
        "provider": provider,
        "by_provider": by_provider,
        "ready": shapes.providers_ready(),
        "offers_both": way == Way.IN and standing.outgoing is None and provider is not None,
        "sending": shapes.sending(standing),
        "keeps_mail": way == Way.OUT and kept is None and shapes.keeps_mail() and not settings.DEMO,
        "beside": _read_by_password(standing) if way == Way.OUT and kept is None else None,
        **more,
    }
    return page(request, standing, PARTS[way], context, status)


def _saved(request: MemberRequest, standing: Standing, way: Way, form: ServerForm) -> bool:
    """Save the server, and the other one with it if that is wanted; else say why not."""
    given, mailbox = form.settings(), standing.mailbox.pk
    try:
        given = _completed(request, standing, form, given)
        connecting.save_server(mailbox, way, given, by=request.member)
        provider = known_provider(standing.mailbox.address)
        if way == Way.IN and form.cleaned_data.get("both") and provider and standing.outgoing is None:
            connecting.save_server(mailbox, Way.OUT, _as_outgoing(given, provider), by=request.member)
    except Invalid as refused:
        _complain(form, given, refused)
        return False
    return True


def _completed(request: MemberRequest, standing: Standing, form: ServerForm, given: Settings) -> Settings:
    """With the password of receiving, where that is wanted and no other one was typed."""
    wants = form.cleaned_data.get("same") and given.auth == Auth.PASSWORD and not given.password
    if not wants or standing.outgoing is not None:
        return given
    return connecting.with_password_of_receiving(standing.mailbox.pk, given, by=request.member)


def _as_outgoing(given: Settings, provider: Provider) -> Settings:
    host, port, security = provider.outgoing
    return Settings(host, port, security, auth=given.auth, username=given.username, password=given.password)


@sensitive_post_parameters("password")
@require_POST
@for_channel_managers
def test(request: MemberRequest, mailbox: int, way: str) -> HttpResponse:
    """Try what was typed, without saving it; with htmx only the steps."""
    standing, way = standing_of(request, mailbox), _way(way)
    form = _posted(request, standing, way)
    found = _tried(request, form, standing, way) if form.is_valid() else {}
    if getattr(request, "htmx", False):
        return render(request, "desk/email/_steps.html", {**found, "form": form, "fragment": True})
    return _page(request, standing, way, form, **found)


def _way(way: str) -> Way:
    if way not in Way.values:
        raise Missing()
    return Way(way)


def _tried(request: MemberRequest, form: ServerForm, standing: Standing, way: Way) -> dict[str, Any]:
    given = form.settings()
    try:
        given = _completed(request, standing, form, given)
        found = connecting.try_server(standing.mailbox.pk, way, given, by=request.member)
    except Invalid as refused:
        _complain(form, given, refused)
        return {}
    return {"steps": shapes.steps_of(found), "works": all(step.ok for step in found)}


def _complain(form: ServerForm, given: Settings, refused: Invalid) -> None:
    wants_password = given.auth == Auth.PASSWORD and not given.password
    form.add_error("password" if wants_password else None, str(refused.message))


@require_POST
@for_channel_managers
def forget(request: MemberRequest, mailbox: int, way: str) -> HttpResponse:
    """No longer read by IMAP, or no longer sent by an own server."""
    standing, way = standing_of(request, mailbox), _way(way)
    connecting.delete_server(standing.mailbox.pk, way, by=request.member)
    messages.success(request, _("The server is removed, and its password forgotten."))
    return back_to(request, f"mailbox_{PARTS[way]}", standing.mailbox.pk)


# Google and Microsoft


@require_POST
@for_channel_managers
def to_provider(request: MemberRequest, mailbox: int, provider: str) -> HttpResponse:
    """On to the provider, where the admin consents."""
    standing = standing_of(request, mailbox)
    everything = request.POST.get("take") == "everything"
    url = oauth.begin(standing.mailbox, provider, request, request.member, everything=everything)
    return redirect(url)


@require_safe
def back_from_provider(request: HttpRequest, provider: str) -> HttpResponse:
    """The provider's answer; errors are shown on the page of the inbox."""
    if not request.user.is_authenticated:
        return sign_in(request)
    if provider not in oauth.PROVIDERS:
        raise Missing()
    try:
        found = oauth.answer(request, provider)
    except Invalid as refused:
        raise BadRequest(refused.message) from refused
    member = _member(request, found.account)
    return _finish(request, member, found.mailbox, lambda: oauth.finish(found, request, member))


def _member(request: HttpRequest, account: int) -> Member:
    for member in accounts_of(request.user):  # type: ignore[arg-type]
        if member.account.pk == account:
            return member
    raise Missing()


def _finish(request: HttpRequest, member: Member, mailbox: int, finish: Callable[[], Server]) -> HttpResponse:
    try:
        with account_scope(member.account.pk):
            server = finish()
    except Invalid as refused:
        messages.error(request, str(refused.message))
    else:
        name = {"provider": server.get_auth_display(), "name": server.username}
        messages.success(request, _("Connected with %(provider)s as %(name)s.") % name)
    return redirect("mailbox_receiving", member.account.slug, mailbox)
