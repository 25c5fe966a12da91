"""Talking about a request where something is in the way: files, a deleted conversation, a mailbox
that carries chats on, a new primary admin, too many requests (S13)."""

from functools import partial
from uuid import uuid4

import pytest

from salotto.accounts import actions as accounts
from salotto.channels.email.actions import chats
from salotto.channels.email.models import Mailbox
from salotto.core import clock
from salotto.core.errors import TooMany
from salotto.core.tenancy import account_scope
from salotto.inbox import actions as inbox
from salotto.inbox.actions.files import File, upload
from salotto.inbox.models import Contact, Conversation, Inbox
from salotto.inbox.signals import Draft
from salotto.seats import actions
from salotto.seats.actions.talking import MOST, SPAN
from salotto.seats.models import RequestWord
from tests.billing.shop import catalogue
from tests.billing.test_first_purchase import meanwhile
from tests.cast import Cast
from tests.channels.email.post import open_post
from tests.mailbox import mails_to, text_of
from tests.seats.requests import operator, paying, request_now
from tests.seats.test_request_talk import carry, reply, supported, thread, thread_bodies, words


def test_s13_words_leave_and_their_files_are_said_to_have_stayed(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        with account_scope(agent.account.pk):
            file = upload(File("offer.txt", "text/plain", b"two seats"), by=agent)
            inbox.reply(
                request.support_conversation_id or 0, "See the offer.", client_id=uuid4(), by=agent,
                draft=Draft(attachments=(file.pk,)),
            )  # fmt: skip
        for _ in range(2):
            carry(agent.account.pk)
        assert [kind for kind, _ in thread(request)] == ["visitor", "reply", "note"]
        assert "its files were not" in thread_bodies(request)[-1]
    assert words(cast) == [("support", "See the offer.")]


def test_s13_the_words_outlive_a_conversation_that_support_deletes(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        reply(agent, request, "Which two?")
        carry(agent.account.pk)
        gone = request.support_conversation_id or 0
        with account_scope(agent.account.pk):
            inbox.delete_conversation(gone, by=agent)
        carry(agent.account.pk)
        actions.answer_request(request.pk, "Still there?", operator())
        assert words(cast) == [("support", "Which two?"), ("support", "Still there?")]
        actions.write_to_support(request.pk, "Those in Rome.", uuid4(), by=cast.primary_admin)
        now = request_now(cast)
        assert now.support_conversation_id not in (None, gone)
        assert "Those in Rome." in thread_bodies(now)[0]
        reply(agent, now, "Thank you.")
        carry(agent.account.pk)
    assert [text for _, text in words(cast)][-2:] == ["Those in Rome.", "Thank you."]


def test_s13_a_request_that_waits_for_the_deletion_begins_another_conversation(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        actions.withdraw_request(by=cast.primary_admin)
        ask = partial(actions.request_removal, 1, "once more", by=cast.primary_admin)
        with account_scope(agent.account.pk), meanwhile(ask) as asking:
            inbox.delete_conversation(request.support_conversation_id or 0, by=agent)
        again = asking[0].result(30)
        assert "once more" in thread_bodies(again)[0]
    assert again.support_conversation_id != request.support_conversation_id


def test_s13_a_mailbox_that_carries_chats_on_does_not_mail_an_answer_again(cast: Cast) -> None:
    paying(cast)
    post = open_post()
    with account_scope(post.account):
        Mailbox.objects.update(continues_chats=True)
    with catalogue(support_account=post.owner.account):
        request = actions.request_removal(2, "", by=cast.primary_admin)
        reply(post.owner, request, "Which two?")
        assert chats.carry_on(post.account, request.support_conversation_id or 0) is None
        carry(post.account)
        actions.answer_request(request.pk, "By the page.", operator())
        assert chats.carry_on(post.account, request.support_conversation_id or 0) is None
    told = [text_of(mail) for mail in mails_to(cast.primary_admin.user.email)]
    assert len([text for text in told if "Which two?" in text]) == 1


def test_s13_a_request_lands_in_a_web_chat_and_in_no_mailbox(cast: Cast) -> None:
    paying(cast)
    post = open_post()
    with account_scope(post.account):  # as if the mailbox were the older one
        Inbox.objects.order_by("id").update(channel="email")
        web = Inbox.objects.create(account_id=post.account, name="Web chat", channel="web").pk
    with catalogue(support_account=post.owner.account):
        request = actions.request_removal(2, "", by=cast.primary_admin)
    with account_scope(post.account):
        assert Conversation.objects.get(pk=request.support_conversation_id).inbox_id == web


def test_s13_the_contact_is_the_account_whoever_speaks_for_it(cast: Cast) -> None:
    with supported(cast) as (agent, request):
        accounts.hand_over(cast.admin.user.pk, by=cast.primary_admin)
        actions.write_to_support(request.pk, "I am new here.", uuid4(), by=cast.again(cast.admin))
        assert thread(request)[-1] == ("visitor", "I am new here.")
        reply(agent, request, "Welcome.")
        carry(agent.account.pk)
        with account_scope(agent.account.pk):
            talk = Conversation.objects.get(pk=request.support_conversation_id)
            contact = Contact.objects.get(pk=talk.contact_id)
    assert (contact.name, contact.email) == (cast.account.name, "")
    assert not [m for m in mails_to(cast.primary_admin.user.email) if "Welcome." in text_of(m)]
    assert [m for m in mails_to(cast.admin.user.email) if "Welcome." in text_of(m)]


def test_s13_too_many_requests_in_an_hour_are_refused_until_it_is_over(cast: Cast) -> None:
    paying(cast)
    address = f"many-{cast.account.pk}@support.example"
    with catalogue(support_email=address):
        for _ in range(MOST):
            actions.request_removal(1, "", by=cast.primary_admin)
            actions.withdraw_request(by=cast.primary_admin)
        before = len(mails_to(address))
        with pytest.raises(TooMany) as refused:
            actions.request_removal(1, "", by=cast.primary_admin)
        assert len(mails_to(address)) == before
        assert 0 < refused.value.retry_after <= SPAN.total_seconds()
        with clock.at(clock.now() + SPAN):
            actions.request_removal(1, "", by=cast.primary_admin)


def test_s13_another_request_is_no_way_around_too_many_words(cast: Cast) -> None:
    paying(cast)
    first = actions.request_removal(1, "", by=cast.primary_admin)
    for _ in range(MOST):
        actions.write_to_support(first.pk, "hello", uuid4(), by=cast.primary_admin)
    actions.withdraw_request(by=cast.primary_admin)
    second = actions.request_removal(1, "", by=cast.primary_admin)
    with pytest.raises(TooMany):
        actions.write_to_support(second.pk, "hello", uuid4(), by=cast.primary_admin)


def test_s13_a_reply_belongs_to_the_newest_request_of_its_conversation(cast: Cast) -> None:
    with supported(cast) as (agent, first):
        actions.withdraw_request(by=cast.primary_admin)
        second = actions.request_removal(1, "", by=cast.primary_admin)
        assert second.support_conversation_id == first.support_conversation_id
        reply(agent, second, "Which one?")
        carry(agent.account.pk)
    with account_scope(cast.account.pk):
        assert RequestWord.objects.get().request_id == second.pk
