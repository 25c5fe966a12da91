"""Who writes mail in `test_mail`, what they write, and what must be true of wherever it ends."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from salotto.channels.email.models import Mail, Participant, RawMail
from salotto.channels.email.queries.composer import answer_to
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Conversation, Message
from tests.channels.email.post import Post, letter, new_id, open_post

seen: Counter[str] = Counter()
"""How often what has happened, for who runs it for long."""

_ID = re.compile(rb"^Message-ID: (<[^>\n]+>)", re.MULTILINE)
REFUTED = b"Authentication-Results: mx.shop.example; dmarc=fail header.from=customer.example\r\n"


@dataclass(eq=False)
class Thread:
    """What its members take for one conversation; they write to all of them.

    `members`: addresses, the owner's first, and the mail that named each first (None: the owner).
    `chain`: ids that their programs name in an answer. `honest`: it names no id of anybody else.
    `whole`: no mail of it has overtaken the one that let its writer in. `via` is a list that puts
    itself into From. `robbed`: a mail of somebody else came with an id of its mails before these did,
    so that its answers name that mail.
    """

    members: dict[str, "Written | None"]
    inboxes: tuple[Post, ...]
    honest: bool = True
    whole: bool = True
    robbed: bool = False
    via: str = ""
    chain: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Written:
    """A mail of a customer: `sender` is what mail servers have found to be true ("": nobody),
    `answers` whom an answer by its Reply-To would go to, `brings` whom it names, `stored` by the
    mailboxes that have it, `signed` the conversation of its signed address, `after` the mail that
    let its writer in."""

    token: str
    thread: Thread
    raw: bytes
    sender: str
    brings: frozenset[str]
    answers: frozenset[str] = frozenset()
    refuted: bool = False
    signed: int | None = None
    after: "Written | None" = None
    stored: set[int] = field(default_factory=set)

    def names(self, other: "Written") -> bool:
        """Whether it answers the other one, which may still be on its way: then that one belongs where
        this one stands, if the conversation there is its writer's own."""
        given = _ID.search(other.raw)
        return other is not self and given is not None and given[1] in self.raw


@dataclass(frozen=True)
class Head:
    """What stands above a mail; addresses without names, ids without brackets."""

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    reply_to: str = ""
    via: str = ""
    id: str = ""
    names: tuple[str, ...] = ()
    only_references: bool = False

    def written(self, token: str) -> bytes:
        """As a mail program writes it."""
        said = {"Cc": ", ".join(self.cc), "Reply_To": self.reply_to}
        more: dict[str, Any] = {name: value for name, value in said.items() if value}
        sender = f'"Anna via List" <{self.via}>' if self.via else self.sender
        answered = "" if self.only_references or not self.names else self.names[-1]
        return letter(
            sender,
            ", ".join(self.to),
            token,
            id=self.id,
            references=self.names,
            reply_to_id=answered,
            **more,
        )


def by_a_way(mail: Written, post: Post, number: int) -> bytes:
    """The mail as it comes by one of the ways, each of which puts its own lines above."""
    trace = f"Delivered-To: {post.address}\r\nReceived: from hop-{number} by mx.shop.example\r\n".encode()
    return (REFUTED if mail.refuted else b"") + (trace if number % 3 else b"") + mail.raw


class Books:
    """All mails and threads, the mailboxes they go to, and what is checked of them: two mailboxes
    of one company, and one of a company that is none of theirs."""

    def __init__(self) -> None:
        self.post = open_post()
        self.second = open_post(self.post.owner, "Sales")
        self.other = open_post()
        self.posts = (self.post, self.second, self.other)
        self.threads: list[Thread] = []
        self.written: list[Written] = []
        self.ways: list[tuple[Written, Post]] = []
        self.gone: set[tuple[str, int]] = set()
        self.deleted: dict[int, set[Thread]] = {}

    def add(self, mail: Written) -> Written:
        """It is on its way to all inboxes of its thread."""
        self.written.append(mail)
        self.ways += [(mail, post) for post in mail.thread.inboxes]
        return mail

    def token(self) -> str:
        """For the next mail."""
        return f"token-{len(self.written)}."

    def is_ours(self, address: str) -> bool:
        """Whether it is an address of the companies'."""
        return address.endswith(("@shop.example", "@in.salotto.example"))

    def outside(self, people: Iterable[str]) -> frozenset[str]:
        """Those of these who are of no company."""
        return frozenset(one for one in people if one and not self.is_ours(one))

    def standing(self, post: Post) -> dict[str, list[tuple[int, int]]]:
        """By token, where its mail stands in the account: conversation and inbox, oldest first."""
        with account_scope(post.account):
            rows = Message.objects.filter(kind="visitor").order_by("id")
            found: dict[str, list[tuple[int, int]]] = {}
            for body, *place in rows.values_list("body", "conversation_id", "conversation__inbox_id"):
                found.setdefault(body.strip(), []).append((place[0], place[1]))
        return found

    def check(self, *, settled: bool = True) -> None:
        """Everything that must be true; `settled`: nothing waits to be taken in."""
        seen["checked"] += 1
        for post in (self.post, self.other):
            if settled:
                with account_scope(post.account):
                    stuck = RawMail.objects.filter(state__in=("waiting", "failed"))
                    assert list(stuck.values_list("state", "error")) == []
            self._check_places(post, settled)
            self._check_people(post)
        self._check_threads()

    def _check_places(self, post: Post, settled: bool) -> None:
        standing = self.standing(post)
        inboxes = {one.mailbox.inbox_id for one in self.posts if one.account == post.account}
        mine = {mail.token: mail for mail in self.written if mail.stored & inboxes}
        assert not standing.keys() - mine.keys()
        for token, mail in mine.items():
            found = [inbox for _, inbox in standing.get(token, [])]
            assert len(found) == len(set(found)), "a mail stands twice in an inbox"
            due = {one for one in mail.stored & inboxes if (token, one) not in self.gone}
            if mail.signed is not None:  # it stands in its conversation, whatever inbox it came by
                assert found or not settled or token in {one for one, _ in self.gone}, "a mail is lost"
                continue
            assert set(found) <= due, "a deleted mail is back"
            assert not settled or set(found) == due, "a mail is lost"

    def _check_people(self, post: Post) -> None:
        """Conversation by conversation, mail by mail: who was let in by whom."""
        mails = {mail.token: mail for mail in self.written}
        by_conversation: dict[int, list[Written]] = {}
        with account_scope(post.account):
            rows = Message.objects.filter(kind="visitor").order_by("id")
            for conversation, body in rows.values_list("conversation_id", "body"):
                by_conversation.setdefault(conversation, []).append(mails[body.strip()])
        for conversation, inside in by_conversation.items():
            with account_scope(post.account):
                self._check_conversation(conversation, inside)

    def _check_conversation(self, conversation: int, inside: list[Written]) -> None:
        contact = Conversation.objects.get(pk=conversation).contact.email
        let_in = {contact} | (set() if inside[0].refuted else set(inside[0].brings))
        for mail in inside[1:]:
            if mail.signed == conversation or mail.sender in let_in:
                let_in |= set() if mail.refuted else mail.brings
            else:
                named = mail.answers
                assert named and named <= let_in, "a stranger's mail stands there"
        taking_part = Participant.objects.filter(conversation_id=conversation)
        strangers = set(taking_part.values_list("address", flat=True)) - let_in
        assert not strangers, "somebody takes part whom nobody has let in"
        found = answer_to(conversation)
        answered = {address for _, address in (*found.people.to, *found.people.cc)} if found else set()
        assert answered <= let_in, "an answer goes to a stranger"
        assert not any(map(self.is_ours, answered)), "an answer goes to ourselves"
        first = inside[0]
        honest = [mail for mail in inside if mail.thread.honest and not mail.thread.robbed]
        alien = [mail for mail in honest if mail.thread is not first.thread]
        for mail in (one for one in alien if one.signed != conversation):
            rest = set().union(*(self._deleted(one) for one in inside if one is not mail))
            awaited = contact in mail.brings and any(one.names(mail) for one in inside)
            assert awaited or self._deleted(mail) & rest, "a mail stands in somebody else's"

    def _deleted(self, mail: Written) -> set[int]:
        """The deleted conversations that a mail answers: what answers one of them keeps together."""
        return {one for one, threads in self.deleted.items() if mail.signed == one or mail.thread in threads}

    def _check_threads(self) -> None:
        standing = self.standing(self.post)
        for thread in (one for one in self.threads if one.honest and one.whole):
            mails = [mail for mail in self.written if mail.thread is thread and mail.signed is None]
            places = {place for mail in mails for place in standing.get(mail.token, [])}
            inboxes = Counter(inbox for _, inbox in places)
            assert all(count == 1 for count in inboxes.values()), "a thread is torn apart"

    def answered_in(self, conversation: int, mail: Mail) -> None:
        """Who got our answer names it from now on."""
        places = self.standing(self.post)
        for mine in self.written:
            inside = any(place == conversation for place, _ in places.get(mine.token, []))
            if inside and mine.thread.honest and mail.header_id not in mine.thread.chain:
                mine.thread.chain.append(mail.header_id)


def fresh_id(with_id: bool) -> str:
    """An id, or none."""
    return new_id() if with_id else ""
