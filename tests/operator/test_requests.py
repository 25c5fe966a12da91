"""What primary admins have asked by Email support (rules S13, 18, 19), as operators decide it."""

import re
from typing import Any
from uuid import uuid4

from salotto.accounts.models import User
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope, all_accounts
from salotto.inbox.actions import delete_conversation
from salotto.seats.actions.requests import request_removal
from salotto.seats.actions.talking import write_to_support
from salotto.seats.models import RequestWord, SeatRequest
from salotto.seats.queries import WORDS
from tests.billing import shop
from tests.billing.later import to_next
from tests.cast import Cast, add_member, found_account


def asked(cast: Cast, quantity: int = 2, note: str = "Winter is quiet.") -> SeatRequest:
    """Ten seats, of which some are to go."""
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 10)
    return request_removal(quantity, note, by=cast.primary_admin)


def state(request: SeatRequest) -> str:
    with account_scope(request.account_id):
        return str(SeatRequest.objects.get(pk=request.pk).state)


def answer_all_others() -> None:
    """The overview shows the few that have waited longest, and other tests leave some open."""
    with all_accounts():
        waiting = SeatRequest.objects.filter(state=SeatRequest.State.REQUESTED)
        waiting.update(state=SeatRequest.State.WITHDRAWN)


def test_s13_the_request_stands_in_the_list_and_on_the_overview(cast: Cast, pages: Any) -> None:
    answer_all_others()
    request = asked(cast)
    for path in ("/operator/", "/operator/requests/", "/operator/requests/?state=requested"):
        text = pages.get(path).text
        assert cast.account.name in text and "Remove 2 seats" in text
    assert cast.account.name not in pages.get("/operator/requests/?state=scheduled").text
    text = pages.get(f"/operator/requests/{request.pk}/").text
    assert "Winter is quiet." in text and cast.primary_admin.user.email in text


def test_rule_18_the_page_says_what_scheduling_does_and_does_it(
    cast: Cast, operator: User, pages: Any
) -> None:
    request = asked(cast)
    text = pages.get(f"/operator/requests/{request.pk}/").text
    assert "2 seats end on" in text and "without credit" in text
    path = f"/operator/requests/{request.pk}/schedule/"
    assert pages.post(path).status_code == 302
    assert (state(request), shop.subscription(cast.primary_admin).quantity_next) == ("scheduled", 8)
    again = pages.post(path)  # a double submit
    assert again.status_code == 409
    assert shop.subscription(cast.primary_admin).quantity_next == 8
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="seats.request_scheduled")
    assert entry.actor_id == operator.pk


def test_rule_21_the_page_schedules_for_an_account_that_owes_and_says_when_it_takes_effect(
    cast: Cast, pages: Any
) -> None:
    request = asked(cast)
    shop.add_card(cast.primary_admin, "4000000000000002")
    to_next(cast.primary_admin)
    assert "the first renewal after it has paid" in pages.get(f"/operator/requests/{request.pk}/").text
    assert pages.post(f"/operator/requests/{request.pk}/schedule/").status_code == 302
    assert (state(request), shop.subscription(cast.primary_admin).quantity_next) == ("scheduled", 8)


def test_rule_19_the_page_warns_of_agents_without_a_seat(cast: Cast, pages: Any) -> None:
    request = asked(cast, 9)
    text = pages.get(f"/operator/requests/{request.pk}/").text
    assert "There are 2 agents more than the seats that remain" in text
    assert "the account renews at 3" in text


def test_a_request_is_declined_with_a_reason(cast: Cast, pages: Any) -> None:
    request = asked(cast)
    path = f"/operator/requests/{request.pk}/decline/"
    empty = pages.post(path, {"text": "  "})
    assert empty.status_code == 422 and "needs words" in empty.text
    assert state(request) == "requested"
    assert pages.post(path, {"text": "The contract runs on."}).status_code == 302
    assert state(request) == "declined"
    text = pages.get(f"/operator/requests/{request.pk}/").text
    assert "The contract runs on." in text and "nothing is left to decide" in text


def test_an_answer_leaves_the_request_open(cast: Cast, pages: Any) -> None:
    request = asked(cast)
    answer = pages.post(f"/operator/requests/{request.pk}/answer/", {"text": "From when on?"}, follow=True)
    assert "From when on?" in answer.text
    assert state(request) == "requested"


def test_s13_the_page_shows_what_both_sides_have_said(cast: Cast, operator: User, pages: Any) -> None:
    request = asked(cast)
    pages.post(f"/operator/requests/{request.pk}/answer/", {"text": "From when on?"})
    write_to_support(request.pk, "From <i>May</i> on.", uuid4(), by=cast.primary_admin)
    page = f"/operator/requests/{request.pk}/"
    text = pages.get(page).text
    order = [text.index(part) for part in ("Winter is quiet.", "From when on?", "From &lt;i&gt;May")]
    assert order == sorted(order)
    with account_scope(cast.account.pk):
        RequestWord.objects.bulk_create(
            RequestWord(
                account=cast.account, request=request, key=uuid4(), side="support", author=operator,
                text=f"word {n:03}", at=clock.now(),
            )
            for n in range(WORDS)
        )  # fmt: skip
    newest = pages.get(page).text
    assert "word 000" in newest and "From when on?" not in newest
    older = re.search(r'href="(\?before=\d+)"', newest)
    assert older is not None
    first = pages.get(page + older[1]).text
    assert "From when on?" in first and "word 000" not in first


def test_s13_the_way_to_the_conversation_is_shown_to_who_sees_that_inbox(
    cast: Cast, operator: User, pages: Any
) -> None:
    support = found_account("Salotto Support", "Olga Ferri")
    with shop.catalogue(support_account=support.account):
        request = asked(cast)
    page, way = f"/operator/requests/{request.pk}/", f"/a/{support.account.slug}/c/"
    assert way not in pages.get(page).text
    add_member(support.account, "Vera Operatrice", access="viewer", user=operator)
    text = pages.get(page).text
    assert f'href="{way}{request.support_conversation_id}/"' in text
    assert pages.get(f"{way}{request.support_conversation_id}/").status_code == 302


def test_s13_there_is_no_way_to_a_conversation_that_was_deleted(
    cast: Cast, operator: User, pages: Any
) -> None:
    support = found_account("Salotto Support", "Olga Ferri")
    with shop.catalogue(support_account=support.account):
        request = asked(cast)
    add_member(support.account, "Vera Operatrice", access="viewer", user=operator)
    with account_scope(support.account.pk):
        delete_conversation(request.support_conversation_id or 0, by=support)
    assert f"/a/{support.account.slug}/c/" not in pages.get(f"/operator/requests/{request.pk}/").text


def test_what_was_typed_stays_when_it_is_refused(cast: Cast, pages: Any) -> None:
    request = asked(cast)
    answer = pages.post(f"/operator/requests/{request.pk}/answer/", {"text": "a" * 2001})
    assert answer.status_code == 422 and "a" * 2001 in answer.text


def test_a_word_that_is_no_act_is_404(cast: Cast, pages: Any) -> None:
    request = asked(cast)
    assert pages.post(f"/operator/requests/{request.pk}/grant/").status_code == 404
    assert pages.get(f"/operator/requests/{request.pk}/schedule/").status_code == 405
