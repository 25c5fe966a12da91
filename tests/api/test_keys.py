"""A request with the same key, twice: done once, answered the same, whatever went wrong between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from salotto.api import actions, keys
from salotto.api.actions import HELD, KEPT
from salotto.api.models import ApiCall
from salotto.api.tasks import forget_old_calls
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.api.program import Program
from tests.billing.shop import add_card, invoices, subscription
from tests.cast import Cast
from tests.threads import at_once


class PowerCut(BaseException):
    """What no handler catches."""


@contextmanager
def power_cut(module: Any, name: str) -> Iterator[None]:
    """The process dies when it calls this, and does not tidy up either."""

    def die(*_: Any, **__: Any) -> None:
        raise PowerCut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, die)
        patch.setattr(actions, "let_go", lambda call: None)
        with pytest.raises(PowerCut):
            yield


def calls(cast: Cast) -> list[ApiCall]:
    with account_scope(cast.account.pk):
        return list(ApiCall.objects.order_by("id"))


def entries(cast: Cast, verb: str) -> int:
    return AuditEntry.objects.filter(account_id=cast.account.pk, verb=verb).count()


def test_a_purchase_is_answered_again_word_for_word(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    body = {"quote": host.quote(5)["token"], "add": 5}
    first, again = (host.post("purchases", body, key="order-1") for _ in range(2))
    assert (first.status, first.replayed) == (200, False)
    assert (again.status, again.replayed, again.body) == (200, True, first.body)
    assert len(invoices(cast.primary_admin)) == 1


def test_the_same_meaning_written_otherwise_is_the_same_request(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    token = host.quote(5)["token"]
    host.post("purchases", f'{{"quote": "{token}", "add": 5}}'.encode(), key="order-1")
    assert host.post("purchases", f'{{"add":5,\n"quote":"{token}"}}'.encode(), key="order-1").replayed


def test_a_key_of_another_request_is_refused(cast: Cast) -> None:
    host, address = Program(cast.admin), f"members/{cast.viewer.user.pk}/access"
    assert host.put(address, {"level": "agent"}, key="k").status == 200
    for told in (
        host.put(address, {"level": "none"}, key="k"),
        host.put(f"members/{cast.nobody.user.pk}/access", {"level": "agent"}, key="k"),
        Program(Authorization=host.headers["Authorization"]).put(address, {"level": "viewer"}, key="k"),
    ):
        assert (told.status, told.code) == (422, "idempotency_key_reused")
    assert cast.again(cast.viewer).is_agent and cast.again(cast.nobody).access == "none"


def test_keys_of_two_tokens_do_not_meet(cast: Cast) -> None:
    one, two = Program(cast.admin), Program(cast.admin)
    address = f"members/{cast.viewer.user.pk}/access"
    assert one.put(address, {"level": "agent"}, key="k").json["access"] == "agent"
    told = two.put(address, {"level": "none"}, key="k")
    assert (told.json["access"], told.replayed) == ("none", False)


def test_a_replay_does_nothing_even_if_things_have_changed(cast: Cast) -> None:
    host, address = Program(cast.admin), f"members/{cast.viewer.user.pk}/access"
    host.put(address, {"level": "agent"}, key="first")
    host.put(address, {"level": "none"}, key="second")
    assert host.put(address, {"level": "agent"}, key="first").json["access"] == "agent"
    assert cast.again(cast.viewer).access == "none"


def test_what_was_refused_is_refused_again_with_the_same_words(cast: Cast) -> None:
    host = Program(cast.primary_admin)
    told = [host.post("seat-requests", {"quantity": 2}, key="k") for _ in range(2)]
    assert [(one.status, one.code) for one in told] == [(409, "nothing_to_remove")] * 2
    assert [one.replayed for one in told] == [False, True]


def test_what_says_try_again_can_be_tried_again_with_the_same_key(cast: Cast) -> None:
    add_card(cast.primary_admin, "4000002500003155")
    host = Program(cast.primary_admin)
    second = host.quote(6)["token"]
    waiting = host.buy(5).json["id"]
    told = host.post("purchases", {"quote": second, "add": 6}, key="k")
    assert (told.status, told.code) == (409, "purchase_under_way")
    host.post(f"purchases/{waiting}/give-up")
    again = host.post("purchases", {"quote": second, "add": 6}, key="k")
    assert (again.status, again.replayed) == (202, False)


def test_what_is_not_in_form_leaves_no_trace(cast: Cast) -> None:
    host = Program(cast.primary_admin)
    assert host.post("seat-requests", {"quantity": 0}, key="k").status == 422
    assert calls(cast) == []


@pytest.mark.parametrize("key", ["a" * 201, "with space", "é", "\x01"])
def test_a_key_that_cannot_be_one_is_refused(key: str, cast: Cast) -> None:
    told = Program(cast.primary_admin).post("quotes", {"add": 5}, key=key)
    assert (told.status, told.code) == (400, "bad_idempotency_key")


def test_of_many_at_once_one_is_done(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    results = at_once(*[partial(host.post, "seat-requests", {"quantity": 1}, "k") for _ in range(8)])
    assert {one.status for one in results} <= {201, 409}
    assert {one.code for one in results if one.status == 409} <= {"in_progress"}
    assert all(one.headers["retry-after"] == "1" for one in results if one.status == 409)
    assert host.post("seat-requests", {"quantity": 1}, key="k").replayed
    assert entries(cast, "seats.remove_requested") == 1


def test_many_purchases_at_once_with_one_quote_are_one(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    body = {"quote": host.quote(5)["token"], "add": 5}
    names = ["a", "a", "a", "", "", "b", "b", "c"]
    results = at_once(*[partial(host.post, "purchases", body, name) for name in names])
    assert {one.status for one in results} <= {200, 202, 409}
    assert {one.code for one in results if one.status == 409} <= {"in_progress"}
    assert len(invoices(cast.primary_admin)) == 1
    assert subscription(cast.primary_admin).quantity == 5


def test_while_one_is_being_worked_on_the_same_waits(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    with power_cut(keys, "_said"):
        host.post("seat-requests", {"quantity": 1}, key="k")
    told = host.post("seat-requests", {"quantity": 1}, key="k")
    assert (told.status, told.code, told.headers["retry-after"]) == (409, "in_progress", "1")
    assert host.post("seat-requests", {"quantity": 2}, key="k").code == "idempotency_key_reused"
    with clock.at(clock.now() + HELD + timedelta(seconds=1)):
        assert host.post("seat-requests", {"quantity": 1}, key="k").status == 201


def test_a_crash_between_doing_and_remembering_undoes_what_is_one_transaction(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    with power_cut(actions, "keep_answer"):
        host.post("seat-requests", {"quantity": 1}, key="k")
    assert entries(cast, "seats.remove_requested") == 0
    with clock.at(clock.now() + HELD + timedelta(seconds=1)):
        told = host.post("seat-requests", {"quantity": 1}, key="k")
    assert (told.status, told.replayed) == (201, False)
    assert entries(cast, "seats.remove_requested") == 1


def test_a_crash_after_a_purchase_does_not_buy_it_again(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    body = {"quote": host.quote(5)["token"], "add": 5}
    with power_cut(actions, "keep_answer"):
        host.post("purchases", body, key="k")
    assert len(invoices(cast.primary_admin)) == 1
    with clock.at(clock.now() + HELD + timedelta(seconds=1)):
        told = host.post("purchases", body, key="k")
    assert (told.status, told.json["state"], told.replayed) == (200, "paid", False)
    assert len(invoices(cast.primary_admin)) == 1
    assert host.post("purchases", body, key="k").replayed


def test_of_many_that_take_over_after_a_crash_one_goes_on(cast: Cast) -> None:
    host, address = Program(cast.admin), f"members/{cast.viewer.user.pk}/access"
    with power_cut(keys, "_said"):
        host.put(address, {"level": "agent"}, key="k")
    with account_scope(cast.account.pk):
        ApiCall.objects.update(held_until=clock.now() - timedelta(seconds=1))
    before = entries(cast, "access.changed")
    results = at_once(*[partial(host.put, address, {"level": "agent"}, "k") for _ in range(6)])
    assert {one.status for one in results} <= {200, 409}
    assert entries(cast, "access.changed") == before + 1


def test_a_failure_of_ours_lets_the_same_key_try_again_at_once(cast: Cast) -> None:
    host, address = Program(cast.admin), f"members/{cast.viewer.user.pk}/access"

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("salotto.seats.actions.set_access", fail)
        told = host.put(address, {"level": "agent"}, key="k")
        assert (told.status, told.code) == (500, "failed")
    assert host.put(address, {"level": "agent"}, key="k").status == 200


def test_what_is_older_than_a_day_is_forgotten(cast: Cast) -> None:
    host, address = Program(cast.admin), f"members/{cast.viewer.user.pk}/access"
    host.put(address, {"level": "agent"}, key="old")
    with account_scope(cast.account.pk):
        ApiCall.objects.update(created_at=clock.now() - KEPT - timedelta(minutes=1))
    host.put(address, {"level": "none"}, key="new")
    forget_old_calls(timestamp=0)
    assert [call.key for call in calls(cast)] == ["new"]
    assert not host.put(address, {"level": "agent"}, key="old").replayed
