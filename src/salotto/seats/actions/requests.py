"""What an account asks of support: to remove seats (rules S2, S13, 18, 19), or to add some
after the end of self-service (rule S14).

The lock of everything here is the subscription's row, which is taken first, as a purchase
and a renewal take it: whatever they do to a request, they do before or after. Instants are those
of the account's own clock, as the instants of its money are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.accounts.members import Member
from salotto.accounts.models import User
from salotto.billing.actions.locking import subscription_of
from salotto.billing.actions.quantities import PAYING, schedule_quantity
from salotto.billing.errors import BadQuantity
from salotto.billing.models import Catalogue, Subscription
from salotto.billing.quotes import quantity_of
from salotto.billing.standing import account_now
from salotto.core import audit
from salotto.live.actions import emit
from salotto.seats import mails
from salotto.seats.actions.talking import (
    as_primary_admin,
    catalogue_now,
    clean,
    must_not_hurry,
    needed,
    open_talk,
    say,
    told,
)
from salotto.seats.errors import (
    BadRemoval,
    NoOpenRequest,
    NotAnOperator,
    NothingToRemove,
    RequestOpen,
    StillSold,
)
from salotto.seats.models import SeatChange, SeatRequest
from salotto.seats.queries import OPEN, plan, request_of


def request_removal(quantity: object, note: str, *, by: Member) -> SeatRequest:
    """Ask support to remove `quantity` seats at the end of the paid period.

    Records it, mails the prepared message to support and opens a conversation in support's
    own account, if it has one. Raises Forbidden unless `by` is the primary admin (rule S2),
    BadQuantity, BadRemoval (422), NothingToRemove and RequestOpen (409), TooMany (429).
    """
    with as_primary_admin(by) as (now, sub):
        number = quantity_of(quantity)
        if sub.state not in PAYING or sub.quantity_next == 0:
            raise NothingToRemove()
        if number > sub.quantity_next:
            raise BadRemoval(sub.quantity_next)
        return _ask(SeatRequest.Kind.REMOVE, number, note, now, sub)


def request_more(quantity: object, note: str, *, by: Member) -> SeatRequest:
    """Ask support for `quantity` more seats, when they are no longer sold in the dialog (S14).

    Raises Forbidden unless `by` is the primary admin, BadQuantity, StillSold (409) as long as
    the dialog sells them, RequestOpen (409), TooMany (429).
    """
    with as_primary_admin(by) as (now, sub):
        number = quantity_of(quantity)
        over = Catalogue.objects.get().extra_sale_ends_at()
        if over is None or account_now(sub) < over:
            raise StillSold()
        if sub.quantity_next + number >= 2**31:
            raise BadQuantity()
        return _ask(SeatRequest.Kind.ADD, number, note, now, sub)


def _ask(kind: SeatRequest.Kind, number: int, note: str, by: Member, sub: Subscription) -> SeatRequest:
    at = account_now(sub)
    must_not_hurry(SeatRequest.objects.values_list("asked_at", flat=True), at)
    here = plan()
    request = SeatRequest(
        account=by.account,
        kind=kind,
        quantity=number,
        seats_then=here.seats,
        note=clean(note),
        asked_by=by.user,
        asked_at=at,
    )
    _insert(request)
    catalogue = catalogue_now()
    words = mails.prepared(request, here, sub, by.user, mails.support_language(catalogue))
    mails.send_to_support(request, words, catalogue, by.user)
    open_talk(request, f"{words[0]}\n\n{words[1]}\n\n{mails.operator_page(request)}", catalogue, by)
    audit.record(
        by.account.pk, by.user.pk, f"seats.{kind}_requested", f"request {request.pk}", quantity=number
    )
    emit(by.account.pk, "seats.changed")
    return request


def _insert(request: SeatRequest) -> None:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if getattr(diagnosis, "constraint_name", "") != "seats_request_one_open":
            raise
        raise RequestOpen() from None


def withdraw_request(*, by: Member) -> SeatRequest:
    """Take the open request back; a scheduled removal does not take effect then.

    Raises Forbidden unless `by` is the primary admin, NoOpenRequest (409).
    """
    with as_primary_admin(by) as (now, sub):
        request = _locked(SeatRequest.objects.filter(state__in=OPEN).first())
        if request.state == SeatRequest.State.SCHEDULED:
            _unschedule(request, sub, now.user)
        _close(request, SeatRequest.State.WITHDRAWN, account_now(sub))
        audit.record(now.account.pk, now.user.pk, "seats.request_withdrawn", f"request {request.pk}")
        _tell_support(request, now.user)
        emit(now.account.pk, "seats.changed")
    return request


def _unschedule(request: SeatRequest, sub: Subscription, actor: User) -> None:
    """Put back what is still to be removed (or was still to be added)."""
    pending = sub.quantity - sub.quantity_next
    if request.kind == SeatRequest.Kind.REMOVE:
        back = sub.quantity_next + max(0, min(request.quantity, pending))
    else:
        back = sub.quantity_next - max(0, min(request.quantity, -pending))
    if back != sub.quantity_next:
        kind = SeatChange.Kind.REMOVAL_WITHDRAWN
        schedule_quantity(
            request.account_id, back, actor_id=actor.pk, kind=kind, reason="taken back", may_grow=True
        )


def _tell_support(request: SeatRequest, user: User) -> None:
    catalogue = catalogue_now()
    mails.tell_support(request, lambda: _withdrawn(request), catalogue)
    with translation.override(mails.support_language(catalogue)):
        title = _withdrawn(request)[0]
    say(request, title, user, catalogue, from_support=False, key=uuid4())


def _withdrawn(request: SeatRequest) -> tuple[str, str]:
    account = request.account.name
    return _("%(account)s has taken its request back") % {"account": account}, _("There is nothing to do.")


def _locked(request: SeatRequest | None) -> SeatRequest:
    """A request that is there; the subscription's lock holds it still."""
    if request is None:
        raise NoOpenRequest()
    return request


def _close(request: SeatRequest, state: SeatRequest.State, at: datetime) -> None:
    request.state, request.closed_at = state, at
    request.save(update_fields=["state", "closed_at"])


@contextmanager
def _as_operator(request_id: int, operator: User) -> Iterator[tuple[SeatRequest, Subscription]]:
    """The lock and the request; raises NotAnOperator, Missing, NoOpenRequest."""
    if not operator.is_operator:
        raise NotAnOperator()
    found = request_of(request_id)
    with subscription_of(found.account_id) as sub:
        request = request_of(request_id)
        if request.state not in OPEN:
            raise NoOpenRequest()
        yield request, sub


def schedule(request_id: int, operator: User) -> SeatRequest:
    """Accept a request: it takes effect with the next renewal, without credit (rule 18).

    While the account is past due or unpaid that is the renewal after it has paid. Raises
    NotAnOperator, Missing, NoOpenRequest (409), NoRenewal (409) without a plan, BadRemoval when
    fewer seats are left than are to be removed.
    """
    with _as_operator(request_id, operator) as (request, sub):
        if request.state != SeatRequest.State.REQUESTED:
            raise NoOpenRequest()
        removes = request.kind == SeatRequest.Kind.REMOVE
        left = sub.quantity_next + (-request.quantity if removes else request.quantity)
        if left < 0:
            raise BadRemoval(sub.quantity_next)
        request.effective_at = sub.period_end
        _answered(request, SeatRequest.State.SCHEDULED, request.answer, operator, sub, "effective_at")
        kind = SeatChange.Kind.REMOVAL_SCHEDULED if removes else SeatChange.Kind.BOUGHT
        reason = f"request {request.pk}"
        schedule_quantity(
            request.account_id, left, actor_id=operator.pk, kind=kind, reason=reason, may_grow=not removes
        )
        _tell(request, "seats.request_scheduled", operator, sub, left=left)
    return request


def decline(request_id: int, answer: str, operator: User) -> SeatRequest:
    """Refuse a request, with the reason that the primary admin reads.

    Raises NotAnOperator, Missing, NoOpenRequest (409), Invalid without a reason.
    """
    with _as_operator(request_id, operator) as (request, sub):
        if request.state != SeatRequest.State.REQUESTED:
            raise NoOpenRequest()
        request.closed_at = account_now(sub)
        _answered(request, SeatRequest.State.DECLINED, _needed(answer), operator, sub, "closed_at")
        _tell(request, "seats.request_declined", operator, sub)
    return request


def answer_request(request_id: int, text: str, operator: User) -> SeatRequest:
    """Write to the primary admin about an open request, which stays as it is. Raises as `decline`."""
    with _as_operator(request_id, operator) as (request, sub):
        _answered(request, SeatRequest.State(request.state), _needed(text), operator, sub)
        _tell(request, "seats.request_answered", operator, sub)
    return request


def _needed(text: str) -> str:
    return needed(text, _("An answer needs words. Nothing was changed."))


def _answered(
    request: SeatRequest, state: SeatRequest.State, text: str, operator: User, sub: Subscription, *also: str
) -> None:
    request.state, request.answer = state, text
    request.answered_by, request.answered_at = operator, account_now(sub)
    request.save(update_fields=["state", "answer", "answered_by", "answered_at", *also])


def _tell(request: SeatRequest, verb: str, operator: User, sub: Subscription, **detail: int) -> None:
    """Audit, mail, history and conversation: both sides read the same words, the account's."""
    audit.record(request.account_id, operator.pk, verb, f"request {request.pk}", **detail)
    with translation.override(request.account.primary_admin.language):
        title, text = _news(request, verb)
    mails.tell_about(request, lambda: (title, text))
    declined = request.state == SeatRequest.State.DECLINED
    told(request, f"{title}.\n\n{text}" if declined else text, operator, account_now(sub))
    emit(request.account_id, "seats.changed")


def _news(request: SeatRequest, verb: str) -> tuple[str, str]:
    """What the act `verb` says; an answer given earlier has been told and is not told again."""
    if verb == "seats.request_declined":
        return _("Support has declined your request"), request.answer
    if verb == "seats.request_answered":
        return _("Support has answered your request"), request.answer
    if request.kind == SeatRequest.Kind.ADD:
        text = ngettext(
            "One seat is added at the next renewal.",
            "%(n)d seats are added at the next renewal.",
            request.quantity,
        )
        return _("Your seats are scheduled"), text % {"n": request.quantity}
    text = ngettext(
        "One seat ends with the paid period. It can be used until then, and you can take the request"
        " back until then.",
        "%(n)d seats end with the paid period. They can be used until then, and you can take the"
        " request back until then.",
        request.quantity,
    )
    return _("The removal of seats is scheduled"), text % {"n": request.quantity}
