"""Sender domains: what their DNS says, and what it should say."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email.actions import domains as actions
from salotto.channels.email.composing.dkim import dns_record
from salotto.channels.email.domains import Finding, Record
from salotto.channels.email.models import Domain
from salotto.channels.email.queries import mailboxes
from salotto.core.errors import Conflict, Invalid
from salotto.desk.email.common import back_to, fits, note
from salotto.desk.email.forms import NewDomain


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def domains(request: MemberRequest) -> HttpResponse:
    """Every sender domain with its findings; POST adds one and looks at it."""
    if request.method != "POST":
        return _domains(request, NewDomain())
    form = NewDomain(request.POST)
    if form.is_valid():
        try:
            made = actions.add_domain(form.cleaned_data["name"], by=request.member)
        except (Invalid, Conflict) as refused:
            note(form, refused, "name")
        else:
            actions.look_at_domain(made.pk, by=request.member)
            return back_to(request, "domains")
    return _domains(request, form, 422)


def _domains(request: MemberRequest, form: NewDomain, status: int = 200) -> HttpResponse:
    account = request.member.account.pk
    context = {
        "section": "channels",
        "form": form,
        "domains": [_shown(domain) for domain in mailboxes.domains(account)],
        "suggested": mailboxes.suggested_domains(account)[:5],
    }
    return render(request, "desk/email/domains.html", context, status=status)


def _shown(domain: Domain) -> dict[str, Any]:
    findings = [Finding.from_json(finding) for finding in domain.findings]
    name, value = dns_record(domain.selector, domain.name, domain.public_key)
    return {
        "row": domain,
        "findings": findings,
        "key": Record(name, "TXT", value),
        "silent": bool(findings) and all(finding.code == "unreachable" for finding in findings),
        "shows_key": any(finding.about == "dkim" and finding.record for finding in findings),
        "ready": any(finding.code in ("dkim_good", "dkim_ready") for finding in findings),
    }


@require_POST
@for_channel_managers
def check(request: MemberRequest, domain: int) -> HttpResponse:
    """Ask the DNS now; with htmx only this domain."""
    found = actions.look_at_domain(fits(domain), by=request.member)
    return _answer(request, found)


@require_POST
@for_channel_managers
def sign(request: MemberRequest, domain: int) -> HttpResponse:
    """Sign mail from this domain, or no more."""
    on = request.POST.get("on") == "yes"
    try:
        found = actions.sign(fits(domain), on, by=request.member)
    except Conflict as refused:
        messages.error(request, str(refused.message))
        return back_to(request, "domains")
    found = actions.look_at_domain(found.pk, by=request.member)
    return _answer(request, found)


def _answer(request: MemberRequest, domain: Domain) -> HttpResponse:
    if getattr(request, "htmx", False):
        return render(request, "desk/email/_domain.html", {"domain": _shown(domain)})
    return back_to(request, "domains")


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def remove(request: MemberRequest, domain: int) -> HttpResponse:
    """Forget a domain and its key; asks first."""
    found = mailboxes.domain_of(request.member.account.pk, fits(domain))
    if request.method != "POST":
        context = {"section": "channels", "domain": found}
        return render(request, "desk/email/remove_domain.html", context)
    actions.remove_domain(found.pk, by=request.member)
    messages.success(request, _("%(name)s is removed.") % {"name": found.name})
    return back_to(request, "domains")
