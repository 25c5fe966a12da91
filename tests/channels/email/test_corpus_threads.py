"""Every mail of the corpus ends in the conversation that a person has written down.

`tests/corpus/threads/expected.json` names the mails of five threads in the order in which they
come, with how each continues: `{}` begins a conversation, `of` joins that of another mail, `linked`
begins one that is linked with it, `same` is that mail once more. The mails of `tests/corpus/mail`
come from many people who answer nothing that is there: each begins one of its own.
"""

import json
import random
from pathlib import Path
from typing import Any

from salotto.channels.email.models import RawMail
from tests.channels.email.mime.broken import CORPUS
from tests.channels.email.post import Post, open_post

THREADS = CORPUS.parent / "threads"
EXPECTED: dict[str, dict[str, str]] = json.loads((THREADS / "expected.json").read_text())
SINGLE = sorted(path.stem for path in CORPUS.glob("*.eml"))


def content(name: str, folder: Path = THREADS) -> bytes:
    return (folder / f"{name}.eml").read_bytes()


def ends(raws: dict[str, RawMail], post: Post) -> dict[str, dict[str, str]]:
    """What became of each, in the words of the manifest; the first mail of a conversation names it."""
    first: dict[int | None, str] = {}
    found: dict[str, dict[str, str]] = {}
    by_message: dict[int | None, str] = {}
    for name, raw in raws.items():
        begun = raw.conversation_id not in first
        began = first.setdefault(raw.conversation_id, name)
        linked = post.conversation(raw.conversation_id).linked_id if begun else None
        if raw.state == "duplicate":
            found[name] = {"same": by_message[raw.message_id]}
        elif begun:
            found[name] = {"linked": first[linked]} if linked else {}
        else:
            found[name] = {"of": began}
        by_message.setdefault(raw.message_id, name)
    return found


def receive(post: Post, names: list[str]) -> dict[str, RawMail]:
    return dict(zip(names, post.receive(*map(content, names)), strict=True))


def test_the_manifest_names_every_mail_of_the_threads() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in THREADS.glob("*.eml"))


def test_each_mail_of_a_thread_ends_where_a_person_expects_it() -> None:
    post = open_post(address="help@shop.example")
    assert ends(receive(post, list(EXPECTED)), post) == EXPECTED


def test_one_by_one_they_end_there_too() -> None:
    post = open_post(address="help@shop.example")
    raws = {name: post.receive(content(name))[0] for name in EXPECTED}
    assert ends(raws, post) == EXPECTED


def together(raws: dict[str, RawMail]) -> set[frozenset[str]]:
    """Which mails stand in one conversation."""
    found: dict[Any, set[str]] = {}
    for name, raw in raws.items():
        found.setdefault(raw.conversation_id, set()).add(name)
    return set(map(frozenset, found.values()))


def test_in_any_order_of_arrival_the_threads_do_not_mix() -> None:
    chance = random.Random(4)
    begins = {name: name.partition("-")[0] for name in EXPECTED}
    for _ in range(5):
        names = chance.sample(list(EXPECTED), len(EXPECTED))
        for group in together(receive(open_post(address="help@shop.example"), names)):
            assert len({begins[name] for name in group}) == 1


def test_mails_that_answer_nothing_begin_a_conversation_each() -> None:
    post = open_post(address="help@shop.example")
    ids = post.store(*(content(name, CORPUS) for name in SINGLE))
    while post.take_in().done:  # each time for some seconds at most
        continue
    raws = dict(zip(SINGLE, map(post.raw, ids), strict=True))
    assert {raw.state for raw in raws.values()} == {"done"}
    assert all(raw.message_id is not None for raw in raws.values())
    shared = {group for group in together(raws) if len(group) > 1}
    assert shared == {frozenset({"blank-line-first", "ids-several"})}
