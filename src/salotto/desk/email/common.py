"""What the settings pages about email share."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render

from salotto.accounts.http import MemberRequest
from salotto.channels.email.queries import mailboxes
from salotto.channels.email.queries.mailboxes import Standing
from salotto.core.errors import Missing, Refused
from salotto.desk.email import shapes

BIGGEST = 2**63 - 1


def standing_of(request: MemberRequest, mailbox: int) -> Standing:
    """An email inbox of this account. Raises Missing for any other."""
    return mailboxes.standing_of(request.member.account.pk, fits(mailbox))


def fits(number: int) -> int:
    """The number, if a row can have it. Raises Missing."""
    if number > BIGGEST:
        raise Missing()
    return number


def edge(request: MemberRequest, name: str) -> int | None:
    """Where a list goes on, from the address; None at its beginning."""
    given = request.GET.get(name, "")
    return fits(int(given)) if given.isascii() and given.isdigit() and len(given) < 20 else None


def page(
    request: MemberRequest,
    standing: Standing,
    part: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A page of an inbox: `part` names it, in the address and among the templates."""
    shared = {
        "section": "channels",
        "part": part,
        "standing": standing,
        "mailbox": standing.mailbox,
        "state": shapes.receiving(standing),
        "reads": standing.incoming is not None,
    }
    return render(request, f"desk/email/{part}.html", {**shared, **context}, status=status)


def note(form: forms.Form, refused: Refused, default: str | None = None) -> None:
    """Put a refusal beside the field that it names, or beside `default`."""
    name = refused.code if refused.code in form.fields else default
    form.add_error(name, str(refused.message))


def back_to(request: MemberRequest, name: str, *args: int) -> HttpResponse:
    """A redirect to a page of this account."""
    return redirect(name, request.member.account.slug, *args)
