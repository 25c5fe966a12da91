"""The sandbox's clock: forward only, for whom it is, and everything happens on the way."""

from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings

from salotto.billing.actions.clock import NothingDue, NotSimulated, TooFar, advance_clock
from salotto.core import clock
from salotto.core.errors import Forbidden
from tests.billing.later import books_hold, change, costly, days_later, now_of, on_plan, to_next
from tests.billing.shop import add_card, invoices, subscription, use_gateway
from tests.cast import Cast


def test_all_that_lies_between_happens_in_order(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    change(by, gateway="sandbox")
    assert days_later(by, 15) == ["trial_reminder"] * 3 + ["trial_over"]
    with pytest.raises(NothingDue):
        to_next(by)


def test_a_month_renews_and_a_failing_card_is_dunned_to_the_end(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    add_card(by, "4000000000009995")
    assert days_later(by, 60) == ["renewed", *["retried"] * 4]
    assert len(invoices(by)) == 2
    books_hold(by)


def test_the_clock_goes_by_days_and_never_back(cast: Cast) -> None:
    by = cast.primary_admin
    on_plan(by)
    before = now_of(by)
    days_later(by, 3)
    assert (now_of(by) - before).days == 3
    for days in (0, -1, 3661, None):
        with pytest.raises(TooFar):
            advance_clock(by.account.pk, days=days, by=by)
    assert subscription(by).ahead >= 3 * 86400


def test_it_stops_before_the_calendar_does(cast: Cast) -> None:
    by = cast.primary_admin
    costly(by)
    change(by, gateway="sandbox", state="lapsed")
    near = datetime(8999, 12, 1, tzinfo=UTC) - clock.now()
    change(by, ahead=int(near.total_seconds()))
    with pytest.raises(TooFar):
        days_later(by, 60)


def test_only_the_primary_admin_of_a_sandbox_account_moves_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = cast.primary_admin
    change(by, gateway="sandbox")
    for member in (cast.admin, cast.agent, cast.outsider):
        with pytest.raises(Forbidden):
            advance_clock(by.account.pk, days=1, by=member)
    use_gateway(by, "invoice")
    with pytest.raises(NotSimulated):
        days_later(by, 1)
    use_gateway(by, "sandbox")
    real = django_settings.OPTIONS
    monkeypatch.setattr(django_settings, "OPTIONS", _Production(real))
    with pytest.raises(NotSimulated):
        days_later(by, 1)


class _Production:
    """The options of a server that takes real money."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return True if name == "production" else getattr(self._real, name)
