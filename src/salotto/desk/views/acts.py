"""What agents do to a conversation: each view calls one action and shows the result."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from salotto.accounts.http import MemberRequest, for_agents
from salotto.core.errors import BadRequest, Invalid, Missing
from salotto.desk.views import forms
from salotto.desk.views.inbox import address, thread_state
from salotto.inbox import actions, queries
from salotto.inbox.boxes import View

Act = Callable[[MemberRequest, int], None]


def _act(act: Act) -> Callable[..., HttpResponse]:
    """A page around an action: answers with the thread's state, or leads back to it."""

    @require_POST
    @for_agents
    @wraps(act)
    def page(request: MemberRequest, conversation: int) -> HttpResponse:
        _fits(conversation)
        act(request, conversation)
        if "application/json" in request.headers.get("Accept", ""):
            return thread_state(request, conversation, forms.number(request.POST.get("after")) or 0)
        return redirect(address(request, conversation, _view(request)))

    return page


def _fits(conversation: int) -> None:
    if not 0 < conversation <= queries.BIGGEST_ID:
        raise Missing()


def _view(request: MemberRequest) -> View:
    given = request.POST.get("view", View.ALL)
    if given not in set(View):
        raise BadRequest()
    return View(given)


@_act
def reply(request: MemberRequest, conversation: int) -> None:
    """Answer the contact."""
    text: dict[str, Any] = forms.read(forms.Text, request)
    draft = forms.draft(text, request)
    if draft.attachments and queries.head(conversation, by=request.member).channel != "email":
        raise Invalid(_("Files can be sent by email and with notes only."), code="no_files_here")
    actions.reply(
        conversation,
        text["body"],
        client_id=text["client_id"],
        by=request.member,
        seen=text["seen"],
        draft=draft,
    )


@_act
def note(request: MemberRequest, conversation: int) -> None:
    """Write a note for the team."""
    text = forms.read(forms.Text, request)
    actions.add_note(
        conversation,
        text["body"],
        client_id=text["client_id"],
        by=request.member,
        attachments=forms.draft(text, request).attachments,
    )


@_act
def add_address(request: MemberRequest, conversation: int) -> None:
    """The email address that a visitor has told."""
    actions.add_address(conversation, request.POST.get("email", "")[:400], by=request.member)


@_act
def set_language(request: MemberRequest, conversation: int) -> None:
    """The language that the contact is written to in."""
    actions.set_language(conversation, request.POST.get("language", "")[:10], by=request.member)


@_act
def assign(request: MemberRequest, conversation: int) -> None:
    """Give it to an agent, or to nobody."""
    actions.assign(conversation, forms.read(forms.Owner, request)["to"], by=request.member)


@_act
def complete(request: MemberRequest, conversation: int) -> None:
    """Close it for everyone."""
    actions.complete(conversation, by=request.member)


@_act
def reopen(request: MemberRequest, conversation: int) -> None:
    """Open it again."""
    actions.reopen(conversation, by=request.member)


@_act
def mark_read(request: MemberRequest, conversation: int) -> None:
    """The team has read it."""
    actions.mark_read(conversation, by=request.member)


@_act
def mark_unread(request: MemberRequest, conversation: int) -> None:
    """Back among the unread."""
    actions.mark_unread(conversation, by=request.member)
