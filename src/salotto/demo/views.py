"""The demo's start page, its mailbox, and signing in with one click."""

from io import BytesIO
from pathlib import Path

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_primary_admin
from salotto.accounts.initials import initials
from salotto.accounts.queries import accounts_of
from salotto.billing.actions.clock import advance_clock
from salotto.billing.models import State
from salotto.billing.standing import standing
from salotto.core.errors import Refused
from salotto.demo import actions, mailbox, queries
from salotto.demo.actions.mails import bring
from salotto.demo.cast import COMPANY, password
from salotto.demo.customer import Answering, Writing, answer_to
from salotto.demo.mailbox import letter, letters, shown
from salotto.desk.email.framed import POLICY
from salotto.desk.faces import tone

OPERATOR_PAGES = "/operator/"
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


@require_safe
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """What to try, and the cast to try it as."""
    people = [
        {"player": player, "initials": initials(player.name), "tone": tone(user)}
        for player, user in queries.players()
    ]
    context = {"people": people, "company": COMPANY, "password": password(settings.OPTIONS.data)}
    return render(request, "demo/start.html", context)


@csp_update({"frame-src": [SELF]})  # mails as their readers see them
@require_safe
@never_cache
def mail(request: HttpRequest) -> HttpResponse:
    """The last mails, which in the demo lie in a folder; unless it is told to send them."""
    return _mail_page(request, Writing(queries.mail_addresses()))


def _mail_page(
    request: HttpRequest, writing: Writing, answering: Answering | None = None, status: int = 200
) -> HttpResponse:
    folder = _folder()
    found = letters(folder) if folder else []
    addresses = set(queries.mail_addresses())
    context = {
        "folder": folder,
        "letters": [(one, one.back in addresses) for one in found],
        "writing": writing,
        "answering": answering,
    }
    return render(request, "demo/mail.html", context, status=status)


def _folder() -> Path | None:
    path = settings.MAIL_TRANSPORT.get("file_path")
    return Path(path) if path else None


@xframe_options_sameorigin
@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """A mail of the folder as its reader's program shows it, for a frame: nothing in it runs or asks
    the web. 404 for one that is not there, or has no HTML."""
    folder = _folder()
    html = shown(folder, request.GET.get("mail", "")) if settings.DEMO and folder else None
    if html is None:
        raise Http404
    response = HttpResponse(html)
    response["Content-Security-Policy"] = POLICY
    return response


@require_safe
def file(request: HttpRequest) -> FileResponse:
    """A file of a mail of the folder, to be saved; 404 if there is none."""
    folder, number = _folder(), request.GET.get("file", "")
    counted = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else -1
    found = mailbox.file(folder, request.GET.get("mail", ""), counted) if settings.DEMO and folder else None
    if found is None:
        raise Http404
    return FileResponse(BytesIO(found[1]), as_attachment=True, filename=found[0])


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """A mail to the shop, as anybody outside may write one."""
    if not settings.DEMO:
        raise Http404
    form = Writing(queries.mail_addresses(), request.POST, request.FILES)
    if not form.is_valid():
        return _mail_page(request, form, status=422)
    return _bring(request, form.raw, form.cleaned_data["to"])


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """A customer's answer to a mail of the folder; 404 for a mail that is not there."""
    form, folder = Answering(request.POST), _folder()
    wanted = letter(folder, form.data.get("answers", "")) if settings.DEMO and folder else None
    if wanted is None:
        raise Http404
    if not form.is_valid():
        return _mail_page(request, Writing(queries.mail_addresses()), form, status=422)
    return _bring(request, answer_to(wanted, form.cleaned_data["text"]), wanted.back)


def _bring(request: HttpRequest, raw: bytes, address: str) -> HttpResponse:
    if bring(raw, address):
        messages.success(request, _("The mail is on its way to the inbox. Look as Sara."))
    else:
        messages.error(request, _("No inbox takes mail at this address any more."))
    return redirect("demo_mail")


@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the cast; 404 unless the demo is on, whatever is registered."""
    user = queries.user_of(request.POST.get("who", "")) if settings.DEMO else None
    if user is None:
        raise Http404
    actions.speak(user, get_language() or "en")
    login(request, user, backend=BACKEND)
    mine = accounts_of(user)
    return redirect("account_home", mine[0].account.slug) if mine else redirect(OPERATOR_PAGES)


def happened(done: list[str], *, failed: bool = False) -> str:
    """What came with the time, in words; most of it told once.

    `failed`: the account is past due or read-only after it, so what was tried last did not work.
    """
    words = {
        "trial_reminder": _("A mail reminds of the end of the trial."),
        "trial_over": _("The trial is over."),
        "free_plan": _("The plan goes on, free on this server."),
        "renewed": _("A new period has begun."),
        "retried": _("The payment was tried again."),
        "overdue": _("An invoice is overdue. A mail reminds of it."),
    }
    if failed:
        words["renewed"] = _("A new period has begun; the renewal could not be collected.")
        words["retried"] = _("The payment was tried again and failed again.")
    told = [words[what] for what in dict.fromkeys(done) if what in words]
    return " ".join(told) or _("The clock has moved. Nothing was due.")


@require_POST
@for_primary_admin
def move_clock(request: MemberRequest) -> HttpResponse:
    """Move the account's own clock: `to` is `day` or `next` (renewal, retry, end of trial)."""
    to_next, account = request.POST.get("to") == "next", request.member.account
    try:
        done = advance_clock(account.pk, days=None if to_next else 1, to_next=to_next, by=request.member)
    except Refused as refused:
        messages.error(request, str(refused.message))
    else:
        state = standing(account.pk).subscription.state
        failed = state in (State.PAST_DUE, State.UNPAID)
        (messages.error if failed and done else messages.success)(request, happened(done, failed=failed))
    back = request.POST.get("back", "")
    mine = back.startswith(f"/a/{account.slug}/") and "//" not in back and "\\" not in back
    return redirect(back if mine else reverse("seats", args=[account.slug]))
