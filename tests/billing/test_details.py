"""Whom invoices are made out to, and how often: only the primary admin says so."""

from typing import Any

import pytest

from salotto.accounts.actions import hand_over
from salotto.billing import history
from salotto.billing.actions.details import NoPlan, TooLong, change_cycle, save_details
from salotto.billing.errors import NoSuchCycle, PurchaseUnderWay
from salotto.billing.models import Payment, PaymentKind, PaymentState, Subscription
from salotto.core.errors import Forbidden, Invalid
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.billing.invoicing import AT, activate, issue
from tests.cast import Cast

GIVEN = {"legal_name": "Conti S.a.s.", "country": "IT", "vat_number": "it00743110157"}


def version(cast: Cast) -> int:
    with account_scope(cast.account.pk):
        return int(Subscription.objects.values_list("version", flat=True).get())


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_only_the_primary_admin_saves_details(cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    with pytest.raises(Forbidden):
        save_details(by=by, **GIVEN)
    with pytest.raises(Forbidden):
        change_cycle("year", by)
    assert history.details(cast.account) is None


def test_who_has_handed_the_role_over_saves_nothing_any_more(cast: Cast) -> None:
    hand_over(cast.admin.user.pk, by=cast.primary_admin)
    before = version(cast)
    with pytest.raises(Forbidden):
        save_details(by=cast.primary_admin, **GIVEN)
    with pytest.raises(Forbidden):
        change_cycle("year", cast.primary_admin)
    assert (history.details(cast.account), version(cast)) == (None, before)


def test_saving_voids_quotes_and_is_audited(cast: Cast) -> None:
    before = version(cast)
    saved = save_details(by=cast.primary_admin, **GIVEN)
    assert saved.vat_number == "IT00743110157"
    assert version(cast) == before + 1
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="billing.details_changed")
    assert entry.detail == {"fields": ["legal_name", "country", "vat_number"]}


def test_saving_the_same_again_changes_nothing(cast: Cast) -> None:
    save_details(by=cast.primary_admin, **GIVEN)
    before = version(cast)
    save_details(by=cast.primary_admin, **GIVEN)
    assert version(cast) == before


def test_details_wait_while_a_payment_is_under_way(cast: Cast) -> None:
    with account_scope(cast.account.pk):
        Payment.objects.create(
            account=cast.account, kind=PaymentKind.PURCHASE, state=PaymentState.CHARGING, version=1, at=AT,
            total=100, amount=100, currency="EUR", gateway="sandbox", created_at=AT,
        )  # fmt: skip
    with pytest.raises(PurchaseUnderWay):
        save_details(by=cast.primary_admin, **GIVEN)
    assert history.details(cast.account) is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"legal_name": " \x00 "}, Invalid),
        ({"legal_name": "x" * 201}, TooLong),
        ({"address": "x\n" * 300}, TooLong),
        ({"country": "ZZ"}, Invalid),
        ({"country": "EU"}, Invalid),
        ({"email": "nobody"}, Invalid),
        ({"email": "a@example.com\nBcc: b@example.com"}, Invalid),
        ({"reference": "x" * 101}, TooLong),
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        save_details(by=cast.primary_admin, **{**GIVEN, **changes})
    assert history.details(cast.account) is None


def test_issued_invoices_keep_the_details_of_their_day(cast: Cast) -> None:
    invoice = issue(cast.account)
    save_details(by=cast.primary_admin, **{**GIVEN, "legal_name": "Another name"})
    assert history.invoice_view(cast.account, invoice.pk).buyer.name == "Bottega Conti S.a.s."


def test_s9_the_cycle_of_the_next_renewal_is_chosen_and_audited(cast: Cast) -> None:
    before = activate(cast.account).version
    change_cycle("year", cast.primary_admin)
    change_cycle("year", cast.primary_admin)
    assert version(cast) == before + 1
    entry = AuditEntry.objects.get(account_id=cast.account.pk, verb="billing.cycle_changed")
    assert (entry.detail, entry.actor_id) == (
        {"before": "month", "after": "year"},
        cast.primary_admin.user.pk,
    )


def test_a_cycle_needs_a_plan_and_a_known_name(cast: Cast) -> None:
    with pytest.raises(NoPlan):
        change_cycle("year", cast.primary_admin)
    with pytest.raises(NoSuchCycle):
        change_cycle("week", cast.primary_admin)
