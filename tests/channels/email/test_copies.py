"""One mail by two ways is one, however the ways mark it; and no mail hides another."""

import tracemalloc
from hashlib import sha256
from itertools import permutations

import pytest

from salotto.channels.email.letters import alike, body_digest, fingerprint
from salotto.channels.email.mime import parse
from salotto.channels.email.models import RawMail
from salotto.channels.email.threading import is_same
from tests.channels.email.post import Post, letter, new_id, open_post, person

LIST = b"List-Id: <all.shop.example>\n"
FOOTER = b"\n_______________________\nTo leave this list: https://lists.example/leave\n"


@pytest.fixture
def post() -> Post:
    return open_post()


def shown(post: Post) -> list[str]:
    return [body for found in post.conversations() for body in post.bodies(found.pk)]


def states(raws: list[RawMail]) -> list[str]:
    return [raw.state for raw in raws]


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("Re: Offer", "[EXTERN] Re: Offer"),
        ("Re: Offer", "Re: [Shop] Offer"),
        ("Offer", "[EXT] [Shop-List] Offer"),
        ("[Shop] Offer", "[EXTERN] [Shop] Offer"),
        ("Offer", "[Shop]  Offer"),
    ],
)
def test_a_copy_with_a_mark_before_its_subject_is_the_same_mail(post: Post, said: str, marked: str) -> None:
    for one, other in permutations((said, marked)):
        anna, value = person(), new_id()
        mails = [letter(anna, post.address, id=value, subject=subject) for subject in (one, other)]
        assert states(post.receive(*mails)) == ["done", "duplicate"]


def test_a_marked_copy_that_says_something_else_is_another_mail(post: Post) -> None:
    anna, value = person(), new_id()
    mails = [letter(anna, post.address, text, id=value, subject=f"[{text}] A") for text in ("One", "Two")]
    assert states(post.receive(*mails)) == ["done", "done"]


@pytest.mark.parametrize("first", [0, 1])
def test_a_list_s_copy_with_its_mark_and_footer_is_the_same_mail(post: Post, first: int) -> None:
    mail = letter(person(), post.address, "My question\n\n-- \nAnna", id=new_id(), subject="Offer")
    listed = LIST + mail.replace(b"Subject: ", b"Subject: [Shop] ") + FOOTER
    mails = [mail, listed] if first == 0 else [listed, mail]
    assert states(post.receive(*mails)) == ["done", "duplicate"]


@pytest.mark.parametrize(
    "forged", ["Pay to this account", "My question is", "My question is another one, no?"]
)
@pytest.mark.parametrize("marked", [b"", LIST])
def test_a_copy_with_other_words_hides_no_mail_that_comes_after_it(
    post: Post, forged: str, marked: bytes
) -> None:
    anna, value = person(), new_id()
    real = letter(anna, post.address, "My question is another one", id=value)
    raws = post.receive(LIST + letter(anna, post.address, forged, id=value), marked + real, marked + real)
    assert states(raws) == ["done", "done", "duplicate"]
    assert sorted(shown(post)) == sorted([forged, "My question is another one"])


def test_a_long_text_below_a_line_is_no_footer(post: Post) -> None:
    anna, value = person(), new_id()
    real = letter(anna, post.address, "Hello\n---\n" + "My real question. " * 100, id=value)
    raws = post.receive(LIST + letter(anna, post.address, "Hello", id=value), LIST + real)
    assert states(raws) == ["done", "done"]


def test_a_text_of_many_words_is_known_by_all_of_them_and_takes_little_memory() -> None:
    words = "Montag um " * 100_000
    mail = parse(letter("anna@customer.example", "us@shop.example", words))
    tracemalloc.start()
    said = fingerprint(mail, "0" * 64)[24:44]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said == sha256(words.replace(" ", "").encode()).hexdigest()[:20]
    assert peak < 6_000_000  # a list of its words would take three times as much


def test_what_was_kept_of_a_mail_by_an_earlier_version_still_tells_it() -> None:
    """Its subject with the marks; of a list's copy nothing of its words."""
    raw = letter("anna@customer.example", "us@shop.example", subject="[Shop] Offer")
    mail = parse(raw)
    once = sha256(b"anna@customer.example\n2026-11-20T09:00:00+00:00\n[Shop] Offer").hexdigest()[:24]
    now, before = alike(mail, body_digest(raw))
    assert now == fingerprint(mail, body_digest(raw))
    assert before == once + now[24:] != now
    assert is_same(once + "0" * 40, before)
    assert not is_same(now, before)
