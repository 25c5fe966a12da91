"""Mail under any schedule: sent, received, doubled, delayed, overtaken, forged, deleted.

Customers write, and answer what they have seen, as mail programs do. Their mails reach the
mailbox in any order and any number of times, some without an id of their own; whoever likes
names ids of others, also of mails that are still on their way. After each round every mail is
there once, in the right conversation, and nobody's stands in a conversation with somebody else.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from salotto.channels.email.models import Mail, RawMail
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import delete_conversation, reply
from salotto.inbox.models import Message
from tests.channels.email.post import Post, add_agent, letter, new_id, open_post, person
from tests.property.profiles import chosen

NAMES = ("anna", "bruno", "eve")
seen: Counter[str] = Counter()
"""How often what has happened, for who runs it for long."""


@dataclass(eq=False)
class Thread:
    """What a customer takes for one conversation: its mails' tokens, and the ids that their
    program names in an answer. `honest`: it names no id of anybody else."""

    owner: str
    honest: bool = True
    chain: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Written:
    """A mail of a customer."""

    token: str
    thread: Thread
    raw: bytes
    to: Post
    stored: bool = False


class Town:
    """Three customers, a company with one mailbox, and another company that is none of theirs.

    Each verb takes a number, which chooses among what there is, and two decisions.
    """

    def __init__(self) -> None:
        self.post, self.other = open_post(), open_post()
        self.agent = add_agent(self.post)
        self.people = [person(name) for name in NAMES]
        self.threads: list[Thread] = []
        self.written: list[Written] = []
        self.ways: list[Written] = []
        self.sent: dict[str, tuple[str, str]] = {}
        self.gone: set[str] = set()

    def _write(
        self, thread: Thread, references: tuple[str, ...], *, with_id: bool, only_references: bool, to: Post
    ) -> None:
        token, own = f"token-{len(self.written)}.", new_id() if with_id else ""
        answered = "" if only_references or not references else references[-1]
        raw = letter(thread.owner, to.address, token, id=own, references=references, reply_to_id=answered)
        mail = Written(token, thread, raw, to)
        self.written.append(mail)
        self.ways.append(mail)
        if own:
            thread.chain.append(own)

    def somebody_writes(self, which: int, with_id: bool, _: bool) -> None:
        thread = Thread(self.people[which % 3])
        self.threads.append(thread)
        self._write(thread, (), with_id=with_id or which % 2 == 0, only_references=False, to=self.post)

    def somebody_writes_again(self, which: int, with_id: bool, only_references: bool) -> None:
        """An answer to what came, or to what they wrote themselves."""
        open_ones = [thread for thread in self.threads if thread.chain]
        if open_ones:
            thread = open_ones[which % len(open_ones)]
            names = tuple(thread.chain[-18:])
            known = with_id or which % 2 == 0
            self._write(thread, names, with_id=known, only_references=only_references, to=self.post)

    def somebody_names_ids_of_others(self, which: int, many: bool, elsewhere: bool) -> None:
        """Whether these have arrived or not; at times at the other company."""
        owner = self.people[which % 3]
        theirs = [value for thread in self.threads if thread.owner != owner for value in thread.chain]
        if theirs:
            thread = Thread(owner, honest=False)
            to = self.other if elsewhere and which % 2 else self.post
            if to is self.post:
                self.threads.append(thread)
            names = tuple(dict.fromkeys(theirs[which * n % len(theirs)] for n in range(1, 4 if many else 2)))
            self._write(thread, names, with_id=True, only_references=False, to=to)
            seen["forged"] += 1

    def a_mail_arrives(self, which: int, stays: bool, late: bool) -> None:
        """Any of those on their way; one that stays comes again."""
        if self.ways:
            mail = self.ways[which % len(self.ways)]
            mail.to.store(mail.raw)
            seen["doubled"] += mail.stored
            mail.stored = True
            if not (stays and late):
                self.ways.remove(mail)

    def mails_are_taken_in(self, *_: object) -> None:
        for post in (self.post, self.other):
            post.take_in()
        self._check()

    def an_agent_answers(self, which: int, *_: object) -> None:
        found = self.post.conversations()
        if not found:
            return
        conversation = found[which % len(found)]
        with account_scope(self.post.account):
            answer = reply(conversation.pk, "Our answer", client_id=uuid4(), by=self.agent)
            mail = Mail.objects.get(message_id=answer.message)
        self.sent[mail.header_id] = (conversation.contact.email, mail.subject)
        for thread in self._threads_in(conversation.pk):
            thread.chain.append(mail.header_id)
        assert [address for _, address in mail.to] == [conversation.contact.email]
        seen["answered"] += 1

    def our_own_mail_comes_back(self, which: int, *_: object) -> None:
        if self.sent:
            header_id = sorted(self.sent)[which % len(self.sent)]
            to, subject = self.sent[header_id]
            copy = letter(self.post.address, to, "Our answer", id=header_id, subject=subject)
            (raw,) = self.post.store(copy)
            self.mails_are_taken_in()
            assert self.post.raw(raw).state in ("duplicate", "deleted")

    def a_conversation_is_deleted(self, which: int, *_: object) -> None:
        found = self.post.conversations()
        if len(found) > 2:
            conversation = found[which % len(found)].pk
            self.gone |= {
                token for token, where in self._places(self.post).items() if where == [conversation]
            }
            with account_scope(self.post.account):
                delete_conversation(conversation, by=self.agent)
            self._check(settled=False)
            seen["deleted"] += 1

    def _places(self, post: Post) -> dict[str, list[int]]:
        """By token, the conversations in which its mail stands."""
        with account_scope(post.account):
            rows = Message.objects.filter(kind="visitor").values_list("body", "conversation_id")
            found: dict[str, list[int]] = {}
            for body, conversation in rows:
                found.setdefault(body.strip(), []).append(conversation)
        return found

    def _threads_in(self, conversation: int) -> set[Thread]:
        places = self._places(self.post)
        return {mail.thread for mail in self.written if places.get(mail.token) == [conversation]}

    def _check(self, *, settled: bool = True) -> None:
        seen["checked"] += 1
        for post in (self.post, self.other):
            if settled:
                with account_scope(post.account):
                    stuck = RawMail.objects.filter(state__in=("waiting", "failed"))
                    assert list(stuck.values_list("state", "error")) == []
            self._check_one(post, settled)

    def _check_one(self, post: Post, settled: bool) -> None:
        places = self._places(post)
        contacts = {found.pk: found.contact.email for found in post.conversations()}
        mine = {mail.token: mail for mail in self.written if mail.to is post and mail.stored}
        assert not places.keys() - mine.keys()
        assert not places.keys() & self.gone
        if settled:
            assert mine.keys() - places.keys() <= self.gone
        for token, where in places.items():
            assert len(where) == 1, "a mail stands there twice"
            assert contacts[where[0]] == mine[token].thread.owner, "a mail stands in somebody else's thread"
        self._check_threads({token: where[0] for token, where in places.items()}, mine)

    def _check_threads(self, places: dict[str, int], mine: dict[str, Written]) -> None:
        together: dict[Thread, set[int]] = {}
        for token, conversation in places.items():
            together.setdefault(mine[token].thread, set()).add(conversation)
        honest = {thread: where for thread, where in together.items() if thread.honest}
        assert all(len(where) == 1 for where in honest.values()), "a thread is torn apart"
        apart = Counter(conversation for where in honest.values() for conversation in where)
        assert all(count == 1 for count in apart.values()), "two threads are one conversation"

    def end(self) -> None:
        """Whatever was on its way arrives."""
        for mail in self.ways:
            mail.to.store(mail.raw)
            mail.stored = True
        self.mails_are_taken_in()
        seen["mails"] += len(self.written)


VERBS = (
    *[Town.somebody_writes, Town.an_agent_answers, Town.somebody_names_ids_of_others] * 2,
    *[Town.somebody_writes_again, Town.mails_are_taken_in] * 3,
    *[Town.a_mail_arrives] * 5,
    Town.our_own_mail_comes_back,
    Town.a_conversation_is_deleted,
)
steps = st.tuples(st.sampled_from(VERBS), st.integers(0, 1000), st.booleans(), st.booleans())


def test_every_mail_is_once_in_the_right_conversation(database: str) -> None:
    @chosen(10, 1)
    @given(st.lists(steps, min_size=40, max_size=80))
    def any_schedule(schedule: list[tuple[Any, int, bool, bool]]) -> None:
        town = Town()
        for verb, *how in schedule:
            verb(town, *how)
        town.end()

    try:
        any_schedule()
    finally:
        sys.stdout.writelines(f"{count:>8} {what}\n" for what, count in sorted(seen.items()))
