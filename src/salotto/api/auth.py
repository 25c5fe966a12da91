"""Who is asking: the member behind a bearer token, with the rights of this very moment.

A session cookie says nothing here, so no page of somebody else can use it.
"""

from collections.abc import Callable

from django.http import HttpRequest
from ninja.security import HttpBearer

from salotto.accounts.actions.tokens import PREFIX
from salotto.accounts.members import Member
from salotto.accounts.queries import member_of_token, token_hash
from salotto.api.refusals import BadToken
from salotto.core.errors import TooMany
from salotto.core.limits import RateLimit

PER_MINUTE, AT_ONCE = 300, 60
LONGEST = 100
"""Characters that a token may have, with room."""

RATE = RateLimit(PER_MINUTE, AT_ONCE)


class ApiRequest(HttpRequest):
    """A request whose token was found good."""

    auth: Member
    token_hash: str


class Bearer(HttpBearer):
    """A token of a member who passes `may`."""

    def __init__(self, may: Callable[[Member], None]) -> None:
        super().__init__()
        self.may = may

    def authenticate(self, request: HttpRequest, token: str) -> Member:
        """The member. Raises BadToken (401), TooMany (429), and what `may` raises (403)."""
        token = token.strip()
        if not token.startswith(PREFIX) or len(token) > LONGEST:
            raise BadToken()
        request.token_hash = token_hash(token)  # type: ignore[attr-defined]
        if wait := RATE.wait(request.token_hash):  # type: ignore[attr-defined]
            raise TooMany(wait)
        member = member_of_token(token)
        if member is None:
            raise BadToken()
        self.may(member)
        return member


def any_member(by: Member) -> None:
    """Every member may."""
