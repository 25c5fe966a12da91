"""Rendering of the inbox: the parts that pages, fragments and live updates have in common."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.template.loader import render_to_string
from django.utils import timezone

from salotto.accounts.http import MemberRequest
from salotto.accounts.members import Member
from salotto.channels.email.queries.threads import deliveries, mails_of, not_delivered
from salotto.core.clock import now
from salotto.desk.lines import users_in
from salotto.desk.mail.composer import answer_fields, composer_context
from salotto.desk.mail.shapes import sent, views
from salotto.desk.queries import who_gives_seats
from salotto.desk.shapes import Bubble, Card, Person, bubbles, card, person
from salotto.inbox import queries
from salotto.inbox.boxes import View
from salotto.inbox.models import PUBLIC_KINDS, Kind
from salotto.inbox.queries import Head, Page, Row, Window
from salotto.live.presence import here


def cards(rows: Sequence[Row], by: Member) -> list[Card]:
    """Rows as the list shows them, with who is here now."""
    moment = now()
    present = here(row.visitor for row in rows if row.visitor)
    by_mail = [row.id for row in rows if row.channel == "email" and row.ours]
    lost = not_delivered(by_mail) if by_mail else set()
    return [card(row, by=by, here=row.visitor in present, now=moment, lost=row.id in lost) for row in rows]


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
    """A window of a thread as the member sees it; one query when a status line names someone, one
    where there may be mails, and one when a line leads to another conversation."""
    wanted: set[int] = set()
    for entry in window.entries:
        if entry.kind == Kind.STATUS:
            wanted |= users_in(entry.data)
    known = {e.author: e.author_name or "" for e in window.entries if e.author}
    names = {n: name for n, name in known.items() if n in wanted}
    names |= queries.names(wanted - names.keys())
    mails = mails_of(by.account.pk, [entry.id for entry in window.entries]) if may_mail(head) else {}
    seen = views(window.entries, mails, head)
    leads = _leads(window, head)
    return bubbles(window, by=by, contact=contact(head).name, names=names, mails=seen, leads=leads)


def _leads(window: Window, head: Head) -> dict[int, int]:
    """Where status lines lead, by their ids: to conversations that are still there. The one that
    a visitor begins is not known yet when their chat begins to go on by mail."""
    lines = [entry for entry in window.entries if entry.kind == Kind.STATUS]
    named = {line.id: n for line in lines if isinstance(n := line.data.get("conversation"), int)}
    there = queries.still_there(named.values())
    found = {line: n for line, n in named.items() if n in there}
    parted = [line.id for line in lines if line.data.get("what") == "by_mail"]
    if parted and (later := queries.sequel(head.id)):
        found |= dict.fromkeys(parted, later)
    return found


def may_mail(head: Head) -> bool:
    """Whether messages of this conversation may have gone by mail, a chat's too."""
    return head.channel == "email" or bool(head.email)


def delivery_parts(request: MemberRequest, head: Head) -> list[dict[str, Any]]:
    """How the mails of a conversation fare, those that changed last: each with its line."""
    found = [sent(one, one.forwarded) for one in deliveries(head.id)] if may_mail(head) else []
    return [
        {"id": one.id, "state": one.state, "html": html(request, "desk/mail/_delivery.html", {"sent": one})}
        for one in found
    ]


def thread_context(view: View, head: Head, by: Member) -> dict[str, Any]:
    """Everything that the stage shows of a conversation; at most five queries, and those of mail."""
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
        **(composer_context(head, by) if by.can_act else {}),
    }


def answer_now(window: Window, head: Head, by: Member) -> dict[str, str] | None:
    """Whom an answer goes to now that a mail has come or gone; None where nothing has changed."""
    if head.channel != "email" or not by.can_act or not any(e.kind in PUBLIC_KINDS for e in window.entries):
        return None
    return answer_fields(head)


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
