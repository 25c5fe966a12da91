"""What the billing page shows, prepared: where the plan stands, and what comes next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from salotto.billing import wording
from salotto.billing.due import RETRIES
from salotto.billing.errors import why_declined
from salotto.billing.gateways import gateway
from salotto.billing.models import Cycle, State, Subscription
from salotto.billing.money import Money
from salotto.billing.queries import last_decline
from salotto.billing.quotes import gateway_of
from salotto.billing.standing import Standing
from salotto.billing.upcoming import Upcoming, next_renewal
from salotto.seats.queries import Plan

RENEWS = (State.ACTIVE, State.PAST_DUE, State.UNPAID)
TONES = {
    State.TRIAL: "accent",
    State.LAPSED: "wine",
    State.ACTIVE: "olive",
    State.PAST_DUE: "ochre",
    State.UNPAID: "wine",
    State.ENDED: "wine",
}


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


@dataclass(frozen=True, slots=True)
class Renewal:
    """The next renewal in words; `sum` is the arithmetic behind `total`."""

    day: str
    total: str
    sum: str
    tax: str
    balance: str
    carried: str
    pays: str
    free: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The billing page as an admin sees it.

    `free`: rule 23. `change_to`: the other cycle, if the plan renews and could change to it;
    `change_costs` what a period of it costs without tax. `pays_later`: the gateway is
    `invoice`, payable within `payment_days`.
    """

    state: str
    state_word: str
    tone: str
    says: str
    seats: int
    in_use: int
    cycle_word: str
    cycle_next_word: str
    change_to: str
    change_costs: str
    renewal: Renewal | None
    removal: str
    free: bool
    sandbox: bool
    pays_later: bool
    payment_days: int
    gateway: str


def overview(st: Standing, plan: Plan) -> Overview:
    """The figures of the page, from one look at the account."""
    sub, name = st.subscription, gateway_of(st)
    coming = next_renewal(st, plan.in_use)
    return Overview(
        state=sub.state,
        state_word=state_word(sub),
        tone=TONES[State(sub.state)],
        says=standing_of(st),
        seats=plan.seats,
        in_use=plan.in_use,
        cycle_word=str(Cycle(sub.cycle).label) if sub.state in RENEWS else "",
        cycle_next_word=str(Cycle(sub.cycle_next).label) if sub.cycle_next != sub.cycle else "",
        change_to=_other(sub),
        change_costs=_change_costs(st, coming),
        renewal=_renewal(st, coming) if coming else None,
        removal=_removal(st, coming),
        free=_is_free(st),
        sandbox=name == "sandbox",
        pays_later=not gateway(name).takes_cards,
        payment_days=st.catalogue.payment_days,
        gateway=name,
    )


def _other(sub: Subscription) -> str:
    """The cycle that the next renewal could have instead, or ""."""
    if sub.state not in RENEWS:
        return ""
    return Cycle.MONTH if sub.cycle_next == Cycle.YEAR else Cycle.YEAR


def _is_free(st: Standing) -> bool:
    """Rule 23: the price that the account has, or any that is sold, is 0."""
    own = [p for p in st.prices if p.pk == st.subscription.price_id] if not st.is_first else st.prices
    return bool(own) and all(price.unit_amount == 0 for price in own)


def day(st: Standing, instant: datetime | None) -> str:
    """The day of an instant, by the account's clock on the wall."""
    return wording.long_date(instant, st.account.time_zone, language()) if instant else ""


def state_word(sub: Subscription) -> str:
    """The state in a word; an account that was made after the end of sale has had no trial."""
    if sub.state == State.LAPSED and sub.trial_ends_at is None:
        return _("No longer sold")
    return str(State(sub.state).label)


def standing_of(st: Standing) -> str:
    """Where the plan stands, in a sentence."""
    sub, ends = st.subscription, day(st, st.subscription.trial_ends_at)
    if sub.state == State.TRIAL:
        return _("The trial runs until %(day)s: %(left)s. Nothing is charged until you buy.") % {
            "day": ends,
            "left": _days_left(st),
        }
    if sub.state == State.LAPSED and not ends:
        return _(
            "Conversations was no longer sold when this account was made. Viewers can read; nobody can be"
            " made an agent."
        )
    if sub.state == State.LAPSED:
        return _("The trial ended on %(day)s. Agents can read, nobody can answer until seats are bought.") % {
            "day": ends
        }
    if sub.state == State.ACTIVE:
        return _("Paid until %(day)s.") % {"day": day(st, sub.period_end)}
    if sub.state == State.PAST_DUE:
        text = _("The last renewal could not be collected. Agents keep working while it is tried again.")
        return " ".join(filter(None, (text, _why_and_when(st))))
    if sub.state == State.UNPAID:
        return _("Nobody can answer until the open invoice is paid. Nothing is deleted.")
    return _("All seats were removed. Nothing is deleted; buy seats to go on.")


def _why_and_when(st: Standing) -> str:
    """The bank's reason, the next try, and the day of read-only (rule 21)."""
    sub, reason = st.subscription, last_decline(st.account.pk)
    said = str(why_declined(reason)) if reason else ""
    if sub.failed_at is None or sub.retries >= len(RETRIES):
        return said
    when = _("The next step is on %(next)s; from %(last)s agents could only read.") % {
        "next": day(st, sub.failed_at + timedelta(days=RETRIES[sub.retries])),
        "last": day(st, sub.failed_at + timedelta(days=RETRIES[-1])),
    }
    return f"{said} {when}".strip()


def _days_left(st: Standing) -> str:
    ends = st.subscription.trial_ends_at
    left = max(0, -((st.now - ends) // timedelta(days=1))) if ends else 0
    return wording.days_left(left, language())


def money(amount: int, currency: str) -> str:
    """Money as the reader writes it."""
    return Money(amount, currency).shown(language())


def _renewal(st: Standing, coming: Upcoming) -> Renewal:
    rate = f"{coming.tax_name} {wording.percent(coming.tax_points, language())}" if coming.tax else ""
    used, carried = coming.balance_used, coming.carried
    return Renewal(
        day=day(st, coming.at),
        total=money(coming.total, coming.currency),
        sum=f"{wording.seats(coming.quantity, language())} × {money(coming.unit, coming.currency)}",
        tax=f"{rate}: {money(coming.tax, coming.currency)}" if rate else "",
        balance=_from_balance(used, coming.currency),
        carried=money(carried, coming.currency) if carried else "",
        pays=money(coming.amount, coming.currency),
        free=coming.unit == 0,
    )


def _from_balance(used: int, currency: str) -> str:
    """What the balance does to the renewal, in a sentence; "" for nothing."""
    if used == 0:
        return ""
    form = _("%(amount)s come from the balance.") if used > 0 else _("%(amount)s were carried from before.")
    return form % {"amount": money(abs(used), currency)}


def _removal(st: Standing, coming: Upcoming | None) -> str:
    """What is to be removed at the next renewal, or ""."""
    sub = st.subscription
    less = sub.quantity - sub.quantity_next
    if sub.state not in RENEWS or less <= 0:
        return ""
    if coming is not None and coming.quantity > sub.quantity_next:
        return _(
            "%(less)s are to be removed at the next renewal, but more agents are assigned than would"
            " remain: it renews with %(kept)s."
        ) % {
            "less": wording.seats(less, language()),
            "kept": wording.seats(coming.quantity, language()),
        }
    return _("At the next renewal the plan goes from %(now)s to %(later)s.") % {
        "now": wording.seats(sub.quantity, language()),
        "later": wording.seats(sub.quantity_next, language()),
    }


def _change_costs(st: Standing, coming: Upcoming | None) -> str:
    """What a period of the other cycle costs: a year is twelve months (rule S10)."""
    if coming is None or coming.unit == 0:
        return ""
    a_month = coming.subtotal // (12 if coming.cycle == Cycle.YEAR else 1)
    other = a_month if coming.cycle == Cycle.YEAR else a_month * 12
    form = _("%(amount)s a month") if coming.cycle == Cycle.YEAR else _("%(amount)s a year")
    return form % {"amount": money(other, coming.currency)}
