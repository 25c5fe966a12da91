"""Purchases, renewals and removals under crashes, lost calls, late answers and several people.

The services and the database are the real ones; the gateway stands where the sandbox would
and fails as it is told. After every step every invariant of the books holds, and at the
gateway nothing was taken twice, or other than shown (rule S11).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from salotto.accounts.actions import hand_over
from salotto.accounts.models import Access
from salotto.billing import actions
from salotto.billing.actions import credits, due, methods, refunds, webhooks
from salotto.billing.actions.invoices import mark_paid
from salotto.billing.actions.reconciling import compare, reconcile
from salotto.billing.actions.terms import switch_gateway
from salotto.billing.gateways.port import IntentState
from salotto.billing.models import Invoice, Payment, PaymentState, Price, State, WebhookEvent
from salotto.billing.queries import quote_seats
from salotto.billing.quotes import Quote
from salotto.billing.signals import quantity_changed
from salotto.billing.verify import verify
from salotto.core import clock
from salotto.core.errors import Refused
from salotto.core.tenancy import account_scope
from salotto.seats.actions import requests, set_access
from salotto.seats.models import SeatChange, SeatRequest
from salotto.seats.queries import OPEN
from tests.billing.faulty import FAULTS, OUTCOMES, Crash, in_place_of_the_sandbox
from tests.billing.shop import price, subscription, use_gateway
from tests.cast import found_cast
from tests.property.profiles import chosen
from tests.seats.requests import operator as an_operator

CURRENCIES = ("AUD", "NZD", "CAD", "SGD")
METHODS = ("create", "confirm", "retrieve", "cancel")
OPEN_FOR_NOW = "no_payment_stays_open"
"""The one invariant that only a reconciler's run establishes."""
seen: Counter[str] = Counter()
"""How often what has happened, for who runs it for long."""

faults = st.just({}) | st.dictionaries(st.sampled_from(METHODS), st.sampled_from(FAULTS), max_size=2)
outcomes = st.sampled_from(["pays", "pays", *sorted(OUTCOMES)])
maybe = st.sampled_from([False, False, True])
pick = st.integers(0, 5)


class Market(RuleBasedStateMachine):
    """One account, its two admins, and everything that can go wrong."""

    @initialize(currency=st.sampled_from(CURRENCIES))
    def begin(self, currency: str) -> None:
        self.open = ExitStack()
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.open.enter_context(clock.at(self.now))
        self.gateway = self.open.enter_context(in_place_of_the_sandbox())
        self.currency = currency
        self.quotes: list[Quote] = []
        self.crash_while_settling = False
        quantity_changed.connect(self._maybe_crash)
        self.open.callback(quantity_changed.disconnect, self._maybe_crash)
        self.cast = found_cast()
        self.account = self.cast.account.pk
        self.people = [self.cast.primary_admin, self.cast.admin]
        self.operator = an_operator()
        price(currency)
        use_gateway(self.people[0], "sandbox")
        methods.add_card("a card", by=self.people[0])

    def _maybe_crash(self, **_: Any) -> None:
        if self.crash_while_settling:
            self.crash_while_settling = False
            raise Crash("while settling")

    def _who(self, number: int) -> Any:
        """Mostly the primary admin; else one of the two as their last request knew them, who
        perhaps leads no more, or not yet."""
        if number > 1:
            now = [self.cast.again(person) for person in self.people]
            return next(person for person in now if person.is_primary_admin)
        return self.people[number]

    def _refresh(self) -> None:
        self.people = [self.cast.again(person) for person in self.people]

    def _quote(self, add: int, who: int, cycle: str = "") -> Quote:
        first = subscription(self._who(0)).anchor is None
        made = quote_seats(add, by=self._who(who), currency=self.currency if first else "", cycle=cycle)
        self.quotes.append(made)
        return made

    @rule(add=st.integers(1, 9), who=pick, cycle=st.sampled_from(["", "month", "year"]))
    def ask_for_a_quote(self, add: int, who: int, cycle: str) -> None:
        with suppress(Refused):
            self._quote(add, who, cycle)

    @rule(which=pick, who=pick, how=outcomes, wrong=faults, settling=maybe)
    def pay_an_old_quote(self, which: int, who: int, how: str, wrong: dict[str, str], settling: bool) -> None:
        if self.quotes:
            quote = self.quotes[-1 - which % len(self.quotes)]
            self.gateway.outcome = how
            self._attempt(wrong, settling, lambda: actions.buy(quote.token, quote.add, by=self._who(who)))

    def _calm_down(self) -> None:
        """Whatever is open comes to its end, and a due renewal is made."""
        for name in self.gateway.waiting(IntentState.PROCESSING):
            self.gateway.bank(name, passed=True)
        self.time_passes(1000)
        self.gateway.outcome = "pays"
        reconcile(self.now)
        actions.renew(self.account)
        with account_scope(self.account):
            owed = Invoice.objects.filter(state="open", due__gt=0).values_list("pk", flat=True).first()
        if owed is not None:
            self._attempt({}, False, lambda: actions.pay_invoice(owed, by=self._who(5)))

    @rule(add=st.integers(1, 9), who=pick, how=outcomes, wrong=faults, settling=maybe, calm=st.booleans())
    def buy(self, add: int, who: int, how: str, wrong: dict[str, str], settling: bool, calm: bool) -> None:
        if calm:
            self._calm_down()
        with self._told():
            quote = self._quote(add, who)
            self.gateway.outcome = how
            self._attempt(wrong, settling, lambda: actions.buy(quote.token, add, by=self._who(who)))

    @rule(add=st.integers(1, 9))
    def buy_without_trouble(self, add: int) -> None:
        self._calm_down()
        self.gateway.outcome = "pays"
        with self._told():
            quote = self._quote(add, 5)
            assert actions.buy(quote.token, add, by=self._who(5)).state == PaymentState.PAID

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            seen[f"refused: {refused.code}"] += 1
        except Crash:
            seen["crashed"] += 1

    def _attempt(self, wrong: dict[str, str], settling: bool, act: Any) -> None:
        self.gateway.faults = dict(wrong)
        self.crash_while_settling = settling
        with self._told():
            act()
        self.gateway.faults = {}
        self.crash_while_settling = False

    def _payments(self) -> list[Payment]:
        with account_scope(self.account):
            return list(Payment.objects.order_by("-created_at")[:3])

    @rule(who=pick, wrong=faults, settling=maybe, leave=st.booleans(), which=pick)
    def go_on_or_give_up(
        self, who: int, wrong: dict[str, str], settling: bool, leave: bool, which: int
    ) -> None:
        found = self._payments()
        if found:
            payment = found[which % len(found)]
            verb = actions.give_up if leave else actions.continue_purchase
            self._attempt(wrong, settling, lambda: verb(payment.pk, by=self._who(who)))

    @rule(which=pick, passed=st.booleans())
    def bank_answers(self, which: int, passed: bool) -> None:
        """The challenge is passed or not, or a slow payment comes to its end: late, perhaps."""
        waiting = self.gateway.waiting(IntentState.CHALLENGE, IntentState.PROCESSING)
        if waiting:
            self.gateway.bank(waiting[which % len(waiting)], passed)

    @rule(which=st.integers(0, 30), wrong=faults, settling=maybe)
    def webhook_comes(self, which: int, wrong: dict[str, str], settling: bool) -> None:
        """In any order, any number of times."""
        events = self.gateway.events
        if not events:
            return
        raw, headers = events[which % len(events)]
        webhooks.receive("sandbox", raw, headers)
        event = WebhookEvent.objects.get(event_id=self.gateway.parse_webhook(raw).event_id)
        self._attempt(wrong, settling, lambda: webhooks.handle(event.pk))

    @rule(who=pick)
    def role_is_handed_over(self, who: int) -> None:
        with suppress(Refused):
            hand_over(self._who(who + 1).user.pk, by=self._who(who))

    @rule()
    def pages_are_loaded_again(self) -> None:
        self._refresh()

    @rule(which=pick, agent=st.booleans())
    def seat_is_given_or_released(self, which: int, agent: bool) -> None:
        members = (self.cast.agent, self.cast.viewer, self.cast.nobody)
        level = Access.AGENT if agent else Access.VIEWER
        with suppress(Refused):
            set_access(members[which % 3].user.pk, level, by=self.people[0])

    @rule(delta=st.integers(-4, 4))
    def removal_is_scheduled_or_taken_back(self, delta: int) -> None:
        sub = subscription(self.people[0])
        kind = SeatChange.Kind.REMOVAL_SCHEDULED if delta < 0 else SeatChange.Kind.REMOVAL_WITHDRAWN
        with suppress(Refused):
            actions.schedule_quantity(
                self.account, sub.quantity_next + delta, actor_id=None, kind=kind, reason="a test"
            )

    @rule(count=st.integers(1, 6), who=pick)
    def removal_is_asked_for(self, count: int, who: int) -> None:
        """The removals above are the plain ones; these go by way of support."""
        with self._told():
            requests.request_removal(count, "", by=self._who(who))

    @rule(no=st.sampled_from([False, False, False, True]))
    def support_schedules_or_declines(self, no: bool) -> None:
        with account_scope(self.account):
            asked = SeatRequest.objects.filter(state__in=OPEN).first()
        if asked is not None:
            with self._told():
                if no:
                    requests.decline(asked.pk, "Not now.", self.operator)
                else:
                    requests.schedule(asked.pk, self.operator)

    @rule(who=pick)
    def request_is_withdrawn(self, who: int) -> None:
        with self._told():
            requests.withdraw_request(by=self._who(who))

    @rule(to=st.sampled_from(["", "", "invoice"]))
    def operator_switches_the_gateway(self, to: str) -> None:
        with self._told():
            switch_gateway(self.account, to, by=None)
            seen[f"switched to {to or 'cards'}"] += 1

    @rule(which=pick)
    def operator_marks_an_invoice_as_paid(self, which: int) -> None:
        with account_scope(self.account):
            owed = list(Invoice.objects.filter(state="open", kind="invoice").order_by("id"))
        if owed:
            with self._told():
                mark_paid(owed[which % len(owed)].pk, None, self.now.date())
                seen["marked as paid"] += 1

    @rule(amount=st.integers(0, 3000), existing=st.booleans())
    def price_changes(self, amount: int, existing: bool) -> None:
        if Price.objects.filter(currency=self.currency).count() < 50:
            Price.objects.create(
                currency=self.currency, unit_amount=amount, new_from=self.now,
                existing_from=self.now if existing else None,
            )  # fmt: skip

    @rule(who=pick, remove=st.booleans())
    def card_is_changed(self, who: int, remove: bool) -> None:
        by = self._who(who)
        with suppress(Refused):
            added = methods.add_card("a card", by=by, current=True)
            if remove:
                methods.remove_method(added.pk, by=by)

    @rule(wait=st.sampled_from([1, 60, 200, 900, 3700, 9 * 86_400, 32 * 86_400]))
    def time_passes(self, wait: int) -> None:
        self.now += timedelta(seconds=wait)
        self.open.enter_context(clock.at(self.now))

    @rule(how=outcomes, wrong=faults, settling=maybe)
    def renewal_runs(self, how: str, wrong: dict[str, str], settling: bool) -> None:
        """As soon as the period is over; it is brought to its end here."""
        end = subscription(self._who(0)).period_end
        if end is not None and end > self.now:
            self.time_passes((end - self.now) // timedelta(seconds=1))
        self.gateway.outcome = how
        self._attempt(wrong, settling, lambda: actions.renew(self.account))

    @rule(how=outcomes, wrong=faults, settling=maybe)
    def what_is_due_is_done(self, how: str, wrong: dict[str, str], settling: bool) -> None:
        """Reminders, the end of a trial, a renewal, or another try at what was not paid."""
        due_at = subscription(self._who(0)).due_at
        if due_at is not None and due_at > self.now:
            self.time_passes(-((self.now - due_at) // timedelta(seconds=1)))
        self.gateway.outcome = how
        self._attempt(wrong, settling, lambda: due.step(self.account))

    @rule(amount=st.integers(1, 9000))
    def operator_grants_a_credit(self, amount: int) -> None:
        currency = subscription(self._who(0)).currency or self.currency
        credits.grant_credit(self.account, amount, currency, "a test", None)

    @rule(part=st.sampled_from([None, 1, 500]), to=st.sampled_from(["card", "balance", "void"]), which=pick)
    def operator_takes_an_invoice_back(self, part: int | None, to: str, which: int) -> None:
        with account_scope(self.account):
            found = list(
                Invoice.objects.filter(kind="invoice").order_by("-id").values_list("pk", flat=True)[:4]
            )
        if found:
            with self._told():
                credits.credit_note(found[which % len(found)], part, to, "a test", None)

    @rule(wrong=st.sampled_from([{}, *({"refund": fault} for fault in FAULTS)]))
    def what_is_owed_is_given_back(self, wrong: dict[str, str]) -> None:
        self._attempt(wrong, False, refunds.give_back_open)

    @rule(how=outcomes, wrong=faults)
    def open_invoice_is_paid(self, how: str, wrong: dict[str, str]) -> None:
        with account_scope(self.account):
            owed = Invoice.objects.filter(state="open").first()
        if owed is not None:
            self.gateway.outcome = how
            self._attempt(wrong, False, lambda: actions.pay_invoice(owed.pk, by=self.people[0]))

    @rule()
    def reconciler_runs(self) -> None:
        self.gateway.outcome = "pays"
        reconcile(self.now)
        with account_scope(self.account):
            left = list(Payment.objects.filter(state=PaymentState.CHARGING))
        for payment in left:
            age = self.now - payment.created_at
            intent = self.gateway.kept[payment.intent].intent if payment.intent else None
            bank = intent is not None and intent.state is IntentState.PROCESSING
            asked = intent is not None and intent.state is IntentState.CHALLENGE
            assert age < timedelta(minutes=2) or bank or (asked and age < timedelta(minutes=15))
            assert payment.needs_person == (bank and age > timedelta(hours=1)) or age < timedelta(hours=1)

    @invariant()
    def the_books_hold(self) -> None:
        seen["steps"] += 1
        found = [v for v in verify(self.account) if v.invariant != OPEN_FOR_NOW]
        assert found == []

    @invariant()
    def what_was_taken_is_what_was_shown_and_once(self) -> None:
        assert all(kept.captures <= 1 for kept in self.gateway.kept.values())
        with account_scope(self.account):
            ours = {str(p.pk): p for p in Payment.objects.all()}
        shown = {str(quote.id): quote.amount for quote in self.quotes}
        for key, amount in self.gateway.captured().items():
            assert ours[key].state in (PaymentState.PAID, PaymentState.CHARGING)
            assert amount == shown.get(key, ours[key].amount) == ours[key].amount

    @invariant()
    def the_plan_is_what_was_bought(self) -> None:
        sub = subscription(self.people[0])
        assert sub.quantity_next <= sub.quantity <= sub.high_water or sub.state in (State.TRIAL, State.LAPSED)

    def teardown(self) -> None:
        """Half a day later, with a healthy gateway, nothing is open and both sides agree."""
        if not hasattr(self, "open"):
            return
        try:
            for name in self.gateway.waiting(IntentState.PROCESSING):
                self.gateway.bank(name, passed=True)
            self.now += timedelta(hours=12)
            with clock.at(self.now):
                reconcile(self.now)
                refunds.give_back_open()
                assert verify(self.account) == []
                mine = [
                    line for line in compare((self.now - timedelta(days=4000)).date()) if self._is_mine(line)
                ]
                assert mine == []
            self._count()
        finally:
            self.open.close()

    def _count(self) -> None:
        with account_scope(self.account):
            for kind, state in Payment.objects.values_list("kind", "state"):
                seen[f"{kind} {state}"] += 1
            for kind, state in Invoice.objects.values_list("kind", "state"):
                seen[f"{kind} {state}"] += 1
            for state in SeatRequest.objects.values_list("state", flat=True):
                seen[f"request {state}"] += 1
        seen["accounts"] += 1
        seen["captured"] += len(self.gateway.captured())
        seen["webhooks"] += len(self.gateway.events)

    def _is_mine(self, line: str) -> bool:
        return f"account {self.account}," in line or "that we do not have" in line


def test_purchases_survive_everything(database: str) -> None:
    try:
        run_state_machine_as_test(Market, settings=chosen(15, 30))
    finally:
        sys.stdout.writelines(f"{count:>8} {what}\n" for what, count in sorted(seen.items()))
