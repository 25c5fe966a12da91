"""What the seats page and its dialog show, prepared: figures, what may be done, a price in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from salotto.accounts.members import Member
from salotto.billing import wording
from salotto.billing.due import next_due
from salotto.billing.gateways import gateway
from salotto.billing.models import (
    Payment,
    PaymentKind,
    PaymentMethod,
    PaymentState,
    Price,
    State,
    Subscription,
)
from salotto.billing.money import Money
from salotto.billing.period import MONTHS
from salotto.billing.prices import currencies, price_for_new
from salotto.billing.quotes import Quote, gateway_of
from salotto.billing.standing import Standing
from salotto.billing.tax import EXPORT, REVERSE_CHARGE
from salotto.billing.upcoming import Upcoming, next_renewal
from salotto.seats.models import SeatRequest
from salotto.seats.queries import Plan

BANNER = timedelta(days=30)
"""How long before the end of sale admins are told (rule S14)."""
NEWS = timedelta(days=1)
"""How long a purchase that came to nothing is spoken of."""
SETTLED = timedelta(days=30)
"""How long a request that is settled is."""


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def shown(amount: int, currency: str) -> str:
    """Money as the reader writes it."""
    return Money(amount, currency).shown(language())


def days_left(until: datetime, now: datetime) -> int:
    """Days that are left, the one that has begun counted; 0 when it is over."""
    return max(0, -((now - until) // timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A purchase that is under way (`open`), or was left or lost and came to nothing; `terms` is
    the query of the dialog that offers the same again."""

    seats: int
    open: bool
    terms: str


@dataclass(frozen=True, slots=True)
class Board:
    """Manage seats as one member sees it.

    `sells`: how the primary admin gets more seats: "dialog", "support" (rule S14), or ""
    because of `why` ("past_due", "unpaid", "sale_over", "no_price"). `by_support`: whether support
    alone sells more, whoever reads. `ending_seats` end with the paid period, and `remains` then.
    `closed` is the newest request when it is settled, as long as that is news; `purchase` the
    last one when it is under way or came to nothing.
    """

    plan: Plan
    state: str
    sells: str
    by_support: bool
    why: str
    title: str
    value: str
    small: str
    days: int
    trial_ends: str
    low: bool
    free_of_charge: bool
    sandbox: bool
    asked: str
    request: SeatRequest | None
    request_day: str
    ending_seats: int
    remains: int
    renews_on: str
    removable: int
    closed: SeatRequest | None = None
    purchase: "Unfinished | None" = None

    @property
    def is_trial(self) -> bool:
        return self.state == State.TRIAL

    @property
    def full(self) -> bool:
        """Whether every seat of a trial or a plan is in use; without one there is no seat."""
        return self.low and self.plan.seats > 0 and self.state not in (State.LAPSED, State.ENDED)

    @property
    def ending(self) -> bool:
        """Whether a trial ends in a week."""
        return self.is_trial and self.days <= 7


def board(
    st: Standing, plan: Plan, *, by: Member, request: SeatRequest | None, asked_at: datetime | None
) -> Board:
    """The page's figures and what may be done, from one look at the account."""
    sub = st.subscription
    sells, why = _sells(st)
    title, value, small = _fourth(st, plan)
    return Board(
        plan=plan,
        state=sub.state,
        sells=sells if by.is_primary_admin else "",
        by_support=sells == "support",
        why=why,
        title=title,
        value=value,
        small=small,
        days=days_left(sub.trial_ends_at, st.now) if sub.trial_ends_at else 0,
        trial_ends=_day(st, sub.trial_ends_at),
        low=plan.free <= 0,
        free_of_charge=_is_free(st),
        sandbox=gateway_of(st) == "sandbox",
        asked=_moment(st, asked_at),
        request=request,
        request_day=_day(st, request.asked_at if request else None),
        ending_seats=max(0, sub.quantity - sub.quantity_next),
        remains=sub.quantity_next,
        renews_on=_day(st, sub.period_end),
        removable=sub.quantity_next if sub.state in (State.ACTIVE, State.PAST_DUE, State.UNPAID) else 0,
    )


def _day(st: Standing, instant: datetime | None) -> str:
    return wording.long_date(instant, st.subscription.time_zone, language()) if instant else ""


def _moment(st: Standing, instant: datetime | None) -> str:
    """ "23 November 2026, 14:05", in the account's time zone."""
    if instant is None:
        return ""
    return f"{_day(st, instant)}, {instant.astimezone(ZoneInfo(st.subscription.time_zone)):%H:%M}"


def _sells(st: Standing) -> tuple[str, str]:
    if st.subscription.state in (State.PAST_DUE, State.UNPAID):
        return "", st.subscription.state
    over = st.catalogue.sale_ends_at() if st.is_first else st.catalogue.extra_sale_ends_at()
    if over is not None and st.now >= over:
        return ("", "sale_over") if st.is_first else ("support", "")
    return ("dialog", "") if current_price(st) else ("", "no_price")


def current_price(st: Standing) -> Price | None:
    """The price that the account pays, or would pay for a first purchase; None: nothing is sold."""
    if not st.is_first:
        return next((p for p in st.prices if p.pk == st.subscription.price_id), None)
    wanted = next(iter([st.subscription.currency, *currencies(st.prices, st.now)]), "") or ""
    found = price_for_new(st.prices, wanted, st.now)
    first = next(iter(currencies(st.prices, st.now)), "")
    return found or price_for_new(st.prices, first, st.now)


def _is_free(st: Standing) -> bool:
    """Rule 23."""
    price = current_price(st)
    return price is not None and price.unit_amount == 0


def _fourth(st: Standing, plan: Plan) -> tuple[str, str, str]:
    """The fourth figure: the trial's days, the next renewal, or where the plan stands."""
    sub = st.subscription
    if sub.state == State.TRIAL and sub.trial_ends_at:
        days = days_left(sub.trial_ends_at, st.now)
        left = ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}
        return _("Trial"), left, _("until %(day)s") % {"day": _day(st, sub.trial_ends_at)}
    if sub.state == State.LAPSED and sub.trial_ends_at is None:  # made after the end of sale
        return _("Plan"), _("None"), _("No longer sold")
    if sub.state in (State.LAPSED, State.ENDED):
        return _("Plan"), _("None"), str(State(sub.state).label)
    if _is_free(st):
        return _("Cost"), pgettext("the price", "Free"), _("on this server")
    return _renewal(st, plan)


def _renewal(st: Standing, plan: Plan) -> tuple[str, str, str]:
    """Rule 19 counts: the account renews at the number of its agents at least."""
    coming = next_renewal(st, plan.in_use)
    if coming is None:
        return _("Plan"), str(State(st.subscription.state).label), ""
    title = _("Next renewal, %(day)s") % {"day": _day(st, coming.at)}
    return title, shown(coming.amount, coming.currency), _made_of(coming)


def _made_of(coming: Upcoming) -> str:
    """ "3 seats × €19.00 each month · IVA included": what the amount of a renewal comes from."""
    sum_of = f"{wording.seats(coming.quantity, language())} × {shown(coming.unit, coming.currency)}"
    parts = [f"{sum_of} {each(coming.cycle, '')}"]
    if coming.tax:
        parts.append(_("%(tax)s included") % {"tax": coming.tax_name})
    if coming.balance_used:
        used = _("From your balance") if coming.balance_used > 0 else _("Carried over from before")
        parts.append(f"{used}: {shown(abs(coming.balance_used), coming.currency)}")
    if coming.carried:
        parts.append(f"{_('Carried to your next invoice')}: {shown(coming.carried, coming.currency)}")
    return " · ".join(parts)


def next_step(sub: Subscription) -> str:
    """What the account's own clock can be moved on to: "reminder", "trial_end", "renewal",
    "retry", or "" when nothing is due."""
    due = next_due(sub)
    if due is None:
        return ""
    if sub.state == State.TRIAL:
        return "trial_end" if due == sub.trial_ends_at else "reminder"
    return "renewal" if sub.state == State.ACTIVE else "retry"


def each(cycle: str, tax: str) -> str:
    """ "each month, plus IVA": `tax` is the name of its rate, or empty."""
    if tax:
        form = _("each year, plus %(tax)s") if cycle == "year" else _("each month, plus %(tax)s")
        return form % {"tax": tax}
    return _("each year") if cycle == "year" else _("each month")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sum."""

    text: str
    amount: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote in words. `left`: seconds that it is held."""

    token: str
    add: int
    per_month: str
    lines: list[Line]
    today: str
    today_amount: str
    later: str
    notes: list[str]
    pay: str
    left: int
    minutes: int
    needs_card: bool


def card_name(card: PaymentMethod) -> str:
    """ "Visa •••• 4242", which no line break parts."""
    return f"{card.brand.capitalize()}\u00a0••••\u00a0{card.last4}"


def offer(q: Quote, st: Standing) -> Offer:
    """A quote as the dialog shows it: every amount in it is the quote's (rule S11)."""
    card = st.method if q.method_id else None
    takes_cards = gateway(q.gateway).takes_cards
    return Offer(
        token=q.token,
        add=q.add,
        per_month=shown(q.add * q.unit // MONTHS[q.cycle], q.currency),
        lines=_lines(q),
        today=_today(q, takes_cards, card_name(card) if card else ""),
        today_amount=shown(q.amount, q.currency),
        later=_later(q, st),
        notes=_notes(q, st, takes_cards),
        pay=_pay(q, takes_cards),
        left=max(0, int((q.expires_at - st.now).total_seconds())),
        minutes=round((q.expires_at - q.at).total_seconds() / 60),
        needs_card=bool(q.amount) and takes_cards and q.method_id is None,
    )


def _lines(q: Quote) -> list[Line]:
    if q.unit == 0:
        return []
    lines = [Line(_what(q), shown(q.subtotal, q.currency))]
    if q.tax_points:
        rate = f"{q.tax_name} {wording.percent(q.tax_points, language())}"
        lines.append(Line(rate, shown(q.tax, q.currency)))
    if q.balance_used > 0:
        lines.append(Line(_("From your balance"), shown(-q.balance_used, q.currency)))
    elif q.balance_used < 0:
        lines.append(Line(_("Carried over from before"), shown(-q.balance_used, q.currency)))
    if q.carried:
        lines.append(Line(_("Carried to your next invoice"), shown(-q.carried, q.currency)))
    return lines


def _what(q: Quote) -> str:
    """ "3 seats × €19.00 × 20 of 30 days"."""
    factors = [wording.seats(q.delta, language()), shown(q.unit, q.currency)]
    if q.at > q.period_start:
        factors.append(wording.share(q.period_start, q.period_end, q.at, language(), q.delta * q.unit))
    else:
        factors.append(_("one year") if q.cycle == "year" else _("one month"))
    return " × ".join(factors)


def _today(q: Quote, takes_cards: bool, card: str) -> str:
    if not takes_cards:
        return _("On an invoice")
    return _("Today, to %(card)s") % {"card": card} if card and q.amount else _("Today")


def _later(q: Quote, st: Standing) -> str:
    """What each following period costs, and when."""
    if q.unit == 0 and q.next_subtotal == 0:
        return ""
    cycle = q.cycle if q.is_first else st.subscription.cycle_next
    return _("From %(day)s, %(seats)s: %(amount)s %(each)s.") % {
        "day": wording.long_date(q.period_end, st.subscription.time_zone, language()),
        "seats": wording.seats(q.next_to, language()),
        "amount": shown(q.next_subtotal, q.currency),
        "each": each(cycle, q.tax_name if q.next_tax else ""),
    }


def _notes(q: Quote, st: Standing, takes_cards: bool) -> list[str]:
    notes = []
    back = min(q.add, q.quantity_from - q.next_from)
    if not q.is_first and back > 0:
        form = ngettext(
            "One seat that was to be removed stays: it is paid for already.",
            "%(n)d seats that were to be removed stay: they are paid for already.",
            back,
        )
        notes.append(form % {"n": back})
    if q.carried > 0:
        form = _(
            "%(amount)s is less than a card can be charged with. The seats are yours now, nothing is"
            " charged today, and the amount stands on your next invoice."
        )
        notes.append(form % {"amount": shown(q.carried, q.currency)})
    if q.tax_note == REVERSE_CHARGE:
        notes.append(_("Reverse charge: you account for the VAT yourself."))
    elif q.tax_note == EXPORT:
        notes.append(_("No VAT: your company is outside the EU."))
    if not takes_cards and q.total:
        days = st.catalogue.payment_days
        form = ngettext("The invoice is payable in one day.", "The invoice is payable in %(n)d days.", days)
        notes.append(form % {"n": days})
    return notes


def _pay(q: Quote, takes_cards: bool) -> str:
    """The button: the amount, or what happens without one."""
    seats = {"n": q.add}
    if q.unit == 0:
        form = ngettext("Get %(n)d seat, free on this server", "Get %(n)d seats, free on this server", q.add)
        return form % seats
    if not takes_cards and q.total:
        return ngettext("Buy %(n)d seat on invoice", "Buy %(n)d seats on invoice", q.add) % seats
    if q.amount:
        return _("Pay %(amount)s") % {"amount": shown(q.amount, q.currency)}
    return ngettext("Take %(n)d seat", "Take %(n)d seats", q.add) % seats


@dataclass(frozen=True, slots=True)
class Bought:
    """What a paid purchase has come to; `number` is the invoice's name."""

    seats: str
    total: int
    charged: str
    number: str
    invoice_id: int


def bought(payment: Payment, seats: int, invoice_id: int, number: str) -> Bought:
    """The last page of the dialog; `seats` are all that the account has now."""
    added = payment.next_to - payment.next_from
    card = payment.method
    charged = ""
    if payment.amount and card is not None:
        form = _("%(amount)s was charged to %(card)s.")
        charged = form % {"amount": shown(payment.amount, payment.currency), "card": card_name(card)}
    return Bought(wording.seats(added, language()), seats, charged, number, invoice_id)


def unfinished(payment: Payment | None, now: datetime) -> Unfinished | None:
    """The newest purchase, if it is open, or came to nothing within the last day."""
    if payment is None or payment.state == PaymentState.PAID:
        return None
    is_open = payment.state == PaymentState.CHARGING
    if not is_open and payment.created_at < now - NEWS:
        return None
    return Unfinished(payment.next_to - payment.next_from, is_open, urlencode(terms_of(payment) or {}))


def settled_lately(request: SeatRequest | None, now: datetime) -> SeatRequest | None:
    """The newest request, if it was settled in the last 30 days."""
    closed = request.closed_at if request else None
    return request if closed is not None and closed > now - SETTLED else None


def terms_of(payment: Payment) -> dict[str, str] | None:
    """What a purchase was for, as the dialog is asked for it; None for a renewal."""
    if payment.kind != PaymentKind.PURCHASE:
        return None
    added = payment.next_to - payment.next_from
    return {"add": str(added), "currency": payment.currency, "cycle": payment.cycle}
