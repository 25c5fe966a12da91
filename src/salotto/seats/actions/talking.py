"""What support and an account say to each other about a request (rule S13).

It is kept on the request, in the account's own rows, and stands in the conversation in support's
inbox too, if support has one; what support says goes to the primary admin by mail as well.
The lock is the subscription's row, as for everything about requests. An agent's reply
comes by a job of its own, after the conversation's lock is gone: whoever holds a subscription may
wait for a conversation, and nobody who holds a conversation waits for a subscription.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from salotto.accounts.members import Member, must_be_primary_admin
from salotto.accounts.models import User
from salotto.accounts.queries import member_of
from salotto.billing.actions.locking import subscription_of
from salotto.billing.models import Catalogue, Subscription
from salotto.billing.standing import account_now
from salotto.core import audit
from salotto.core.errors import Forbidden, Invalid, Missing, TooMany
from salotto.live.actions import emit
from salotto.seats import mails
from salotto.seats.errors import NoOpenRequest
from salotto.seats.models import RequestWord, SeatRequest, SupportTalk
from salotto.seats.queries import account_talked_about, last_request
from salotto.seats.signals import support_asked, support_said

LONGEST = 2000
"""Characters of a note, an answer, or what the account writes."""
MOST = 20
SPAN = timedelta(hours=1)
"""So many words of an account about its requests, and so many requests, in this time."""
Side = RequestWord.Side


@contextmanager
def as_primary_admin(by: Member) -> Iterator[tuple[Member, Subscription]]:
    """The lock, and who asks as of now; raises Forbidden (rule S2)."""
    must_be_primary_admin(by)
    with subscription_of(by.account.pk) as sub:
        now = member_of(by.user, by.account.slug)
        if now is None:
            raise Forbidden(code="not_member")
        must_be_primary_admin(now)
        yield now, sub


def clean(given: str) -> str:
    """The text to keep; raises Invalid when it is too long."""
    text = given.replace("\x00", "").strip()
    if len(text) > LONGEST:
        raise Invalid(_("This text is longer than %(n)d signs. Nothing was changed.") % {"n": LONGEST})
    return text


def needed(given: str, empty: str) -> str:
    """The same; raises Invalid with the sentence `empty` when there is none."""
    text = clean(given)
    if not text:
        raise Invalid(empty)
    return text


def catalogue_now() -> Catalogue:
    """The catalogue, with support's account."""
    return Catalogue.objects.select_related("support_account").get()


def open_talk(request: SeatRequest, text: str, catalogue: Catalogue, by: Member) -> bool:
    """Put `text` into the conversation in support's account and link the request to it; False
    without an account or an inbox there. In the request's scope and transaction.

    A conversation that is another account's is refused by the database.
    """
    support = catalogue.support_account_id
    if support is None:
        return False
    answers = support_asked.send(SeatRequest, request=request, support_account_id=support, text=text, by=by)
    conversation = next((answer for _receiver, answer in answers if answer), None)
    if conversation is None:
        return False
    link = {"support_account_id": support, "conversation_id": conversation}
    SupportTalk.objects.bulk_create(
        [SupportTalk(account_id=request.account_id, **link)], ignore_conflicts=True
    )
    request.support_account_id, request.support_conversation_id = support, conversation
    request.save(update_fields=["support_account_id", "support_conversation_id"])
    return True


def say(
    request: SeatRequest, text: str, user: User, catalogue: Catalogue, *, from_support: bool, key: UUID
) -> bool:
    """Put `text` into the conversation that the request is linked to, once per `key`; False when
    there is none, or it is not in support's account any more."""
    linked = request.support_account_id
    if linked is None or linked != catalogue.support_account_id:
        return False
    answers = support_said.send(
        SeatRequest, request=request, text=text, user=user, from_support=from_support, key=key
    )
    return any(answer for _receiver, answer in answers)


def keep(request: SeatRequest, side: Side, text: str, user: User, at: datetime, key: UUID) -> bool:
    """Keep what was said on the request; False when `key` came before. Under the lock."""
    if RequestWord.objects.filter(request=request, key=key).exists():
        return False
    RequestWord.objects.create(
        account_id=request.account_id, request=request, key=key, side=side, author=user, text=text, at=at
    )
    return True


def write_to_support(request_id: int, text: str, key: UUID, *, by: Member) -> SeatRequest:
    """Write to support about a request, the account's newest, open or not; once per `key`.

    It goes into the conversation in support's inbox (which opens again if it was done), or by mail
    where there is none. Raises Forbidden unless `by` is the primary admin, Missing,
    NoOpenRequest (409) for an older request, Invalid for the text, TooMany (429).
    """
    with as_primary_admin(by) as (now, sub):
        request = _newest(request_id)
        text = needed(text, _("Write something first. Nothing was sent."))
        if RequestWord.objects.filter(request=request, key=key).exists():
            return request
        at = account_now(sub)
        must_not_hurry(RequestWord.objects.filter(side=Side.ACCOUNT).values_list("at", flat=True), at)
        keep(request, Side.ACCOUNT, text, now.user, at, key)
        _bring(request, text, now, key)
        audit.record(now.account.pk, now.user.pk, "seats.request_written", f"request {request.pk}")
        emit(now.account.pk, "seats.changed")
    return request


def _newest(request_id: int) -> SeatRequest:
    request = last_request()
    if request is None or request_id > request.pk:
        raise Missing()
    if request_id != request.pk:
        if not SeatRequest.objects.filter(pk=request_id).exists():
            raise Missing()
        raise NoOpenRequest()
    return request


def must_not_hurry(before: "QuerySet[Any, datetime]", at: datetime) -> None:
    """Support's inbox and mailbox are not flooded: raises TooMany (429) when there were `MOST` of
    these instants, of the open scope, in the time before `at`."""
    oldest = before.order_by("-id")[MOST - 1 : MOST].first()
    if oldest is not None and oldest > at - SPAN:
        raise TooMany((oldest + SPAN - at).total_seconds())


def _bring(request: SeatRequest, text: str, by: Member, key: UUID) -> None:
    """To support's inbox: the linked conversation, a new one where support has moved; or mail."""
    catalogue = catalogue_now()
    if say(request, text, by.user, catalogue, from_support=False, key=key):
        return
    with translation.override(mails.support_language(catalogue)):
        title = _("%(account)s has written about its request") % {"account": by.account.name}
    if not open_talk(request, f"{title}\n\n{text}\n\n{mails.operator_page(request)}", catalogue, by):
        mails.tell_support(request, lambda: (title, text), catalogue, reply_to=by.user.email)


def hear_support(support_account_id: int, conversation_id: int, text: str, user: User, key: UUID) -> bool:
    """An agent of support's has replied in the conversation: keep it on the newest request that
    is linked to it and mail it to the primary admin, once per `key`.

    False when no request is linked to this conversation, or its account is not support's
    any more: then nothing has left.
    """
    account_id = account_talked_about(support_account_id, conversation_id)
    if account_id is None or catalogue_now().support_account_id != support_account_id:
        return False
    with subscription_of(account_id) as sub:
        link = {"support_account_id": support_account_id, "support_conversation_id": conversation_id}
        rows = SeatRequest.objects.select_related("account", "account__primary_admin")
        request = rows.filter(**link).order_by("-id").first()
        if request is None:
            return False
        at = account_now(sub)
        if keep(request, Side.SUPPORT, text, user, at, key):
            _answer(request, text, user, at)
    return True


def _answer(request: SeatRequest, text: str, user: User, at: datetime) -> None:
    request.answer, request.answered_by, request.answered_at = text, user, at
    request.save(update_fields=["answer", "answered_by", "answered_at"])
    account = request.account_id
    audit.record(account, user.pk, "seats.request_answered", f"request {request.pk}", by="conversation")
    mails.tell_about(request, lambda: (_("Support has answered your request"), text))
    emit(account, "seats.changed")


def told(request: SeatRequest, text: str, operator: User, at: datetime) -> None:
    """What the operator's page has told the account: kept, and said in the conversation too."""
    key = uuid4()
    keep(request, Side.SUPPORT, text, operator, at, key)
    say(request, text, operator, catalogue_now(), from_support=True, key=key)
