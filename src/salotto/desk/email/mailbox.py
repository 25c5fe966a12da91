"""One email inbox: on or off, name and addresses, its test mail, and its end."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email.actions import mailboxes as actions
from salotto.channels.email.actions.trying import begin_trial
from salotto.channels.email.queries import trials
from salotto.channels.email.queries.mailboxes import Standing
from salotto.core.errors import Conflict, Invalid
from salotto.desk.email import rounds, shapes
from salotto.desk.email.common import back_to, fits, note, page, standing_of
from salotto.desk.email.forms import General


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def general(request: MemberRequest, mailbox: int) -> HttpResponse:
    """How it fares, name and addresses; POST saves these."""
    standing = standing_of(request, mailbox)
    row = standing.mailbox
    if request.method != "POST":
        known = {"name": row.inbox.name, "address": row.address, "aliases": row.aliases}
        return _general(request, standing, General(initial=known))
    form = General(request.POST)
    if form.is_valid():
        try:
            actions.change_mailbox(row.pk, by=request.member, **form.cleaned_data)
        except Invalid as refused:
            note(form, refused)
        else:
            messages.success(request, _("Saved."))
            return back_to(request, "mailbox", row.pk)
    return _general(request, standing, form, 422)


def _general(request: MemberRequest, standing: Standing, form: General, status: int = 200) -> HttpResponse:
    last = trials.last_trial(standing.mailbox)
    context = {
        "form": form,
        "sending": shapes.sending(standing),
        "round": rounds.round_of(trials.trial_of(standing.mailbox, last.pk), standing) if last else None,
        "has_way_in": trials.has_way_in(standing.mailbox),
        "demo": settings.DEMO,
        "removable": actions.is_unused(standing.mailbox),
    }
    return page(request, standing, "general", context, status)


@require_POST
@for_channel_managers
def switch(request: MemberRequest, mailbox: int) -> HttpResponse:
    """On or off."""
    standing = standing_of(request, mailbox)
    on = request.POST.get("on") == "yes"
    actions.change_mailbox(standing.mailbox.pk, by=request.member, enabled=on)
    name = {"name": standing.mailbox.inbox.name}
    messages.success(request, (_("%(name)s is on.") if on else _("%(name)s is off.")) % name)
    return back_to(request, "mailbox", standing.mailbox.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def remove(request: MemberRequest, mailbox: int) -> HttpResponse:
    """Remove an inbox that nothing has come to; asks first."""
    standing = standing_of(request, mailbox)
    if request.method != "POST":
        context = {"removable": actions.is_unused(standing.mailbox)}
        return page(request, standing, "remove", context)
    actions.remove_mailbox(standing.mailbox.pk, by=request.member)
    messages.success(request, _("%(name)s is removed.") % {"name": standing.mailbox.inbox.name})
    return back_to(request, "channels")


@require_POST
@for_channel_managers
def send_test(request: MemberRequest, mailbox: int) -> HttpResponse:
    """Send a test mail and watch it."""
    standing = standing_of(request, mailbox)
    try:
        begun = begin_trial(standing.mailbox.pk, by=request.member)
    except Conflict as refused:
        messages.error(request, str(refused.message))
        return back_to(request, "mailbox", standing.mailbox.pk)
    return back_to(request, "mail_test", standing.mailbox.pk, begun.pk)


@require_safe
@for_channel_managers
def watch_test(request: MemberRequest, mailbox: int, trial: int) -> HttpResponse:
    """How far a test mail has got; with htmx only the steps."""
    standing = standing_of(request, mailbox)
    found = rounds.round_of(trials.trial_of(standing.mailbox, fits(trial)), standing)
    context = {"round": found, "mailbox": standing.mailbox}
    if getattr(request, "htmx", False):
        return render(request, "desk/email/_round.html", context)
    return page(request, standing, "trial", context)
