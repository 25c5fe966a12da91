"""The inbox: the list of a view with a conversation beside it, as a page and in parts."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from salotto.accounts import queries as people
from salotto.accounts.http import MemberRequest, for_members, for_readers
from salotto.channels.email.queries.composer import has_mailbox
from salotto.core.errors import Forbidden
from salotto.desk.queries import site_key
from salotto.desk.views import parts
from salotto.desk.views.forms import number, numbers
from salotto.desk.words import words
from salotto.inbox import queries
from salotto.inbox.boxes import View
from salotto.inbox.queries import Page, Place
from salotto.live import cursor

STAGE, DESK = "div#stage", "div#desk"
"""What htmx asks to be replaced: the thread with its contact, or everything."""


@require_safe
@for_members
def account_home(request: MemberRequest) -> HttpResponse:
    """Where an account begins: the inbox, or for those without access the reason."""
    if not request.member.can_read:  # nothing went wrong, so this is a page and no refusal
        return render(request, "core/refused.html", {"refused": Forbidden(code="no_access")})
    return redirect("inbox", request.member.account.slug)


@csp_update({"frame-src": [SELF]})  # mails, each in a sandbox
@require_safe
@for_readers
def inbox(request: MemberRequest, view: View = View.ALL, conversation: int | None = None) -> HttpResponse:
    """A view of the inbox; with `conversation`, that thread beside it."""
    wanted = request.htmx.target if request.htmx else None
    context: dict[str, Any] = {"view": view, "section": "inbox", "views": View}
    context["can_write_mail"] = SimpleLazyObject(lambda: request.member.can_act and has_mailbox())
    if wanted != STAGE:
        context["cursor"] = cursor.current()
    if conversation is not None:
        head = queries.head(conversation, by=request.member)
        context |= parts.thread_context(view, head, request.member)
    if wanted == STAGE:
        return _render(request, "desk/_stage.html", context)
    context |= _list(view, request) | {"words": words()}
    return _render(request, "desk/_desk.html" if wanted == DESK else "desk/inbox.html", context)


def _list(view: View, request: MemberRequest) -> dict[str, Any]:
    page = queries.conversations(view, by=request.member)
    found = parts.page_context(view, page, request.member)
    ways = queries.ways()
    found |= {"one_inbox": ways.inboxes < 2, "can_write_mail": request.member.can_act and ways.email > 0}
    found["counts"] = queries.tallies(by=request.member)
    found["agents"] = people.agents(request.member.account, limit=500)
    if not page.rows and view is View.ALL and request.member.is_admin:
        found |= {"site_key": site_key(), "public_url": settings.PUBLIC_URL}
    return found


def _render(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    with timezone.override(request.member.account.time_zone):
        return render(request, template, context)


@require_safe
@for_readers
def older(request: MemberRequest, view: View) -> HttpResponse:
    """The rows after `?before=<place>`, with the way to those after them."""
    place = Place.read(request.GET.get("before", ""))
    page: Page = queries.conversations(view, by=request.member, before=place)
    return _render(request, "desk/_rows.html", parts.page_context(view, page, request.member))


@require_safe
@for_readers
def rows(request: MemberRequest, view: View) -> HttpResponse:
    """`?ids=1,2,3`: those that stand in the view now, as rows, and the counters.

    An id that is not among the rows has left the view, or never was in it.
    """
    found = queries.rows(view, numbers(request.GET.get("ids", "")), by=request.member)
    shown = parts.cards(found, request.member)
    made = [{"id": c.id, "key": c.key, "html": parts.row_html(request, c, view)} for c in shown]
    counts = {str(name): total for name, total in queries.tallies(by=request.member).items()}
    return JsonResponse({"rows": made, "counts": counts})


@require_safe
@for_readers
def short(request: MemberRequest, conversation: int) -> HttpResponse:
    """The short address of a conversation: it leads to the view it stands in."""
    head = queries.head(conversation, by=request.member)
    view = View.DONE if head.done else View.ALL
    return redirect("conversation", request.member.account.slug, view, head.id)


@require_safe
@for_readers
def messages(request: MemberRequest, conversation: int) -> HttpResponse:
    """A thread's entries `?after=<id>` with its present state, or `?before=<id>`."""
    before = number(request.GET.get("before"))
    if before is None:
        return thread_state(request, conversation, number(request.GET.get("after")) or 0)
    head = queries.head(conversation, by=request.member)
    window = queries.thread(head.id, before=before)
    shown = {"bubbles": parts.entries(window, head, request.member), "seen": 0}
    made = parts.html(request, "desk/_messages.html", shown)
    return JsonResponse({"html": made, "more": window.older})


def thread_state(request: MemberRequest, conversation: int, after: int) -> JsonResponse:
    """What an open thread needs to be up to date: new entries, header, what was seen."""
    member = request.member
    head = queries.head(conversation, by=member)
    window = queries.thread(head.id, after=after)
    context = {"head": head, "contact": parts.contact(head), "view": View.ALL}
    context |= {"bubbles": parts.entries(window, head, member), "seen": 0}
    return JsonResponse(
        {
            "html": parts.html(request, "desk/_messages.html", context),
            "head": parts.html(request, "desk/_head.html", context),
            "last": window.entries[-1].id if window.entries else after,
            "more": window.newer,
            "seen": head.seen_by_visitor,
            "unread": head.unread,
            "version": head.version,
            "deliveries": parts.delivery_parts(request, head),
            "answer": parts.answer_now(window, head, member),
        }
    )


def address(request: MemberRequest, conversation: int, view: View) -> str:
    """Where a conversation is read in a view."""
    return reverse("conversation", args=[request.member.account.slug, view, conversation])
