"""Status lines in words: who, whom, in the reader's language."""

from typing import Any

import pytest
from django.utils.translation import override

from salotto.desk.lines import in_words, users_in

SARA, MARCO, GIULIA = 1, 2, 3
NAMES = {SARA: "Sara", MARCO: "Marco", GIULIA: "Giulia"}


def line(data: dict[str, Any], author: int | None, reader: int) -> str:
    return in_words(data, author=author, author_name=NAMES.get(author or 0, ""), reader=reader, names=NAMES)


@pytest.mark.parametrize(
    ("author", "to", "reader", "words"),
    [
        (SARA, SARA, GIULIA, "Sara took this over"),
        (SARA, SARA, SARA, "You took this over"),
        (GIULIA, MARCO, SARA, "Giulia assigned this to Marco"),
        (GIULIA, MARCO, GIULIA, "You assigned this to Marco"),
        (GIULIA, MARCO, MARCO, "Giulia assigned this to you"),
        (None, MARCO, SARA, "This was assigned to Marco"),
        (None, MARCO, MARCO, "This was assigned to you"),
        (GIULIA, 99, SARA, "Giulia assigned this to a former colleague"),
    ],
)
def test_an_assignment_says_who_and_whom(author: int | None, to: int, reader: int, words: str) -> None:
    assert line({"what": "assigned", "to": to}, author, reader) == words


@pytest.mark.parametrize(
    ("what", "author", "words"),
    [
        ("done", SARA, "Sara completed this"),
        ("done", None, "This was completed"),
        ("reopened", SARA, "Sara opened this again"),
        ("reopened", None, "Open again: the contact wrote"),
        ("unassigned", SARA, "Sara gave this back to everyone"),
        ("unassigned", None, "This has no owner now"),
        (
            *("by_mail", None),
            "This goes on by email. Whoever writes in the chat again begins another conversation,"
            " as nobody has proven that the address is theirs.",
        ),
        (
            *("sequel", None),
            "The earlier chat of this visitor goes on by email. Nobody has proven that its address is"
            " theirs, so repeat nothing here of what came by mail.",
        ),
        ("something newer", SARA, "This conversation changed"),
    ],
)
def test_other_changes_say_who(what: str, author: int | None, words: str) -> None:
    assert line({"what": what}, author, GIULIA) == words


def test_a_line_is_in_the_readers_language() -> None:
    english = line({"what": "done"}, SARA, GIULIA)
    with override("it"):
        assert line({"what": "done"}, SARA, GIULIA) != english


def test_a_line_names_only_whom_it_was_assigned_to() -> None:
    assert users_in({"what": "assigned", "to": 5}) == {5}
    assert users_in({"what": "done"}) == users_in({"what": "assigned", "to": "5"}) == set()
