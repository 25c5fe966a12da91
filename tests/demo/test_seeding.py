"""The demo's account: founded once, through the actions, wholly or not at all."""

import pytest
from django.db import connection
from django.test import Client

from salotto.accounts.models import Account, Membership, User
from salotto.core.clock import now
from salotto.core.tenancy import account_scope
from salotto.demo import actions
from salotto.demo.cast import CAST, COMPANY, SITE_KEY
from salotto.inbox.models import Conversation, Message, Status


@pytest.fixture(scope="module")
def account(database: str) -> Account:
    """Bottega Serena, in the database of this test process."""
    assert actions.seed("linen and clay")
    return Account.objects.get(name=COMPANY)


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
    assert len(conversations) == 40
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


@pytest.mark.parametrize("path", ["/demo/", "/demo/sign-in/", "/shop/"])
def test_without_the_demo_its_pages_do_not_exist(path: str) -> None:
    assert Client().get(path).status_code == 404
    assert Client().post(path, {"who": "giulia"}).status_code == 404
