"""Who holds a seat, and giving and releasing them."""

from typing import Any

from django.http import HttpResponse
from ninja.params.functions import Query

from salotto.accounts import queries as accounts
from salotto.accounts.members import must_administer
from salotto.api import queries, schemas, shapes
from salotto.api.auth import ApiRequest, any_member
from salotto.api.refusals import HandToNeeded
from salotto.api.rest import AFTER, LIMIT, operation, said
from salotto.seats import actions

SEARCH: Any = Query("", max_length=100, description="Part of a name or an address.")


@operation("GET", "members", may=any_member, gives={200: schemas.People}, refuses=(422,), tag="Assignments")
def list_members(
    request: ApiRequest, q: str = SEARCH, after: str = AFTER, limit: int = LIMIT
) -> HttpResponse:
    """Everybody in the account.

    By name, with role and access level. For every member.
    """
    page = accounts.members(request.auth.account, search=q, cursor=after, limit=limit)
    return said(shapes.people(page))


@operation(
    "GET",
    "members/{int:user}/access",
    may=must_administer,
    gives={200: schemas.Person},
    refuses=(404,),
    tag="Assignments",
)
def get_access(request: ApiRequest, user: int) -> HttpResponse:
    """What a member may do with conversations.

    An agent holds a seat. For admins.
    """
    return said(shapes.person(queries.member(request.auth.account, user)))


@operation(
    "PUT",
    "members/{int:user}/access",
    may=must_administer,
    gives={200: schemas.Person},
    refuses=(404,),
    tag="Assignments",
)
def put_access(request: ApiRequest, user: int, given: schemas.Assign) -> HttpResponse:
    """Give a seat, or release it.

    An agent needs a free seat (409 `no_free_seat` without one), the other levels none. Costs nothing. Who
    is released hands open conversations to `hand_to`. For admins (rule 15).
    """
    person = queries.member(request.auth.account, user)
    released = person.is_agent and given.level != "agent"
    if released and "hand_to" not in given.model_fields_set and queries.has_open_conversations(user):
        raise HandToNeeded()
    actions.set_access(user, given.level, by=request.auth, hand_to=given.hand_to)
    return said(shapes.person(queries.member(request.auth.account, user)))
