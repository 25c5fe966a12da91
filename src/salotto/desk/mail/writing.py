"""Writing mail outside of the composer: a new conversation, forwarding, trying again, stopping."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from csp.constants import SELF
from csp.decorators import csp_update
from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_agents
from salotto.accounts.members import Member
from salotto.channels.email import actions as mail
from salotto.channels.email.queries import composer, threads
from salotto.channels.email.queries.lost import lost_at
from salotto.channels.email.recipients import written
from salotto.channels.email.subjects import forward_subject
from salotto.core.errors import BadRequest, Refused, TooLarge
from salotto.desk.mail.composer import said
from salotto.desk.mail.files import Chip, chip
from salotto.desk.mail.reading import fits
from salotto.desk.views.forms import LONGEST_LIST, number, numbers
from salotto.desk.views.inbox import thread_state
from salotto.inbox import queries
from salotto.inbox.boxes import View

LONGEST_TYPED, LONGEST_ASKED = 100, 4000


class Writing(forms.Form):
    """A mail as its form holds it; the action checks what is in it."""

    mailbox = forms.IntegerField(required=False, min_value=1, max_value=queries.BIGGEST_ID)
    to = forms.CharField(required=False, max_length=LONGEST_LIST)
    cc = forms.CharField(required=False, max_length=LONGEST_LIST)
    bcc = forms.CharField(required=False, max_length=LONGEST_LIST)
    subject = forms.CharField(required=False, max_length=1000)
    body = forms.CharField(required=False, strip=False)
    attachments = forms.CharField(required=False, max_length=LONGEST_LIST)
    key = forms.UUIDField()


def read(request: HttpRequest, form: type[Writing] = Writing) -> dict[str, Any]:
    """The form's values. Raises TooLarge for more than it takes, BadRequest for what no form of
    ours sends."""
    given = form(request.POST)
    if any(error.code == "max_length" for errors in given.errors.as_data().values() for error in errors):
        raise TooLarge
    if not given.is_valid():
        raise BadRequest
    return given.cleaned_data


def wants_json(request: HttpRequest) -> bool:
    """Whether a script asks, which shows a refusal by itself."""
    return "application/json" in request.headers.get("Accept", "")


def sent_or_said(
    request: MemberRequest, act: Callable[[], str], page: Callable[[str], HttpResponse]
) -> HttpResponse:
    """Do it and go to its address; or show the page again with the reason why not."""
    if wants_json(request):
        return JsonResponse({"url": act()})
    try:
        return redirect(act())
    except Refused as refused:
        shown = page(str(refused.message))
        shown.status_code = refused.status
        return shown


def _page(request: MemberRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """As a page of its own, or for a dialog."""
    fragment = bool(request.htmx)
    return render(request, f"desk/mail/_{name}.html" if fragment else f"desk/mail/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def new(request: MemberRequest) -> HttpResponse:
    """Begin a conversation by mail."""

    def page(error: str = "") -> HttpResponse:
        mailboxes = composer.mailboxes(request.member)
        context: dict[str, Any] = {"mailboxes": mailboxes, "section": "inbox", "error": error}
        context |= {"key": request.POST.get("key") or uuid4(), "given": request.POST, "to": _to(request)}
        return _page(request, "new", context)

    if request.method != "POST":
        return page()
    return sent_or_said(request, lambda: _begin(request, read(request)), page)


def _to(request: MemberRequest) -> str:
    return (request.POST.get("to") or request.GET.get("to") or "")[:LONGEST_LIST]


def _begin(request: MemberRequest, given: dict[str, Any]) -> str:
    conversation = mail.queue_new(
        given["mailbox"] or 0,
        (given["to"],),
        (given["cc"],),
        (given["bcc"],),
        given["subject"],
        given["body"],
        numbers(given["attachments"]),
        request.member,
        key=given["key"],
    )
    return reverse("conversation", args=[request.member.account.slug, View.ALL, conversation])


@csp_update({"frame-src": [SELF]})  # the mail as it looks
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def forward(request: MemberRequest, message: int) -> HttpResponse:
    """Send a mail of a thread, with its files, to somebody outside of it; `?again=` begins with
    what was written when it was forwarded before."""
    fits(message)
    number_of = threads.mail_of(message)

    def page(error: str = "") -> HttpResponse:
        content = threads.content_of(message)
        files = _files_of(message)
        context: dict[str, Any] = {"content": content, "message": message, "files": files, "error": error}
        context |= {"key": request.POST.get("key") or uuid4(), "given": request.POST or _again(request)}
        context |= {"section": "inbox", "mail": number_of, "below": threads.passed_on(message)}
        context |= {"subject": forward_subject(content.subject), "left_out": _left_out(request, files)}
        context["pictures"] = sum(file.inline for file in queries.files_of(message))
        return _page(request, "forward", context)

    if request.method != "POST":
        return page()
    return sent_or_said(request, lambda: _forward(request, message, read(request)), page)


def _files_of(message: int) -> list[Chip]:
    """The files of a mail that are not shown in it, of which some may be left out."""
    return [chip(file) for file in queries.files_of(message) if not file.inline]


def _left_out(request: MemberRequest, files: list[Chip]) -> list[int]:
    """Those of the files whose tick was taken away; none where the form had none to take away."""
    if "choose" not in request.POST:
        return []
    kept = {one for given in request.POST.getlist("keep") for one in given.split(",")}
    return [file.id for file in files if str(file.id) not in kept]


def _again(request: MemberRequest) -> dict[str, str]:
    before = number(request.GET.get("again"))
    found = threads.sent_as(before) if before else None
    return {"to": found[0], "body": found[1]} if found else {}


def _forward(request: MemberRequest, message: int, given: dict[str, Any]) -> str:
    without = _left_out(request, _files_of(message))
    sent = mail.queue_forward(message, (given["to"],), given["body"], request.member, given["key"], without)
    return reverse("conversation_short", args=[request.member.account.slug, sent.conversation_id])


@require_POST
@for_agents
def retry(request: MemberRequest, message: int) -> HttpResponse:
    """Try again now to send a mail."""
    return _done(request, message, mail.retry_mail)


@require_POST
@for_agents
def stop(request: MemberRequest, message: int) -> HttpResponse:
    """Take a mail out of the line before it is sent."""
    return _done(request, message, mail.cancel_mail)


def _done(request: MemberRequest, message: int, act: Callable[[int, Member], None]) -> HttpResponse:
    """Do it to the mail behind a message, and show what has become of its thread."""
    fits(message)
    act(threads.mail_of(message), request.member)
    conversation = queries.conversation_of(message)
    if wants_json(request):
        return thread_state(request, conversation, number(request.POST.get("after")) or 0)
    return redirect("conversation_short", request.member.account.slug, conversation)


@require_safe
@for_agents
def people(request: MemberRequest) -> HttpResponse:
    """Whom the agent may mean who types `q`: up to 8 of the account's contacts. With `to`, addresses
    divided by spaces: at which of these our last mail did not arrive."""
    if "to" in request.GET:
        addresses = request.GET["to"][:LONGEST_ASKED].replace("\0", "").split()
        with timezone.override(request.member.account.time_zone):
            return JsonResponse({"lost": [said(one) for one in lost_at(addresses)]})
    typed = request.GET.get("q", "").strip()[:LONGEST_TYPED].replace("\0", "")
    found = composer.suggestions(typed)
    shown = [
        {"name": name, "address": address, "written": written((name, address))} for name, address in found
    ]
    return JsonResponse({"people": shown})
