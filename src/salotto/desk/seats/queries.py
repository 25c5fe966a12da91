"""What the seats page needs to know of the account's money."""

from dataclasses import replace
from datetime import date, datetime

from django.conf import settings

from salotto.accounts.members import Member
from salotto.billing.models import Catalogue, Invoice, Payment, PaymentKind, Subscription
from salotto.billing.standing import Standing, account_now, standing
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.desk.seats.shapes import (
    BANNER,
    Board,
    Bought,
    board,
    bought,
    next_step,
    settled_lately,
    unfinished,
)
from salotto.desk.seats.talks import Talk, talk
from salotto.seats.queries import OPEN, asked_at, last_request, own_request, plan, words_of


def board_of(member: Member) -> Board:
    """Manage seats as this member sees it."""
    return board_at(standing(member.account.pk), member)


def board_at(st: Standing, member: Member) -> Board:
    """The same, from what is known of the account's money already."""
    with account_scope(member.account.pk):
        asked = None if member.is_primary_admin else asked_at(member.account.pk, member.user.pk)
        newest = last_request()
        is_open = newest is not None and newest.state in OPEN
        made = board(st, plan(), by=member, request=newest if is_open else None, asked_at=asked)
        purchase = Payment.objects.filter(kind=PaymentKind.PURCHASE).order_by("-created_at", "-id").first()
    closed = None if is_open else settled_lately(newest, st.now)
    return replace(made, closed=closed, purchase=unfinished(purchase, clock.now()))


def talk_of(member: Member, request_id: int, cursor: str = "") -> Talk:
    """A request of this account with what was said about it, the newest 50 or those before
    `cursor`; raises Missing."""
    with account_scope(member.account.pk):
        found = own_request(request_id)
        words, older = words_of(found.pk, cursor=cursor)
        newest = last_request()
    may_write = member.is_primary_admin and newest is not None and newest.pk == found.pk
    return talk(found, words, older, zone=member.account.time_zone, cursor=cursor, may_write=may_write)


def bought_with(payment: Payment) -> Bought:
    """What a paid purchase has come to; asks nothing if it was settled just now."""
    if payment.settled is not None:
        fresh = payment.settled
        return bought(payment, fresh.quantity, fresh.invoice_id, fresh.name)
    with account_scope(payment.account_id):
        invoice = Invoice.objects.filter(payment_id=payment.pk).first()
        return bought(payment, plan().seats, invoice.pk if invoice else 0, invoice.name if invoice else "")


def sale_ends(member: Member) -> tuple[date, bool] | None:
    """The day from which nothing is sold, by the catalogue's zone, and whether it has come by the
    account's own clock; None until 30 days before it, and 30 days after it (rule S14)."""
    catalogue = Catalogue.objects.filter(pk=1).first()
    ends = catalogue.sale_ends_at() if catalogue else None
    if catalogue is None or catalogue.sale_ends_on is None or ends is None:
        return None
    with account_scope(member.account.pk):
        now = account_now(Subscription.objects.get())
    return (catalogue.sale_ends_on, now >= ends) if ends - BANNER <= now < ends + BANNER else None


def own_clock(member: Member) -> tuple[datetime, str, str] | None:
    """The account's own instant, its time zone and what is due next (`shapes.next_step`), if
    its gateway is the sandbox."""
    with account_scope(member.account.pk):
        sub: Subscription | None = Subscription.objects.first()
    if sub is None or (sub.gateway or settings.BILLING_GATEWAY) != "sandbox":
        return None
    return account_now(sub), sub.time_zone, next_step(sub)
