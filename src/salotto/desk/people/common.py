"""What the settings pages about people share: the list, who is meant, who takes over."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from salotto.accounts import queries
from salotto.accounts.http import MemberRequest
from salotto.accounts.queries import Person
from salotto.core.errors import BadRequest, Missing
from salotto.desk.people.forms import HandTo

BIGGEST = 2**63 - 1


def asked(request: MemberRequest) -> dict[str, Any]:
    """The page of members that the address asks for: `rows`, `next`, `search`."""
    search = request.GET.get("q", "").replace("\x00", "")[:100]
    page = queries.members(request.member.account, search=search, cursor=request.GET.get("after", ""))
    return {"rows": page.rows, "next": page.next, "search": search, "first": "after" not in request.GET}


def person_of(request: MemberRequest, user: int) -> Person:
    """The member with this user id; raises Missing for a stranger."""
    found = queries.person(request.member.account, user) if user <= BIGGEST else None
    if found is None:
        raise Missing()
    return found


def others(request: MemberRequest, user: int) -> list[Person]:
    """The agents who could take over from this one."""
    return [agent for agent in queries.agents(request.member.account) if agent.id != user]


def hand_to(request: MemberRequest) -> int | None:
    """The chosen heir, None for nobody; raises BadRequest for what is no id."""
    form = HandTo(request.POST)
    if not form.is_valid():
        raise BadRequest()
    chosen: int | None = form.cleaned_data["hand_to"]
    return chosen


def back_to(name: str, request: MemberRequest) -> HttpResponse:
    """A redirect to a page of this account."""
    return redirect(name, request.member.account.slug)
