"""The demo's account: founded once, through the actions, wholly or not at all."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client

from salotto.accounts.models import Account, Membership, User
from salotto.accounts.queries import accounts_of
from salotto.billing.prices import currencies, price_for_new
from salotto.billing.standing import standing
from salotto.billing.tax import tax_for
from salotto.core.clock import now
from salotto.core.tenancy import account_scope
from salotto.demo import actions
from salotto.demo.cast import CAST, COMPANY, OPERATOR, SITE_KEY
from salotto.inbox.models import Conversation, Message, Status


@pytest.fixture(scope="module")
def account(database: str) -> Iterator[Account]:
    """Bottega Serena, in the database of this test process, taken back at the end: its prices
    and its seller are the whole installation's."""
    with transaction.atomic():
        assert actions.seed("linen and clay")
        yield Account.objects.get(name=COMPANY)
        transaction.set_rollback(True)


def test_it_is_founded_once(account: Account) -> None:
    assert not actions.seed("another")
    assert Account.objects.filter(name=COMPANY).count() == 1
    assert User.objects.get(email=CAST[0].email).check_password("linen and clay")


def test_everyone_has_their_role_and_access(account: Account) -> None:
    with account_scope(account.pk):
        found = {m.user.email: (m.role, m.access) for m in Membership.objects.select_related("user")}
    assert found == {p.email: (p.role, p.access) for p in CAST}
    assert account.primary_admin.name == "Giulia Conti"


def test_the_conversations_lie_in_the_past_and_in_order(account: Account) -> None:
    with account_scope(account.pk):
        conversations = list(Conversation.objects.all())
        times = {c.pk: [] for c in conversations}
        for conversation, at in Message.objects.order_by("id").values_list("conversation_id", "created_at"):
            times[conversation].append(at)
    assert len(conversations) == 48
    for conversation in conversations:
        assert times[conversation.pk] == sorted(times[conversation.pk])
        assert conversation.created_at == times[conversation.pk][0]
        assert conversation.last_activity == times[conversation.pk][-1] < now()


def test_some_wait_some_are_done_and_some_have_an_owner(account: Account) -> None:
    with account_scope(account.pk):
        found = Conversation.objects.all()
        assert found.filter(status=Status.DONE, waiting_since=None).count() >= 15
        assert found.filter(status=Status.OPEN, waiting_since__isnull=False).count() >= 8
        assert found.filter(status=Status.OPEN, assignee=None).count() >= 4
        assert not found.filter(status=Status.DONE, unread__gt=0).exists()
        assert {m.kind for m in Message.objects.all()} == {"visitor", "reply", "note", "status"}


def test_the_counters_count_them(account: Account) -> None:
    with account_scope(account.pk), connection.cursor() as db:
        db.execute(
            "SELECT sum(value) FROM inbox_tally WHERE account_id = %s AND owner = 0 AND name = 'open'",
            [account.pk],
        )
        assert db.fetchone()[0] == Conversation.objects.filter(status=Status.OPEN).count()


def test_the_shop_has_a_known_key(account: Account) -> None:
    with connection.cursor() as db:
        db.execute("SELECT account_id FROM web_site WHERE key = %s", [SITE_KEY])
        assert db.fetchone() == (account.pk,)


def test_seats_are_sold_in_six_currencies_by_an_italian_seller(account: Account) -> None:
    st = standing(account.pk)
    wanted = {"EUR": 1900, "USD": 2100, "GBP": 1700, "CHF": 2000, "JPY": 3200, "KWD": 6500}
    assert set(wanted) <= set(currencies(st.prices, st.now))  # other tests sell in others beside
    found = {currency: price_for_new(st.prices, currency, st.now) for currency in wanted}
    assert {currency: price.unit_amount for currency, price in found.items() if price} == wanted
    assert (st.catalogue.seller_name, st.catalogue.seller_country) == ("Salotto Demo S.r.l.", "IT")
    assert tax_for(st.catalogue, st.details, st.rates, st.now).points == 2200
    assert st.details is not None
    assert st.details.legal_name == "Bottega Serena S.r.l."


def test_an_operator_belongs_to_no_account(account: Account) -> None:
    olga = User.objects.get(email=OPERATOR.email)
    assert olga.is_operator
    assert accounts_of(olga) == []


@pytest.mark.parametrize("path", ["/demo/", "/demo/sign-in/", "/shop/"])
def test_without_the_demo_its_pages_do_not_exist(path: str) -> None:
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"who": "giulia"}).status_code == 404
