"""What an account asks of support: to remove seats (rules S2, S13, 18, 19), or to add some
after the end of self-service (rule S14).

The lock of everything here is the subscription's row, which is taken first, as a purchase
and a renewal take it: whatever they do to a request, they do before or after. Instants are those
of the account's own clock, as the instants of its money are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.accounts.models import User
from salotto.accounts.queries import member_of
from salotto.billing.actions.locking import subscription_of
from salotto.billing.actions.quantities import PAYING, schedule_quantity
from salotto.billing.errors import BadQuantity
from salotto.billing.models import Catalogue, Subscription
from salotto.billing.quotes import quantity_of
from salotto.billing.standing import account_now
from salotto.core import audit
from salotto.core.errors import Forbidden, Invalid
from salotto.live.actions import emit
from salotto.seats import mails
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
from salotto.seats.signals import support_asked, support_said

LONGEST = 2000
"""Characters of a note or an answer."""


@contextmanager
def _as_primary_admin(by: Member) -> Iterator[tuple[Member, Subscription]]:
    """The lock, and who asks as of now; raises Forbidden (rule S2)."""
    must_be_primary_admin(by)
    with subscription_of(by.account.pk) as sub:
        now = member_of(by.user, by.account.slug)
        if now is None:
            raise Forbidden(code="not_member")
        must_be_primary_admin(now)
        yield now, sub


def request_removal(quantity: object, note: str, *, by: Member) -> SeatRequest:
    """Ask support to remove `quantity` seats at the end of the paid period.

    Records it, mails the prepared message to support and opens a conversation in support's
    own account, if it has one. Raises Forbidden unless `by` is the primary admin (rule S2),
    BadQuantity, BadRemoval (422), NothingToRemove and RequestOpen (409).
    """
    with _as_primary_admin(by) as (now, sub):
        number = quantity_of(quantity)
        if sub.state not in PAYING or sub.quantity_next == 0:
            raise NothingToRemove()
        if number > sub.quantity_next:
            raise BadRemoval(sub.quantity_next)
        return _ask(SeatRequest.Kind.REMOVE, number, note, now, sub)


def request_more(quantity: object, note: str, *, by: Member) -> SeatRequest:
    """Ask support for `quantity` more seats, when they are no longer sold in the dialog (S14).

    Raises Forbidden unless `by` is the primary admin, BadQuantity, StillSold (409) as long as
    the dialog sells them, RequestOpen (409).
    """
    with _as_primary_admin(by) as (now, sub):
        number = quantity_of(quantity)
        over = Catalogue.objects.get().extra_sale_ends_at()
        if over is None or account_now(sub) < over:
            raise StillSold()
        if sub.quantity_next + number >= 2**31:
            raise BadQuantity()
        return _ask(SeatRequest.Kind.ADD, number, note, now, sub)


def _ask(kind: SeatRequest.Kind, number: int, note: str, by: Member, sub: Subscription) -> SeatRequest:
    here = plan()
    request = SeatRequest(
        account=by.account,
        kind=kind,
        quantity=number,
        seats_then=here.seats,
        note=_text(note),
        asked_by=by.user,
        asked_at=account_now(sub),
    )
    _insert(request)
    catalogue = Catalogue.objects.select_related("support_account").get()
    words = mails.prepared(request, here, sub, by.user, mails.support_language(catalogue))
    mails.send_to_support(request, words, catalogue, by.user)
    _talk(request, words, catalogue, by)
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


def _text(given: str) -> str:
    text = given.replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise Invalid(_("This text is longer than %(n)d signs. Nothing was changed.") % {"n": LONGEST})
    return text


def _talk(request: SeatRequest, words: tuple[str, str], catalogue: Catalogue, by: Member) -> None:
    """Open the conversation in support's account; its id is the first receiver's answer."""
    if catalogue.support_account_id is None:
        return
    text = f"{words[0]}\n\n{words[1]}\n\n{mails.operator_page(request)}"
    answers = support_asked.send(
        SeatRequest, request=request, support_account_id=catalogue.support_account_id, text=text, by=by
    )
    conversation = next((answer for _receiver, answer in answers if answer), None)
    if conversation is not None:
        request.support_account_id = catalogue.support_account_id
        request.support_conversation_id = conversation
        request.save(update_fields=["support_account_id", "support_conversation_id"])


def withdraw_request(*, by: Member) -> SeatRequest:
    """Take the open request back; a scheduled removal does not take effect then.

    Raises Forbidden unless `by` is the primary admin, NoOpenRequest (409).
    """
    with _as_primary_admin(by) as (now, sub):
        request = _locked(SeatRequest.objects.filter(state__in=OPEN).first())
        if request.state == SeatRequest.State.SCHEDULED:
            _unschedule(request, sub, now.user)
        _close(request, SeatRequest.State.WITHDRAWN, account_now(sub))
        audit.record(now.account.pk, now.user.pk, "seats.request_withdrawn", f"request {request.pk}")
        catalogue = Catalogue.objects.select_related("support_account").get()
        mails.tell_support(request, lambda: _withdrawn(request), catalogue)
        _say(request, _withdrawn(request)[0], now.user, from_support=False)
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


def _say(request: SeatRequest, text: str, user: User, *, from_support: bool) -> None:
    if request.support_conversation_id is not None:
        support_said.send(SeatRequest, request=request, text=text, user=user, from_support=from_support)


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
        _tell(request, "seats.request_scheduled", operator, left=left)
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
        _tell(request, "seats.request_declined", operator)
    return request


def answer_request(request_id: int, text: str, operator: User) -> SeatRequest:
    """Write to the primary admin about an open request, which stays as it is. Raises as `decline`."""
    with _as_operator(request_id, operator) as (request, sub):
        _answered(request, SeatRequest.State(request.state), _needed(text), operator, sub)
        _tell(request, "seats.request_answered", operator)
    return request


def _needed(text: str) -> str:
    text = _text(text)
    if not text:
        raise Invalid(_("An answer needs words. Nothing was changed."))
    return text


def _answered(
    request: SeatRequest, state: SeatRequest.State, text: str, operator: User, sub: Subscription, *also: str
) -> None:
    request.state, request.answer = state, text
    request.answered_by, request.answered_at = operator, account_now(sub)
    request.save(update_fields=["state", "answer", "answered_by", "answered_at", *also])


def _tell(request: SeatRequest, verb: str, operator: User, **detail: int) -> None:
    audit.record(request.account_id, operator.pk, verb, f"request {request.pk}", **detail)
    mails.tell_primary_admin(request.account, lambda: _news(request, verb))
    _say(request, _news(request, verb)[1], operator, from_support=True)
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
