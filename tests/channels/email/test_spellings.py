"""One address is the same in all its spellings: of an inbox, a customer, an agent, and a domain."""

from uuid import uuid4

import pytest

from salotto.accounts.models import User
from salotto.channels.email.actions import queueing
from salotto.channels.email.actions.bulk import continue_batch, queue_many, unsubscribe
from salotto.channels.email.actions.domains import add_domain, look_at_domain
from salotto.channels.email.actions.mailboxes import create_mailbox
from salotto.channels.email.models import BatchRecipient, Mail, MailState, Participant, Server
from salotto.channels.email.queries.composer import answer_to
from salotto.channels.email.queries.facts import team_among
from salotto.channels.email.queries.mailboxes import suggested_domains
from salotto.channels.email.queries.routing import route
from salotto.core.errors import Invalid
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import contact_of, contacts_of, note_languages
from salotto.inbox.models import Contact
from tests.channels.email.post import Post, add_agent, open_post, person
from tests.channels.email.test_bounces import report

READABLE, ASCII = "bücher.example", "xn--bcher-kva.example"


def mailed(post: Post, to: str) -> tuple[int, str]:
    """A conversation that an agent has begun by mail, and the id of that mail."""
    agent = add_agent(post)
    begun = queueing.queue_new(post.mailbox.pk, (to,), (), (), "Offer", "Hello", [], agent)
    with account_scope(post.account):
        return begun, Mail.objects.get(conversation_id=begun).header_id


def raw(sender: str, to: str, answers: str = "", cc: str = "") -> bytes:
    """As it comes over the wire, also in UTF-8 (RFC 6532)."""
    lines = [f"From: {sender}", f"To: {to}", f"Message-ID: <{uuid4().hex}@mua.example>", "Subject: Re: Offer"]
    lines += [f"In-Reply-To: <{answers}>"] * bool(answers) + [f"Cc: {cc}"] * bool(cc)
    return "\r\n".join((*lines, "", "Thank you\r\n")).encode()


@pytest.mark.parametrize(
    ("own", "seen"),
    [
        (f"{{}}@{READABLE}", f"{{}}@{ASCII}"),
        (f"{{}}@{ASCII}", f"{{}}@{READABLE}"),
        (f"{{}}@{READABLE}", "{}@bu\u0308cher.example"),
        ("{}@shop.example", '"{}"@shop.example'),
    ],
)
def test_an_answer_to_all_does_not_go_to_the_inbox_itself(own: str, seen: str) -> None:
    name = f"info-{uuid4().hex[:8]}"
    post = open_post(address=own.format(name))
    anna = person()
    (taken,) = post.receive(raw(anna, "carlo@other.example", cc=seen.format(name)))
    with account_scope(post.account):
        answer = answer_to(taken.conversation_id or 0)
        people = set(Participant.objects.values_list("address", flat=True))
    assert answer is not None
    assert [address for _, address in (*answer.people.to, *answer.people.cc)] == [anna, "carlo@other.example"]
    assert people == {anna, "carlo@other.example"}


@pytest.mark.parametrize(
    ("written", "answers"),
    [
        (f"{{}}@{READABLE}", f"{{}}@{ASCII}"),
        (f"{{}}@{ASCII}", f"{{}}@{READABLE}"),
        ("{}@customer.example", '"{}"@customer.example'),
        ("{}@customer.example", "{}@customer.example."),
    ],
)
def test_a_customer_joins_the_conversation_that_we_began(written: str, answers: str) -> None:
    post, name = open_post(), f"anna-{uuid4().hex[:8]}"
    conversation, id = mailed(post, written.format(name))
    (taken,) = post.receive(raw(answers.format(name), post.address, id))
    assert taken.conversation_id == conversation
    assert post.bodies(conversation) == ["Hello", "Thank you"]


def test_who_took_part_in_their_own_letters_before_still_does() -> None:
    post = open_post()
    conversation, id = mailed(post, person())
    with account_scope(post.account):
        Participant.objects.create(
            account_id=post.account, conversation_id=conversation, address=f"bruno@{READABLE}"
        )
    (taken,) = post.receive(raw(f"bruno@{ASCII}", post.address, id))
    assert taken.conversation_id == conversation


def test_a_contact_is_one_and_stays_as_it_was_written() -> None:
    post, name = open_post(), f"anna-{uuid4().hex[:8]}"
    readable, wired = f"{name}@{READABLE}", f"{name}@{ASCII}"
    post.receive(raw(readable, post.address), raw(f"Anna <{wired}>", post.address))
    assert [found.contact.email for found in post.conversations()] == [readable, readable]
    with account_scope(post.account):
        both = contacts_of(post.account, {wired: "", readable.upper(): "Anna"})
        assert len(set(both.values())) == 1
        assert contact_of(post.account, wired).pk == both[wired]
        note_languages(post.account, {wired: "it"})
        assert Contact.objects.get(pk=both[wired]).language == "it"


def test_who_has_unsubscribed_gets_no_mail_to_many_in_another_spelling() -> None:
    post = open_post()
    conversation, _ = mailed(post, f"anna@{READABLE}")
    unsubscribe(post.account, post.conversation(conversation).contact_id)
    people = [f"anna@{ASCII}", f"ANNA@{READABLE}", f"bruno@{READABLE}"]
    batch = queue_many(post.mailbox.pk, people, "News", "We open", by=add_agent(post, "Sara"), key=uuid4())
    continue_batch(post.account, batch.pk)
    with account_scope(post.account):
        states = BatchRecipient.objects.order_by("id").values_list("key", "state")
        assert list(states) == [(f"anna@{ASCII}", "skipped"), (f"bruno@{ASCII}", "done")]


def test_a_report_names_the_recipient_as_servers_know_them() -> None:
    post = open_post()
    conversation, id = mailed(post, f"anna@{READABLE}")
    with account_scope(post.account):
        Mail.objects.filter(conversation_id=conversation).update(state=MailState.SENT)
    post.receive(report(post, id, f"anna@{ASCII}"))
    with account_scope(post.account):
        assert Mail.objects.get(conversation_id=conversation).state == MailState.BOUNCED


def test_an_agent_counts_as_the_team_by_any_spelling() -> None:
    post = open_post()
    agent, name = add_agent(post), f"marco-{uuid4().hex[:8]}"
    User.objects.filter(pk=agent.user.pk).update(email=f"{name}@{READABLE}")
    with account_scope(post.account):
        assert team_among([f"{name}@{ASCII}", person()], lambda _: False) == {f"{name}@{ASCII}"}


def test_no_two_inboxes_have_one_address_and_mail_finds_it() -> None:
    name = f"info-{uuid4().hex[:8]}"
    post = open_post(address=f"{name}@{READABLE}")
    with account_scope(post.account):
        assert route(post.account, [f"{name.upper()}@{ASCII}."]) == post.mailbox.pk
    with pytest.raises(Invalid):
        create_mailbox("Second", f"{name}@{ASCII}", by=post.owner)


class Asked:
    """A DNS in which the provider's server may send; it notes what is asked."""

    def txt(self, name: str) -> list[str]:
        return ["v=spf1 include:spf.protection.outlook.com -all"] if name == ASCII else []

    def mx(self, name: str) -> list[str]:
        return ["mx.other.example"]

    def addresses(self, name: str) -> list[str]:
        return ["192.0.2.1"]


def test_an_international_domain_is_suggested_as_written_and_asked_for_in_ascii() -> None:
    post = open_post(address=f"info@{READABLE}")
    assert suggested_domains(post.account) == [READABLE]
    made = add_domain(READABLE, by=post.owner)
    assert made.name == ASCII
    assert suggested_domains(post.account) == []
    with account_scope(post.account):
        Server.objects.create(
            account_id=post.account, mailbox=post.mailbox, way="out", host="smtp.office365.com", port=587
        )
    found = look_at_domain(made.pk, by=post.owner, lookup=Asked()).findings
    assert [one["code"] for one in found if one["about"] == "spf"] == ["spf_good"]
