"""Rendering of the inbox: the parts that pages, fragments and live updates have in common."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.template.loader import render_to_string
from django.utils import timezone

from salotto.accounts.http import MemberRequest
from salotto.accounts.members import Member
from salotto.core.clock import now
from salotto.desk.lines import users_in
from salotto.desk.queries import who_gives_seats
from salotto.desk.shapes import Bubble, Card, Person, bubbles, card, person
from salotto.inbox import queries
from salotto.inbox.boxes import View
from salotto.inbox.models import Kind
from salotto.inbox.queries import Head, Page, Row, Window
from salotto.live.presence import here


def cards(rows: Sequence[Row], by: Member) -> list[Card]:
    """Rows as the list shows them, with who is here now."""
    moment = now()
    present = here(row.visitor for row in rows if row.visitor)
    return [card(row, by=by, here=row.visitor in present, now=moment) for row in rows]


def page_context(view: View, page: Page, by: Member) -> dict[str, Any]:
    """A page of the list."""
    return {"view": view, "cards": cards(page.rows, by), "next": page.next}


def contact(head: Head) -> Person:
    """The contact of a conversation, and whether they are here."""
    return person(head, here=is_here(head.visitor))


def is_here(visitor: UUID | None) -> bool:
    """Is this visitor on the site now?"""
    return visitor is not None and bool(here([visitor]))


def entries(window: Window, head: Head, by: Member) -> list[Bubble]:
    """A window of a thread as the member sees it; one query when a status line names someone."""
    wanted: set[int] = set()
    for entry in window.entries:
        if entry.kind == Kind.STATUS:
            wanted |= users_in(entry.data)
    known = {e.author: e.author_name or "" for e in window.entries if e.author}
    names = {n: name for n, name in known.items() if n in wanted}
    names |= queries.names(wanted - names.keys())
    return bubbles(window, by=by, contact=contact(head).name, names=names)


def thread_context(view: View, head: Head, by: Member) -> dict[str, Any]:
    """Everything that the stage shows of a conversation; at most five queries."""
    window = queries.thread(head.id)
    return {
        "view": view,
        "head": head,
        "contact": contact(head),
        "window": window,
        "bubbles": entries(window, head, by),
        "seen": seen_reply(window, head),
        "client_id": uuid4(),
        "last": window.entries[-1].id if window.entries else 0,
        "visit": queries.last_visit(head.id),
        "earlier": queries.earlier(head.contact, but=head.id),
        "admins": [] if by.can_act else who_gives_seats(by.account),
    }


def seen_reply(window: Window, head: Head) -> int:
    """The id of our last message when the visitor has seen it, else 0."""
    ours = [entry.id for entry in window.entries if entry.ours]
    return ours[-1] if ours and ours[-1] <= head.seen_by_visitor else 0


def html(request: MemberRequest, template: str, context: dict[str, Any]) -> str:
    """A fragment as text, in the account's time zone."""
    with timezone.override(request.member.account.time_zone):
        return render_to_string(template, context, request)


def row_html(request: MemberRequest, row: Card, view: View) -> str:
    """One row of the list."""
    return html(request, "desk/_row.html", {"card": row, "view": view})
