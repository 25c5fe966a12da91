"""Mail under any schedule: sent, received, doubled, delayed, overtaken, forged, deleted.

Customers write with their colleagues in copy, by a list, from a second address or with a tag, to
one inbox or two, and answer what they have seen, as mail programs do. Their mails come by several
ways, in any order and any number of times, some without an id of their own; whoever likes names or
bears ids of others, also of mails that are still on their way, names others in Reply-To, writes in
their name, or uses a signed address that somebody has passed on. After each round every mail is
there once in each inbox, in the right conversation, and nobody takes part, or would get our answer,
whom nobody has let in.
"""

import sys
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from salotto.channels.email.addresses import reply_address
from salotto.channels.email.models import Mail
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import delete_conversation, reply
from tests.channels.email.post import Post, add_agent, letter, new_id, person
from tests.property.mailtown import Books, Head, Thread, Written, by_a_way, fresh_id, seen
from tests.property.profiles import chosen

NAMES = ("anna", "bruno", "eve")


class Town(Books):
    """Three customers with a home address and two colleagues each.

    Each verb takes a number, which chooses among what there is, and two decisions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.agent = add_agent(self.post)
        self.people = [person(name) for name in NAMES]
        self.circles = {
            one: [person(f"home-{name}"), person("carl"), person("dora")]
            for one, name in zip(self.people, NAMES, strict=True)
        }
        self.sent: dict[str, tuple[str, str]] = {}

    def _post(self, thread: Thread, head: Head, sender: str, *, after: Written | None = None) -> Written:
        token = self.token()
        people = self.outside((sender, *head.to, *head.cc, head.reply_to))
        answers = self.outside((*head.to, *head.cc, head.reply_to)) if head.reply_to else frozenset()
        checked = head.via or sender
        mail = Written(token, thread, head.written(token), checked, people, answers, after=after)
        if head.id:
            thread.chain.append(head.id)
        elif len(thread.inboxes) > 1:
            thread.whole = False  # where it comes late, nothing leads to it that came before
        return self.add(mail)

    def somebody_writes(self, which: int, with_id: bool, many: bool) -> None:
        """Alone or with a colleague, to one inbox or two, maybe with a tag, or by a list."""
        owner = self.people[which % 3]
        home, colleague, _ = self.circles[owner]
        kind = which // 3 % 5
        to = self.post.address.replace("@", "+orders@") if which % 7 == 0 else self.post.address
        inboxes = (self.post, self.second) if many else (self.post,)
        thread = Thread({owner: None}, inboxes, via=person("list") if kind == 4 else "")
        self.threads.append(thread)
        head = Head(
            owner,
            tuple([to] + [one.address for one in inboxes[1:]]),
            cc=(colleague,) if kind in (1, 2) else (),
            reply_to=home if kind in (2, 3) else owner if thread.via else "",
            via=thread.via,
            id=fresh_id(with_id or which % 2 == 0),
        )
        mail = self._post(thread, head, owner)
        thread.members |= dict.fromkeys(sorted(self.outside((*head.cc, head.reply_to)) - {owner}), mail)

    def somebody_writes_again(self, which: int, with_id: bool, more: bool) -> None:
        """One of a thread answers all of them, maybe with somebody new in copy."""
        open_ones = [thread for thread in self.threads if thread.chain and thread.honest]
        if not open_ones:
            return
        thread = open_ones[which % len(open_ones)]
        members = list(thread.members)
        writer = members[which // 5 % len(members)]
        others = [one for one in members if one != writer]
        dora = self.circles[members[0]][2]
        newcomer = [dora] if more and which % 4 == 0 and dora not in members and not thread.via else []
        head = Head(
            writer,
            tuple(one.address for one in thread.inboxes),
            cc=(*others, *newcomer),
            reply_to=writer if thread.via else "",
            via=thread.via,
            id=fresh_id(with_id or which % 2 == 0),
            names=tuple(thread.chain[-18:]),
            only_references=more,
        )
        mail = self._post(thread, head, writer, after=thread.members[writer])
        thread.members |= dict.fromkeys(newcomer, mail)

    def somebody_names_ids_of_others(self, which: int, many: bool, elsewhere: bool) -> None:
        """Whether these have arrived or not; at times at another inbox or the other company."""
        owner = self.people[which % 3]
        victims = [thread for thread in self.threads if thread.honest and owner not in thread.members]
        theirs = [(value, thread) for thread in reversed(victims) for value in reversed(thread.chain)]
        if not theirs:
            return
        where = (self.second, self.other)[which % 2] if elsewhere and which % 5 == 0 else self.post
        thread = Thread({owner: None}, (where,), honest=False)
        self.threads.append(thread)
        _, victim = theirs[which % min(3, len(theirs))]
        names = tuple(dict.fromkeys(theirs[(which + n) % len(theirs)][0] for n in range(3 if many else 1)))
        self._forge(thread, which // 3 % 8 % 7, owner, next(iter(victim.members)), names, many)

    def _forge(
        self, thread: Thread, kind: int, owner: str, victim: str, names: tuple[str, ...], many: bool
    ) -> None:
        """In one of seven ways; friends of the forger are in copy, and now and then the victim."""
        seen[f"forged {kind}"] += 1
        friend = self.circles[owner][1]
        to = (thread.inboxes[0].address,)
        own = names[0] if kind == 6 else new_id()
        if kind == 6:
            self._steal(own, thread.inboxes[0])
        copied = {0: (friend, victim), 1: (), 2: (friend,) if many else (), 3: (friend,)}.get(kind, (owner,))
        answered = victim if kind in (2, 3) else ""
        via = owner if kind == 3 else ""
        head = Head(owner, to, copied, answered, via, own, () if kind == 6 else names)
        mail = self._post(thread, head, owner)
        if kind == 4:
            mail.raw, mail.refuted = (
                mail.raw.replace(f"From: {owner}".encode(), b"From: " + victim.encode()),
                True,
            )
            mail.sender, mail.answers = victim, frozenset()
            mail.brings = mail.brings | {victim}
        if kind == 5:
            nobody = f"From: \nSender: {victim}".encode()
            mail.raw = mail.raw.replace(f"From: {owner}".encode(), nobody)
            mail.sender, mail.answers = "", frozenset({victim, owner})
            mail.brings = mail.brings | {victim}

    def _steal(self, value: str, post: Post) -> None:
        """The owner's mail gets an id of its own where it comes later, and what overtook it had named
        the stolen one."""
        for mail in self.written:
            late = post.mailbox.inbox_id not in mail.stored or len(mail.thread.inboxes) > 1
            if late and f"Message-ID: <{value}>".encode() in mail.raw:
                mail.thread.whole, mail.thread.robbed = False, True

    def somebody_uses_a_signed_address(self, which: int, with_id: bool, _: bool) -> None:
        """Whoever got it, or to whom it was passed on."""
        found = [one for one in self.post.conversations() if one.inbox_id == self.post.mailbox.inbox_id]
        if found:
            conversation = found[which % len(found)].pk
            writer = (*self.people, *self.circles[self.people[0]])[which // 7 % 6]
            thread = Thread(
                {writer: None}, (self.post, self.second) if which % 2 else (self.post,), honest=False
            )
            head = Head(writer, (reply_address(self.post.account, conversation),), id=fresh_id(with_id))
            self._post(thread, head, writer).signed = conversation
            seen["signed"] += 1

    def a_mail_arrives(self, which: int, stays: bool, late: bool) -> None:
        """Any of those on their way; one that stays comes again, by another way."""
        if self.ways:
            mail, post = self.ways[which % len(self.ways)]
            self._arrives(mail, post, which)
            if not (stays and late):
                self.ways.remove((mail, post))

    def _arrives(self, mail: Written, post: Post, which: int) -> None:
        inbox = post.mailbox.inbox_id
        post.store(by_a_way(mail, post, which))
        seen["doubled"] += inbox in mail.stored
        mail.stored.add(inbox)
        if mail.after is not None and inbox not in mail.after.stored:
            mail.thread.whole = False

    def mails_are_taken_in(self, *_: object) -> None:
        for post in self.posts:
            post.take_in()
        self.check()

    def an_agent_answers(self, which: int, *_: object) -> None:
        found = self.post.conversations()
        if not found:
            return
        conversation = found[which % len(found)]
        with account_scope(self.post.account):
            answer = reply(conversation.pk, "Our answer", client_id=uuid4(), by=self.agent)
            mail = Mail.objects.get(message_id=answer.message)
        self.sent[mail.header_id] = (conversation.contact.email, mail.subject)
        self.answered_in(conversation.pk, mail)
        seen["answered"] += 1

    def our_own_mail_comes_back(self, which: int, *_: object) -> None:
        if self.sent:
            header_id = list(self.sent)[which % len(self.sent)]
            to, subject = self.sent[header_id]
            copy = letter(self.post.address, to, "Our answer", id=header_id, subject=subject)
            self.mails_are_taken_in()
            with account_scope(self.post.account):
                inbox = Mail.objects.get(header_id=header_id).mailbox_id if self._is_there(header_id) else 0
            if inbox == self.post.mailbox.pk:
                (raw,) = self.post.store(copy)
                self.mails_are_taken_in()
                assert self.post.raw(raw).state in ("duplicate", "deleted")

    def _is_there(self, header_id: str) -> bool:
        return bool(Mail.objects.filter(header_id=header_id).exists())

    def a_conversation_is_deleted(self, which: int, *_: object) -> None:
        found = self.post.conversations()
        if len(found) > 2:
            conversation = found[which % len(found)].pk
            places = self.standing(self.post)
            for mail in self.written:
                inboxes = {inbox for where, inbox in places.get(mail.token, []) if where == conversation}
                self.gone |= {(mail.token, inbox) for inbox in inboxes}
                self.deleted.setdefault(conversation, set()).update([mail.thread] if inboxes else [])
                mail.thread.whole = mail.thread.whole and not (inboxes and len(mail.thread.members) > 1)
            with account_scope(self.post.account):
                delete_conversation(conversation, by=self.agent)
            self.check(settled=False)
            seen["deleted"] += 1

    def end(self) -> None:
        """Whatever was on its way arrives."""
        for number, (mail, post) in enumerate(self.ways):
            self._arrives(mail, post, number)
        self.mails_are_taken_in()
        seen["mails"] += len(self.written)


VERBS = (
    *[Town.somebody_writes, Town.an_agent_answers] * 2,
    *[Town.somebody_writes_again, Town.mails_are_taken_in, Town.somebody_names_ids_of_others] * 3,
    *[Town.a_mail_arrives] * 6,
    Town.somebody_uses_a_signed_address,
    Town.our_own_mail_comes_back,
    Town.a_conversation_is_deleted,
)
steps = st.tuples(st.sampled_from(VERBS), st.integers(0, 1000), st.booleans(), st.booleans())


def test_every_mail_is_once_in_the_right_conversation(database: str, settings: Any) -> None:
    settings.MAIL_DOMAIN = "in.salotto.example"

    @chosen(12, 1)
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
