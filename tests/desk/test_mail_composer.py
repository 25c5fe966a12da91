"""What a composer says before a mail is written: who would not get it, whom mail does not reach, and
what will stand below."""

from typing import Any
from uuid import uuid4

import pytest

from salotto.channels.email.models import Mail
from salotto.channels.email.queries.composer import Answer, answer_to
from salotto.channels.email.queries.lost import lost_at
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.post import Post, letter, new_id, person
from tests.desk.mails import answer, came, fares, mail_of, open_box, write_to


def begins(cast: Cast, conversation: int) -> Answer:
    with account_scope(cast.account.pk):
        found = answer_to(conversation, cast.agent)
    assert found is not None
    return found


def is_lost(cast: Cast, message: int, address: str, state: str = "bounced", again: bool = False) -> None:
    """A server would not have it for this address."""
    fares(cast, message, state, "550 5.1.1 Nobody here")
    with account_scope(cast.account.pk):
        kept = [{"address": address, "words": "550 5.1.1 Nobody here", "again": again}]
        Mail.objects.filter(message_id=message).update(problems=kept)


def capo_answers(post: Post, bianca: str, capo: str, **headers: Any) -> int:
    """Bianca writes with Capo in copy, who answers to the inbox alone."""
    first = new_id()
    conversation, _ = came(post, letter(f"Bianca Verri <{bianca}>", post.address, Cc=capo, id=first))
    came(post, letter(f"Capo <{capo}>", post.address, "Please hurry", reply_to_id=first, **headers))
    return conversation


def test_who_took_part_and_would_not_get_the_answer_is_named(cast: Cast) -> None:
    bianca, capo = person("bianca"), person("capo")
    conversation = capo_answers(open_box(cast), bianca, capo)
    assert begins(cast, conversation).left_out == (("Bianca Verri", bianca),)
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert "Bianca Verri is not in copy" in shown and "Add to Cc" in shown
    answer(cast, conversation, to=(capo,), cc=(bianca,))
    told = begins(cast, conversation)
    assert told.left_out == () and told.people.cc == (("", bianca),)


def test_nobody_is_missed_who_gets_it_or_wants_answers_elsewhere(cast: Cast) -> None:
    post, shop, buyer = open_box(cast), person("shop"), person("buyer")
    conversation, _ = came(post, letter(f"Shop <{shop}>", post.address, Reply_To=f"Buyer <{buyer}>"))
    told = begins(cast, conversation)
    assert told.people.to == (("Buyer", buyer),) and told.left_out == ()


def test_who_was_only_in_bcc_is_named_to_nobody(cast: Cast) -> None:
    post, peter, chef, anna = open_box(cast), person("peter"), person("chef"), person("anna")
    conversation, _ = write_to(post, sender=peter)
    last = mail_of(cast, answer(cast, conversation, to=(peter,), cc=(anna,), bcc=(chef,))).header_id
    came(post, letter(peter, post.address, "Thanks", reply_to_id=last))
    page = f"/a/{cast.slug}/inbox/all/{conversation}/"
    told = begins(cast, conversation)
    assert told.people.to == (("", peter),) and told.left_out == (("", anna),) and told.apart == ()
    assert "Add to Cc" in (shown := cast.client(cast.agent).get(page).content.decode())
    assert f'data-left-out="{anna}"' in shown
    came(post, letter(chef, post.address, "For you alone", reply_to_id=last))
    told = begins(cast, conversation)
    assert told.people.to == (("", chef),) and told.apart == (chef,), "nobody is to be added beside them"
    assert {one[1] for one in told.left_out} == {peter, anna}
    shown = cast.client(cast.agent).get(page).content.decode()
    assert 'aria-describedby="mail-left-out" hidden' in shown
    came(post, letter(chef, f"{post.address}, {peter}", "Now openly", reply_to_id=last))
    came(post, letter(peter, post.address, "Oh", reply_to_id=last))
    assert {one[1] for one in begins(cast, conversation).left_out} == {chef, anna}


def test_a_contact_in_bcc_is_not_put_beside_those_in_cc(cast: Cast) -> None:
    peter, anna = person("peter"), person("anna")
    conversation, _ = write_to(open_box(cast), sender=peter)
    answer(cast, conversation, to=(), cc=(anna,), bcc=(peter,))
    told = begins(cast, conversation)
    assert told.people.addresses == (anna,) and told.left_out == ()


@pytest.mark.parametrize(
    ("state", "again", "said"),
    [
        ("bounced", False, "came back on"),
        ("sent", False, "was refused on"),
        ("sent", True, ""),
        ("queued", False, ""),
    ],
)
def test_an_address_that_our_last_mail_did_not_reach_is_marked(
    cast: Cast, state: str, again: bool, said: str
) -> None:
    anna = person()
    conversation, _ = write_to(open_box(cast), sender=f"Anna <{anna}>")
    is_lost(cast, answer(cast, conversation), anna, state, again)
    told = begins(cast, conversation)
    assert [one.address for one in told.lost] == ([anna] if said else [])
    assert told.people.to == (("Anna", anna),)
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
    assert (f"Mail to {anna} {said}" in shown) is bool(said)


def test_a_mail_that_arrived_since_takes_the_mark_away(cast: Cast) -> None:
    anna = person()
    conversation, _ = write_to(open_box(cast), sender=anna)
    is_lost(cast, answer(cast, conversation), anna)
    fares(cast, answer(cast, conversation, "Once more"), "sent")
    assert begins(cast, conversation).lost == ()


def test_only_the_one_of_several_who_did_not_get_it_is_marked(cast: Cast) -> None:
    anna, bo = person(), person("bo")
    conversation, _ = write_to(open_box(cast), sender=anna)
    is_lost(cast, answer(cast, conversation, to=(anna,), cc=(bo,)), bo)
    assert [one.address for one in begins(cast, conversation).lost] == [bo]
    with account_scope(cast.account.pk):
        assert [one.address for one in lost_at([anna, bo])] == [bo], "in a new message as well"


def test_a_mail_that_never_left_says_nothing_of_its_address(cast: Cast) -> None:
    anna = person()
    conversation, _ = write_to(open_box(cast), sender=anna)
    fares(cast, answer(cast, conversation), "failed", "the server cannot be reached")
    assert begins(cast, conversation).lost == ()


def test_a_new_message_knows_the_address_from_other_conversations_of_the_account_only(cast: Cast) -> None:
    anna = person()
    conversation, _ = write_to(open_box(cast), sender=anna)
    message = answer(cast, conversation)
    is_lost(cast, message, anna)
    url = f"/a/{cast.slug}/mail/people/?to={anna.upper()}+bo@example.com"
    [told] = cast.client(cast.agent).get(url).json()["lost"]
    assert told["said"].startswith(f"Mail to {anna.upper()} came back on") and "5.1.1" in told["words"]
    lists = {"to": f"bo@example.com\n{anna}", "subject": "News", "body": "Hello", "key": str(uuid4())}
    many = {**lists, "mailbox": str(mail_of(cast, message).mailbox_id)}
    checked = cast.client(cast.agent).post(f"/a/{cast.slug}/mail/many/", many).content.decode()
    assert checked.count(f"Mail to {anna} came back on") == 1
    outsider = cast.client(cast.outsider)
    assert outsider.get(url.replace(cast.slug, cast.outsider.account.slug)).json()["lost"] == []
    with account_scope(cast.account.pk):
        assert lost_at([anna])[0].at == mail_of(cast, message).changed_at and lost_at([]) == []


def test_the_signature_that_will_stand_below_is_shown(cast: Cast) -> None:
    post = open_box(cast, signature="{agent}\n{company}", company="Bottega")
    conversation, _ = write_to(post)
    client, name = cast.client(cast.agent), cast.agent.user.name
    for page in (f"inbox/all/{conversation}/", "mail/new/"):
        shown = client.get(f"/a/{cast.slug}/{page}").content.decode()
        assert f"Signature: {name}" in shown and f"{name}\nBottega</div>" in shown
    conversation, _ = write_to(open_box(cast, name="Bare"))
    assert "Signature" not in client.get(f"/a/{cast.slug}/inbox/all/{conversation}/").content.decode()
