"""Mail that waits for a person: what could not be read, and what was for no inbox."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email.actions.retrying import assign_raw, dismiss_raw, retry_raw
from salotto.channels.email.models import RawState
from salotto.channels.email.queries import mailboxes
from salotto.channels.email.queries.dead import DeadLetter, dead_letters, is_part
from salotto.channels.email.queries.originals import raw_content
from salotto.core.errors import BadRequest, Conflict
from salotto.desk.email.common import back_to, edge, fits
from salotto.desk.email.forms import Assign

PAGE = 30
MOST_CHOICES = 50
"""Inboxes that a list beside each mail has; of more one is typed."""
SHOWN = 200_000
"""Characters of an original on the page; the file has all of it."""


@require_safe
@for_channel_managers
def waiting(request: MemberRequest) -> HttpResponse:
    """Every such mail, newest first; with htmx only the rows."""
    found = dead_letters(by=request.member, before=edge(request, "before"), limit=PAGE + 1)
    letters = found[:PAGE]
    context: dict[str, Any] = {
        "section": "channels",
        "letters": list(_shown(request, letters)),
        "next": letters[-1].id if len(found) > PAGE else None,
        "mailboxes": (boxes := mailboxes.choices(request.member.account.pk)),
        "many": len(boxes) > MOST_CHOICES,
    }
    if getattr(request, "htmx", False):
        return render(request, "desk/email/_letters.html", context)
    context["count"] = mailboxes.dead_count(request.member.account.pk)
    context["failed"] = bool(mailboxes.dead_ids(request.member.account.pk, 1))
    return render(request, "desk/email/waiting.html", context)


def _shown(request: MemberRequest, letters: list[DeadLetter]) -> Iterator[dict[str, Any]]:
    account = request.member.account.pk
    names = mailboxes.names_of(account, {letter.mailbox for letter in letters if letter.mailbox})
    for letter in letters:
        unrouted = letter.state == RawState.UNROUTED
        why = _("No inbox has the address that it was sent to.") if unrouted else letter.reason
        yield {
            "letter": letter,
            "unrouted": unrouted,
            "why": why,
            "words": "" if unrouted else letter.words,
            "inbox": names.get(letter.mailbox or 0, ""),
        }


@require_POST
@for_channel_managers
def retry(request: MemberRequest, raw: int) -> HttpResponse:
    """Try a mail again now."""
    return _tell(request, lambda: retry_raw(fits(raw), by=request.member), _("It is being tried again."))


@require_POST
@for_channel_managers
def dismiss(request: MemberRequest, raw: int) -> HttpResponse:
    """Put a mail away of which only the headers are here."""
    words = _("It is put away here. The whole mail lies in the mailbox as before.")
    return _tell(request, lambda: dismiss_raw(fits(raw), by=request.member), words)


@require_POST
@for_channel_managers
def assign(request: MemberRequest, raw: int) -> HttpResponse:
    """Give a mail that was for no inbox to one."""
    form = Assign(request.POST)
    if not form.is_valid() or not any(form.cleaned_data.values()):
        raise BadRequest(_("Choose an inbox for this mail."))
    return _tell(
        request,
        lambda: assign_raw(fits(raw), _chosen(request, form), by=request.member),
        _("The mail is on its way into that inbox."),
    )


def _chosen(request: MemberRequest, form: Assign) -> int:
    """The mailbox that is meant. Raises Conflict for a name that none has, or several."""
    if form.cleaned_data["mailbox"]:
        return int(form.cleaned_data["mailbox"])
    typed = form.cleaned_data["typed"]
    found = mailboxes.named(request.member.account.pk, typed)
    if not found:
        raise Conflict(_("No inbox has this name or address: %(typed)s") % {"typed": typed})
    if len(found) > 1:
        words = _("Several inboxes are called “%(typed)s”. Type the address of the one that you mean.")
        raise Conflict(words % {"typed": typed})
    return found[0]


def _tell(request: MemberRequest, act: Any, words: str) -> HttpResponse:
    try:
        act()
    except Conflict as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, words)
    return back_to(request, "waiting_mail")


@require_POST
@for_channel_managers
def retry_all(request: MemberRequest) -> HttpResponse:
    """Try all that could not be read again, the newest 500."""
    tried = 0
    for raw in mailboxes.dead_ids(request.member.account.pk):
        try:
            retry_raw(raw, by=request.member)
        except Conflict:  # somebody else was faster
            continue
        tried += 1
    words = ngettext("%d mail is being tried again.", "%d mails are being tried again.", tried) % tried
    messages.success(request, words)
    return back_to(request, "waiting_mail")


@require_safe
@for_channel_managers
def original(request: MemberRequest, raw: int) -> HttpResponse:
    """A mail exactly as it came, as text on a page; `file=1` gives the file."""
    content = raw_content(fits(raw), by=request.member)
    if request.GET.get("file") == "1":
        response = HttpResponse(content, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="mail-{raw}.eml"'
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response
    text = content[: SHOWN * 2].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    context = {
        "section": "channels",
        "raw": raw,
        "text": text[:SHOWN],
        "cut": len(content) > SHOWN,
        "size": len(content),
        "part": is_part(fits(raw)),
    }
    return render(request, "desk/email/original.html", context)
