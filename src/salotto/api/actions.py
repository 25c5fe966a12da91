"""Writes of the API itself: the memory of keyed requests. Everything else is the rooms' below."""

from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.api.models import ApiCall
from salotto.api.refusals import KeyReused, UnderWay
from salotto.billing.actions.locking import subscription_of
from salotto.core import clock
from salotto.core.tenancy import account_scope, all_accounts
from salotto.seats import actions as seats
from salotto.seats.errors import NoOpenRequest
from salotto.seats.models import SeatRequest
from salotto.seats.queries import open_request

HELD = timedelta(seconds=60)
"""How long a request may be worked on before a retry takes it over: its server has died then."""

KEPT = timedelta(hours=24)
AT_ONCE = 1000


def begin_call(by: Member, token_hash: str, key: str, request_hash: str) -> ApiCall:
    """The memory of a keyed request: fresh or taken over (without a `status`: go on), or
    answered before.

    Raises KeyReused (422) if the key belongs to another request, UnderWay (409) while the
    same one is being worked on.
    """
    now = clock.now()
    fresh = {"request_hash": request_hash, "held_until": now + HELD, "created_at": now}
    with account_scope(by.account.pk):
        call, made = ApiCall.objects.get_or_create(
            account=by.account, token_hash=token_hash, key=key, defaults=fresh
        )
        if made:
            return call  # type: ignore[no-any-return]
        if call.request_hash != request_hash:
            raise KeyReused()
        if call.status is None:
            _take_over(call)
    return call  # type: ignore[no-any-return]


def _take_over(call: ApiCall) -> None:
    """Of several retries after a crash one goes on."""
    now = clock.now()
    left = ApiCall.objects.filter(pk=call.pk, status=None, held_until=call.held_until, held_until__lte=now)
    if not left.update(held_until=now + HELD):
        raise UnderWay()


def keep_answer(call: ApiCall, status: int, body: str) -> None:
    """Remember what was answered; in the transaction of the act itself, if there is one."""
    with account_scope(call.account_id):
        ApiCall.objects.filter(pk=call.pk).update(status=status, body=body)


def let_go(call: ApiCall) -> None:
    """Nothing is decided: the same request may be made again at once."""
    with suppress(DatabaseError), account_scope(call.account_id):
        ApiCall.objects.filter(pk=call.pk, status=None).update(held_until=clock.now())


def forget_calls() -> int:
    """Forget what was asked more than 24 hours ago; how many, at most 1000 at once."""
    with all_accounts():
        old = ApiCall.objects.filter(created_at__lt=clock.now() - KEPT).order_by("created_at")
        gone, _ = ApiCall.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()
    return int(gone)


def withdraw_request(request_id: int, *, by: Member) -> SeatRequest:
    """Take this request back, if it is the open one.

    Raises Forbidden unless `by` is the primary admin, NoOpenRequest (409) for any other.
    """
    must_be_primary_admin(by)
    with subscription_of(by.account.pk):
        found = open_request()
        if found is None or found.pk != request_id:
            raise NoOpenRequest()
        return seats.withdraw_request(by=by)
