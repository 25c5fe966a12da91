"""Removal by Email support (S2, S13, 18, 19), and asking for more after self-service (S14)."""

from datetime import timedelta
from functools import partial

import pytest

from salotto.accounts.members import Member
from salotto.accounts.models import Membership
from salotto.billing import actions as billing
from salotto.billing.actions import pay_invoice
from salotto.billing.errors import BadQuantity, NoRenewal
from salotto.billing.models import State
from salotto.billing.queries import quote_seats
from salotto.core import clock
from salotto.core.errors import Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Contact, Conversation, Message
from salotto.seats import actions
from salotto.seats.errors import (
    BadRemoval,
    NoOpenRequest,
    NotAnOperator,
    NothingToRemove,
    RequestOpen,
    StillSold,
)
from salotto.seats.models import SeatRequest
from tests.billing.later import books_hold, days_later
from tests.billing.shop import add_card, buy, catalogue, invoices, quote, subscription
from tests.cast import Cast, add_member, found_account, found_cast
from tests.mailbox import mails_to, text_of
from tests.seats.requests import ledger, next_seats, operator, paying, plan_of, request_now
from tests.threads import at_once

SUPPORT = "help@support.example"
OVER = "2023-01-03"


def agents(cast: Cast, until: int) -> None:
    """As many agents as `until`."""
    for number in range(until - plan_of(cast).in_use):
        add_member(cast.account, f"Agente {number}", access="agent")


def renew(cast: Cast) -> None:
    """The account's next period begins."""
    end = subscription(cast.primary_admin).period_end
    assert end is not None
    with clock.at(end + timedelta(seconds=1)):
        billing.renew(cast.account.pk)


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_s2_only_the_primary_admin_asks_for_a_removal(who: str, cast: Cast) -> None:
    paying(cast)
    member: Member = getattr(cast, who)
    with pytest.raises(Forbidden):
        actions.request_removal(1, "", by=member)
    with pytest.raises(Forbidden):
        actions.withdraw_request(by=member)


@pytest.mark.parametrize("part", [0, 0.5, 1])
def test_s3_seats_are_bought_and_removal_is_asked_for_at_any_time(part: float, cast: Cast) -> None:
    """In the first second of the cycle, in its middle and in its last second."""
    by = paying(cast).primary_admin
    sub = subscription(by)
    assert sub.period_start is not None and sub.period_end is not None
    whole = sub.period_end - sub.period_start - timedelta(seconds=1)
    with clock.at(sub.period_start + whole * part):
        assert buy(by, 2).state == "paid"
        assert actions.request_removal(1, "", by=by).state == "requested"
    assert plan_of(cast).seats == 12


def test_s2_who_has_handed_the_role_over_is_refused_with_the_dialog_open(cast: Cast) -> None:
    paying(cast)
    before = cast.primary_admin
    type(cast.account).objects.filter(pk=cast.account.pk).update(primary_admin=cast.admin.user)
    with pytest.raises(Forbidden):
        actions.request_removal(1, "", by=before)


def test_s13_the_prepared_message_reaches_support_with_everything_needed(cast: Cast) -> None:
    paying(cast, 10)
    address = f"s13-{cast.account.pk}@support.example"
    with catalogue(support_email=address):
        request = actions.request_removal("4", "Two colleagues have left.", by=cast.primary_admin)
    [mail] = mails_to(address)
    text = text_of(mail)
    for part in (cast.account.name, cast.primary_admin.user.email, "Seats: 10, in use 3, free 7"):
        assert part in text
    assert "With this request: 6 seats" in text
    assert "Two colleagues have left." in text
    assert f"/operator/requests/{request.pk}/" in text
    assert mail["Reply-To"] == cast.primary_admin.user.email
    assert (request.state, request.quantity, request.seats_then) == ("requested", 4, 10)
    assert next_seats(cast) == 10
    assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="seats.remove_requested").exists()


def test_s13_without_an_address_it_goes_to_the_sender_of_all_mail(cast: Cast, settings: object) -> None:
    paying(cast)
    before = len(mails_to(settings.DEFAULT_FROM_EMAIL))  # type: ignore[attr-defined]
    actions.request_removal(1, "", by=cast.primary_admin)
    assert len(mails_to(settings.DEFAULT_FROM_EMAIL)) == before + 1  # type: ignore[attr-defined]


def test_s13_the_talk_lives_in_supports_own_inbox(cast: Cast) -> None:
    paying(cast)
    support = found_account("Salotto Support", "Olga Ferri")
    with catalogue(support_account=support.account):
        request = actions.request_removal(2, "please", by=cast.primary_admin)
        actions.withdraw_request(by=cast.primary_admin)
        again = actions.request_removal(3, "", by=cast.primary_admin)
        actions.schedule(again.pk, operator())
    assert request.support_account_id == support.account.pk
    assert request.support_conversation_id == again.support_conversation_id
    with account_scope(support.account.pk):
        talk = Conversation.objects.get(pk=request.support_conversation_id)
        contact = Contact.objects.get(pk=talk.contact_id)
        kinds = list(
            Message.objects.filter(conversation_id=talk.pk).order_by("id").values_list("kind", flat=True)
        )
    assert (contact.name, contact.email) == (cast.account.name, "")  # whoever speaks for it
    assert kinds == ["visitor", "visitor", "visitor", "reply"]
    with account_scope(cast.account.pk):
        assert not Conversation.objects.exists()


def test_s13_what_is_told_of_a_scheduled_removal_is_not_the_answer_given_before(cast: Cast) -> None:
    paying(cast)
    support = found_account("Salotto Support", "Olga Ferri")
    with catalogue(support_account=support.account):
        request = actions.request_removal(2, "", by=cast.primary_admin)
        actions.answer_request(request.pk, "Which two do you mean?", operator())
        request = actions.schedule(request.pk, operator())
    mail = mails_to(cast.primary_admin.user.email)[-1]
    assert mail["Subject"] == "The removal of seats is scheduled"
    assert "2 seats end with the paid period." in text_of(mail)
    assert "Which two" not in text_of(mail)
    with account_scope(support.account.pk):
        said = Message.objects.filter(conversation_id=request.support_conversation_id).order_by("id").last()
    assert said is not None and said.body.startswith("2 seats end with the paid period.")


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "text", "", None, True, 2**31, "1e3", "٣"])
def test_a_quantity_that_is_none_is_refused(quantity: object, cast: Cast) -> None:
    paying(cast)
    for ask in (actions.request_removal, actions.request_more):
        with pytest.raises(BadQuantity) as refused:
            ask(quantity, "", by=cast.primary_admin)
        assert refused.value.status == 422


def test_more_than_would_remain_is_refused(cast: Cast) -> None:
    paying(cast, 5)
    with pytest.raises(BadRemoval) as refused:
        actions.request_removal(6, "", by=cast.primary_admin)
    assert (refused.value.status, refused.value.code) == (422, "bad_removal")
    assert "5" in str(refused.value.message)
    actions.schedule(actions.request_removal(2, "", by=cast.primary_admin).pk, operator())
    actions.withdraw_request(by=cast.primary_admin)
    assert actions.request_removal(5, "", by=cast.primary_admin).quantity == 5


def test_a_trial_has_nothing_to_remove(cast: Cast) -> None:
    with pytest.raises(NothingToRemove):
        actions.request_removal(1, "", by=cast.primary_admin)


def test_a_note_of_a_book_is_refused(cast: Cast) -> None:
    paying(cast)
    with pytest.raises(Invalid):
        actions.request_removal(1, "x" * 2001, by=cast.primary_admin)


def test_a_second_open_request_is_refused(cast: Cast) -> None:
    paying(cast)
    actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(RequestOpen) as refused:
        actions.request_removal(1, "", by=cast.primary_admin)
    assert refused.value.status == 409


def test_of_two_requests_at_once_one_is_recorded() -> None:
    cast = paying(found_cast())
    ask = partial(actions.request_removal, 1, "", by=cast.primary_admin)
    results = at_once(ask, ask, ask)
    assert sum(isinstance(r, RequestOpen) for r in results) == 2
    assert sum(isinstance(r, SeatRequest) for r in results) == 1


def test_only_an_operator_answers(cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    user = cast.primary_admin.user
    for act in (
        partial(actions.schedule, request.pk, user),
        partial(actions.decline, request.pk, "no", user),
        partial(actions.answer_request, request.pk, "hm", user),
    ):
        with pytest.raises(NotAnOperator):
            act()
    with pytest.raises(Missing):
        actions.schedule(2**62, operator())


def test_rule_18_a_scheduled_removal_takes_effect_with_the_paid_period(cast: Cast) -> None:
    paying(cast, 10)
    request = actions.request_removal(4, "", by=cast.primary_admin)
    actions.schedule(request.pk, operator())
    assert (plan_of(cast).seats, next_seats(cast)) == (10, 6)
    assert request_now(cast).state == "scheduled"
    assert request_now(cast).effective_at == subscription(cast.primary_admin).period_end
    assert ledger(cast)[-1] == ("removal_scheduled", 10, 6)
    assert "end with the paid period" in text_of(mails_to(cast.primary_admin.user.email)[-1])
    renew(cast)
    assert (plan_of(cast).seats, next_seats(cast)) == (6, 6)
    assert ledger(cast)[-1] == ("removed", 6, 6)
    assert request_now(cast).state == "done"
    assert request_now(cast).closed_at is not None


def test_rule_18_it_is_taken_back_until_it_takes_effect(cast: Cast) -> None:
    paying(cast, 10)
    actions.schedule(actions.request_removal(4, "", by=cast.primary_admin).pk, operator())
    actions.withdraw_request(by=cast.primary_admin)
    assert next_seats(cast) == 10
    assert ledger(cast)[-1] == ("removal_withdrawn", 10, 10)
    assert request_now(cast).state == "withdrawn"
    with pytest.raises(NoOpenRequest):
        actions.withdraw_request(by=cast.primary_admin)
    renew(cast)
    assert plan_of(cast).seats == 10


def test_rule_18_buying_again_consumes_the_removal_first(cast: Cast) -> None:
    paying(cast, 10)
    actions.schedule(actions.request_removal(4, "", by=cast.primary_admin).pk, operator())
    quote = quote_seats(3, by=cast.primary_admin)
    assert (quote.delta, quote.amount, quote.quantity_to, quote.next_to) == (0, 0, 10, 9)
    billing.buy(quote.token, 3, by=cast.primary_admin)
    assert (request_now(cast).state, request_now(cast).quantity) == ("scheduled", 1)
    buy(cast.primary_admin, 3)
    assert (plan_of(cast).seats, next_seats(cast)) == (12, 12)
    assert request_now(cast).state == "withdrawn"
    assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="seats.request_followed").count() == 2


def test_rule_19_nobody_loses_a_seat_unasked_and_both_sides_are_told_once(cast: Cast) -> None:
    paying(cast, 10)
    agents(cast, until=7)
    address = f"s19-{cast.account.pk}@support.example"
    with catalogue(support_email=address):
        actions.schedule(actions.request_removal(8, "", by=cast.primary_admin).pk, operator())
        renew(cast)
    assert (plan_of(cast).seats, plan_of(cast).in_use, next_seats(cast)) == (7, 7, 2)
    assert request_now(cast).state == "scheduled"
    told = [m for m in mails_to(address) if "has renewed at 7 seats, not at 2" in m["Subject"]]
    assert len(told) == 1
    mine = mails_to(cast.primary_admin.user.email)
    assert len([m for m in mine if "has renewed at 7 seats, not at 2" in m["Subject"]]) == 1
    with account_scope(cast.account.pk):
        for member in Membership.objects.filter(access="agent").order_by("-id")[:5]:
            actions.set_access(member.user_id, "viewer", by=cast.primary_admin)
    renew(cast)
    assert plan_of(cast).seats == 2
    assert request_now(cast).state == "done"


def test_a_declined_request_says_why_and_changes_nothing(cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(Invalid):
        actions.decline(request.pk, "  ", operator())
    actions.decline(request.pk, "The contract runs for a year.", operator())
    assert (request_now(cast).state, next_seats(cast)) == ("declined", 10)
    assert "The contract runs for a year." in text_of(mails_to(cast.primary_admin.user.email)[-1])
    with pytest.raises(NoOpenRequest):
        actions.schedule(request.pk, operator())
    assert actions.request_removal(1, "", by=cast.primary_admin).state == "requested"


def test_an_answer_leaves_the_request_open(cast: Cast) -> None:
    paying(cast)
    request = actions.request_removal(1, "", by=cast.primary_admin)
    actions.answer_request(request.pk, "Which team is it for?", operator())
    assert (request_now(cast).state, request_now(cast).answer) == ("requested", "Which team is it for?")
    assert "Which team is it for?" in text_of(mails_to(cast.primary_admin.user.email)[-1])


def test_scheduling_and_taking_back_at_once_leave_one_story() -> None:
    cast = paying(found_cast())
    request = actions.request_removal(4, "", by=cast.primary_admin)
    at_once(
        partial(actions.schedule, request.pk, operator()),
        partial(actions.withdraw_request, by=cast.primary_admin),
    )
    assert request_now(cast).state == "withdrawn"
    assert next_seats(cast) == 10


def schedule_more(cast: Cast, quantity: int) -> None:
    """Support adds seats at the next renewal, asked for after the end of self-service."""
    with catalogue(extra_sale_ends_on=OVER):
        request = actions.request_more(quantity, "", by=cast.primary_admin)
    actions.schedule(request.pk, operator())


def test_s14_more_seats_are_not_asked_for_while_they_are_sold(cast: Cast) -> None:
    paying(cast)
    for ends_on in (None, "2990-01-01"):
        with catalogue(extra_sale_ends_on=ends_on), pytest.raises(StillSold) as refused:
            actions.request_more("5", "", by=cast.primary_admin)
        assert refused.value.status == 409
    with account_scope(cast.account.pk):
        assert not SeatRequest.objects.exists()


def test_s14_buying_beside_a_scheduled_addition_charges_what_is_asked_for(cast: Cast) -> None:
    paying(cast, 5)
    schedule_more(cast, 3)
    made = quote(cast.primary_admin, 2)
    assert (made.delta, made.quantity_to, made.next_to) == (2, 7, 10)
    buy(cast.primary_admin, 2)
    assert (plan_of(cast).seats, next_seats(cast)) == (7, 10)
    assert ledger(cast)[-1] == ("bought", 7, 10)
    assert request_now(cast).state == "scheduled"
    books_hold(cast.primary_admin)
    renew(cast)
    assert (plan_of(cast).seats, next_seats(cast)) == (10, 10)
    assert request_now(cast).state == "done"


def test_s14_an_addition_is_taken_back_after_buying_beside_it(cast: Cast) -> None:
    paying(cast, 5)
    schedule_more(cast, 3)
    buy(cast.primary_admin, 2)
    actions.withdraw_request(by=cast.primary_admin)
    assert (plan_of(cast).seats, next_seats(cast)) == (7, 7)


def past_due(cast: Cast) -> None:
    """A plan of ten whose renewal was declined."""
    paying(cast)
    add_card(cast.primary_admin, "4000000000000002")
    renew(cast)
    assert subscription(cast.primary_admin).state == State.PAST_DUE


@pytest.mark.parametrize("days", [0, 60])
def test_rule_21_a_removal_is_scheduled_and_taken_back_while_money_is_owed(cast: Cast, days: int) -> None:
    past_due(cast)
    if days:
        days_later(cast.primary_admin, days)
        assert subscription(cast.primary_admin).state == State.UNPAID
    for quantity in (2, 3):
        actions.schedule(actions.request_removal(quantity, "", by=cast.primary_admin).pk, operator())
        assert next_seats(cast) == 10 - quantity
        actions.withdraw_request(by=cast.primary_admin)
        assert (next_seats(cast), request_now(cast).state) == (10, "withdrawn")
    books_hold(cast.primary_admin)


def test_rule_18_a_removal_of_a_past_due_account_waits_for_the_renewal_that_happens(cast: Cast) -> None:
    past_due(cast)
    by = cast.primary_admin
    actions.schedule(actions.request_removal(2, "", by=by).pk, operator())
    add_card(by, "5555555555554444")
    pay_invoice(invoices(by)[-1].pk, by=by)
    assert (plan_of(cast).seats, next_seats(cast)) == (10, 8)
    renew(cast)
    assert (plan_of(cast).seats, next_seats(cast), request_now(cast).state) == (8, 8, "done")
    books_hold(by)


def test_without_a_plan_nothing_is_scheduled(cast: Cast) -> None:
    with pytest.raises(NoRenewal) as refused:
        schedule_more(cast, 5)
    assert "no renewal" in str(refused.value.message)


def test_s14_after_self_service_more_seats_are_asked_for(cast: Cast) -> None:
    paying(cast)
    address = f"s14-{cast.account.pk}@support.example"
    with catalogue(support_email=address, extra_sale_ends_on=OVER):
        request = actions.request_more("5", "", by=cast.primary_admin)
    assert (request.kind, request.quantity) == ("add", 5)
    assert "asks for 5 more seats" in mails_to(address)[0]["Subject"]
    assert "With this request: 15 seats" in text_of(mails_to(address)[0])
    actions.withdraw_request(by=cast.primary_admin)
    assert request_now(cast).state == "withdrawn"


def test_s14_support_adds_them_at_the_next_renewal(cast: Cast) -> None:
    paying(cast)
    schedule_more(cast, 5)
    assert (plan_of(cast).seats, next_seats(cast)) == (10, 15)
    renew(cast)
    assert (plan_of(cast).seats, next_seats(cast)) == (15, 15)
    assert request_now(cast).state == "done"
    assert ledger(cast)[-1] == ("renewed", 15, 15)


def test_s14_an_addition_is_taken_back_until_the_renewal(cast: Cast) -> None:
    paying(cast)
    schedule_more(cast, 5)
    actions.withdraw_request(by=cast.primary_admin)
    assert next_seats(cast) == 10
    renew(cast)
    assert plan_of(cast).seats == 10
