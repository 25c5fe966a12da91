"""Who has lost a right since the request began changes nothing with it any more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from salotto.accounts.actions import change_role, hand_over, permit_channels, remove_member
from salotto.accounts.members import Member
from salotto.accounts.models import Role
from salotto.channels.email.actions import connecting, domains, mailboxes, receiving, retrying
from salotto.channels.email.actions.trying import begin_trial
from salotto.channels.email.models import Auth, Domain, Mailbox, RawMail, Server, Way
from salotto.channels.email.oauth import PROVIDERS, Answer, Grant
from salotto.core import clock
from salotto.core.errors import Forbidden
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.inbox import actions as inbox
from salotto.inbox.models import Conversation
from tests.cast import Cast
from tests.channels.email.post import Post, open_post
from tests.inbox.threads import new_thread
from tests.threads import await_waiting

SETTINGS = connecting.Settings("imap.example.com", 993, username="help", password="secret of ours")


class EmptyDns:
    """Knows no name."""

    def txt(self, name: str) -> list[str]:
        return []

    mx = addresses = txt


@dataclass(frozen=True)
class Office:
    """A mailbox with a server and a domain, and Marco, who may set it up as his page was loaded."""

    cast: Cast
    post: Post
    domain: int
    marco: Member

    @property
    def box(self) -> int:
        return int(self.post.mailbox.pk)

    def rows(self) -> list[list[object]]:
        """All that an action could change."""
        with account_scope(self.cast.account.pk):
            models: list[Any] = [Mailbox, Server, Domain, RawMail, Conversation, AuditEntry]
            of_us = [model.objects.filter(account_id=self.cast.account.pk) for model in models]
            return [list(rows.order_by("id").values()) for rows in of_us]


@pytest.fixture
def office(cast: Cast) -> Office:
    post = open_post(cast.primary_admin)
    connecting.save_server(post.mailbox.pk, Way.IN, SETTINGS, by=cast.primary_admin)
    domain = domains.add_domain("shop.example", by=cast.primary_admin)
    permit_channels(cast.admin.user.pk, True, by=cast.primary_admin)
    return Office(cast, post, domain.pk, cast.again(cast.admin))


def granted(office: Office) -> None:
    found = Answer(office.cast.account.pk, office.box, Auth.GOOGLE, False, "")
    grant = Grant("refresh", "access", clock.now() + timedelta(hours=1))
    connecting.save_granted(found, grant, PROVIDERS[Auth.GOOGLE], "help@shop.example", office.marco)


ACTS: dict[str, Callable[[Office], object]] = {
    "create": lambda o: mailboxes.create_mailbox("X", "x@shop.example", by=o.marco),
    "change": lambda o: mailboxes.change_mailbox(o.box, by=o.marco, footer="X"),
    "logo": lambda o: mailboxes.set_logo(o.box, None, by=o.marco),
    "chats": lambda o: mailboxes.choose_for_chats(o.box, True, 5, by=o.marco),
    "remove": lambda o: mailboxes.remove_mailbox(o.box, by=o.marco),
    "server": lambda o: connecting.save_server(o.box, Way.OUT, SETTINGS, by=o.marco),
    "no server": lambda o: connecting.delete_server(o.box, Way.IN, by=o.marco),
    "provider": granted,
    "domain": lambda o: domains.add_domain("other.example", by=o.marco),
    "no domain": lambda o: domains.remove_domain(o.domain, by=o.marco),
    "signatures": lambda o: domains.sign(o.domain, False, by=o.marco),
    "dns": lambda o: domains.look_at_domain(o.domain, by=o.marco, lookup=EmptyDns()),
    "hook": lambda o: receiving.rotate_hook(o.box, o.marco),
    "test mail": lambda o: begin_trial(o.box, by=o.marco),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_permission_that_was_taken_away_meanwhile_is_none(act: str, office: Office) -> None:
    permit_channels(office.marco.user.pk, False, by=office.cast.primary_admin)
    before = office.rows()
    assert office.marco.can_manage_channels
    with pytest.raises(Forbidden):
        ACTS[act](office)
    assert office.rows() == before


@pytest.mark.parametrize("act", ["create", "server", "domain", "hook"])
def test_who_was_demoted_or_removed_meanwhile_sets_up_nothing(act: str, office: Office) -> None:
    change_role(office.marco.user.pk, Role.MEMBER, by=office.cast.primary_admin)
    with pytest.raises(Forbidden):
        ACTS[act](office)
    remove_member(office.marco.user.pk, by=office.cast.primary_admin)
    with pytest.raises(Forbidden):
        ACTS[act](office)


def test_who_has_handed_the_account_over_meanwhile_sets_up_nothing(office: Office) -> None:
    giulia = office.cast.primary_admin
    hand_over(office.marco.user.pk, by=giulia)
    for act in ("create", "server", "domain", "hook"):
        with pytest.raises(Forbidden):
            ACTS[act](replace(office, marco=giulia))


def waiting_for(change: Callable[[], object], act: Callable[[], object]) -> object:
    """What `act` comes to that begins while `change` is not committed yet."""

    def alone() -> object:
        try:
            return act()
        except Forbidden as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change()
            with connection.cursor() as db:
                db.execute("SELECT pg_backend_pid()")
                (pid,) = db.fetchone()
            begun = pool.submit(alone)
            await_waiting(pid)
        return begun.result(30)


@pytest.mark.parametrize("act", ["change", "no server", "domain", "hook"])
def test_a_permission_that_is_taken_away_at_this_moment_is_waited_for(act: str, office: Office) -> None:
    def take_away() -> None:
        permit_channels(office.marco.user.pk, False, by=office.cast.primary_admin)

    assert isinstance(waiting_for(take_away, lambda: ACTS[act](office)), Forbidden)


def test_a_hand_over_at_this_moment_is_waited_for(office: Office) -> None:
    giulia = office.cast.primary_admin
    former = replace(office, marco=giulia)
    over = waiting_for(lambda: hand_over(office.marco.user.pk, by=giulia), lambda: ACTS["change"](former))
    assert isinstance(over, Forbidden)


def delete(cast: Cast, conversation: int) -> None:
    with account_scope(cast.account.pk):
        inbox.delete_conversation(conversation, by=cast.admin)


def test_who_was_demoted_meanwhile_deletes_no_conversation(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)
    change_role(cast.admin.user.pk, Role.MEMBER, by=cast.primary_admin)
    assert cast.admin.is_admin
    with pytest.raises(Forbidden):
        delete(cast, conversation)
    with account_scope(cast.account.pk):
        assert Conversation.objects.filter(pk=conversation).exists()


def test_who_is_demoted_at_this_moment_deletes_no_conversation(cast: Cast) -> None:
    conversation = new_thread(cast.account.pk)

    def demote() -> None:
        change_role(cast.admin.user.pk, Role.MEMBER, by=cast.primary_admin)

    assert isinstance(waiting_for(demote, lambda: delete(cast, conversation)), Forbidden)


def test_who_was_demoted_meanwhile_tries_no_mail_again(cast: Cast) -> None:
    post = open_post(cast.primary_admin)
    [raw] = post.store(b"From: a@example.com\r\n\r\nHello")
    change_role(cast.admin.user.pk, Role.MEMBER, by=cast.primary_admin)
    with pytest.raises(Forbidden):
        retrying.retry_raw(raw, by=cast.admin)
    with pytest.raises(Forbidden):
        retrying.assign_raw(raw, post.mailbox.pk, by=cast.admin)
