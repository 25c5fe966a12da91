"""Payment methods: cards known by the gateway's token alone. Only the primary admin changes them.

The gateway is asked outside of any transaction. A card is added there first, then here: one
that we lose in between is a card that nobody charges. It is removed here first, with the job
that has it forgotten there, so that no quote is left that would charge it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from salotto.accounts.locking import people_of
from salotto.accounts.members import Member, must_be_primary_admin
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.errors import CardNeeded, CardRefused, GatewaySilent, NoCards, PurchaseUnderWay
from salotto.billing.gateways import gateway
from salotto.billing.gateways.port import Card, Gateway, GatewayRefused, OutcomeUnknown
from salotto.billing.models import Payment, PaymentMethod, PaymentState, State, Subscription
from salotto.billing.prices import price_for_renewal
from salotto.billing.quotes import gateway_of
from salotto.billing.standing import Standing, standing
from salotto.core import audit, clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope

OWES = (State.PAST_DUE, State.UNPAID)


def begin_card(by: Member) -> Mapping[str, str]:
    """What the page needs to take a card without our seeing its number.

    With `gateway` and, for Stripe, `client_secret`, `publishable_key` and the `reference` that
    `add_card` takes; the sandbox's reference is the number of a test card. Raises Forbidden
    unless `by` is the primary admin, NoCards, CardRefused, GatewaySilent.
    """
    must_be_primary_admin(by)
    st = standing(by.account.pk)
    port = _port(st)
    with _asking():
        return port.begin_card(ensure_customer(st, by.user.email), uuid4().hex)


def ensure_customer(st: Standing, email: str) -> str:
    """The account's customer at its gateway, made there if need be and remembered here.

    Raises OutcomeUnknown and GatewayRefused.
    """
    sub = st.subscription
    known = _port(st).ensure_customer(st.account.pk, st.account.name, email, sub.customer)
    if known != sub.customer:
        with account_scope(st.account.pk):
            Subscription.objects.filter(account_id=st.account.pk, customer=sub.customer).update(
                customer=known
            )
    return known


def add_card(reference: str, by: Member, *, current: bool = False) -> PaymentMethod:
    """Keep the card that the page has set up under this reference.

    It becomes the current one if it is the account's first, or if told. The same reference
    again gives the same card. Raises what `begin_card` does.
    """
    must_be_primary_admin(by)
    st = standing(by.account.pk)
    port = _port(st)
    with _asking():
        card = port.finish_card(ensure_customer(st, by.user.email), reference)
    with _money_of(by) as sub:
        method, new = _kept(port.name, card, by)
        if method.removed_at is not None:
            raise CardRefused()
        if new:
            _record(by, "card.added", method)
        if current or not PaymentMethod.objects.filter(is_current=True, gateway=port.name).exists():
            new = _set_current(method, by) or new
        if new:
            save(sub)
    return method


def make_current(method_id: int, by: Member) -> PaymentMethod:
    """Charge this card from now on (rules S8, S9); quotes of before are void.

    Raises Forbidden unless `by` is the primary admin, and Missing for a card that is removed or
    another gateway's.
    """
    must_be_primary_admin(by)
    with _money_of(by) as sub:
        method = _method(method_id)
        if method.gateway != gateway_of(standing(by.account.pk)):
            raise Missing()
        if _set_current(method, by):
            save(sub)
    return method


def remove_method(method_id: int, by: Member) -> PaymentMethod:
    """Forget a card, here and at the gateway.

    Raises Forbidden unless `by` is the primary admin, Missing, PurchaseUnderWay while a payment
    with it is open, and CardNeeded for the current card while the plan costs something, unless
    the account pays through another gateway than the card's.
    """
    must_be_primary_admin(by)
    with _money_of(by) as sub:
        method = _method(method_id)
        if Payment.objects.filter(state=PaymentState.CHARGING, method_id=method.pk).exists():
            raise PurchaseUnderWay()
        st = standing(by.account.pk)
        if method.is_current and method.gateway == gateway_of(st) and _needs_card(st):
            raise CardNeeded()
        method.is_current, method.removed_at = False, clock.now()
        method.save(update_fields=["is_current", "removed_at"])
        save(sub)
        _record(by, "card.removed", method)
        _forget(method)
    return method


def _forget(method: PaymentMethod) -> None:
    from salotto.billing.tasks import forget_card  # jobs know actions, not the other way round

    forget_card.defer(gateway_name=method.gateway, token=method.token)


def _needs_card(st: Standing) -> bool:
    """Whether something is, or will be, charged: owed, under way, or at the next renewal."""
    sub = st.subscription
    if sub.state in OWES:
        return True
    if sub.state != State.ACTIVE:
        return False
    current = next((price for price in st.prices if price.pk == sub.price_id), None)
    if current is None or sub.period_end is None:
        return st.open_payment is not None
    later = price_for_renewal(st.prices, current, sub.period_end)
    costs = sub.quantity_next * later.unit_amount > 0
    return costs or st.open_payment is not None or any(amount < 0 for amount in st.balance.values())


def _port(st: Standing) -> Gateway:
    port = gateway(gateway_of(st))
    if not port.takes_cards:
        raise NoCards()
    return port


@contextmanager
def _asking() -> Iterator[None]:
    """A gateway's errors as sentences for the person who is waiting."""
    try:
        yield
    except OutcomeUnknown:
        raise GatewaySilent() from None
    except GatewayRefused:
        raise CardRefused() from None


@contextmanager
def _money_of(by: Member) -> Iterator[Subscription]:
    """The locks on money and people. Raises Forbidden if `by` has handed the role over."""
    with subscription_of(by.account.pk) as sub, people_of(by) as now:
        must_be_primary_admin(now)
        yield sub


def _method(method_id: int) -> PaymentMethod:
    found: PaymentMethod | None = PaymentMethod.objects.filter(pk=method_id, removed_at=None).first()
    if found is None:
        raise Missing()
    return found


def _kept(name: str, card: Card, by: Member) -> tuple[PaymentMethod, bool]:
    """The row of a card, and whether it is new."""
    described = {"brand": card.brand[:20], "last4": card.last4[:4], "added_by": by.user}
    dates = {"exp_month": card.exp_month, "exp_year": card.exp_year}
    found: tuple[PaymentMethod, bool] = PaymentMethod.objects.get_or_create(
        account=by.account, gateway=name, token=card.token, defaults={**described, **dates}
    )
    return found


def _set_current(method: PaymentMethod, by: Member) -> bool:
    """Whether it was another one; the one before is told apart in the audit log."""
    if method.is_current:
        return False
    before = PaymentMethod.objects.filter(is_current=True).first()
    PaymentMethod.objects.filter(is_current=True).update(is_current=False)
    method.is_current = True
    method.save(update_fields=["is_current"])
    _record(by, "card.made_current", method, before=before.last4 if before else "")
    return True


def _record(by: Member, verb: str, method: PaymentMethod, **detail: str) -> None:
    card = {"brand": method.brand, "last4": method.last4, "gateway": method.gateway}
    audit.record(by.account.pk, by.user.pk, verb, f"card {method.pk}", **card, **detail)
