"""The demo's conversations as they are written down."""

from datetime import timedelta

import pytest

from salotto.demo.cast import player
from salotto.demo.script import read, span, talks


def test_there_are_forty_in_two_languages() -> None:
    found = talks()
    assert len(found) == 40
    assert {talk.language for talk in found} == {"en", "it"}


def test_everyone_who_acts_is_of_the_cast() -> None:
    steps = [step for talk in talks() for step in talk.steps if step.who]
    assert [step for step in steps if player(step.who) is None] == []
    assert [s for s in steps if s.what == "assigns" and player(s.text) is None] == []


def test_every_conversation_begins_with_its_contact() -> None:
    assert {talk.steps[0].what for talk in talks()} == {"asks"}


def test_a_script_is_read_line_by_line() -> None:
    text = "# Anna Rossi <a@b.example> 3h\n> Ciao\n... 2h\nsara: Buongiorno\n"
    text += "sara* gentile\nsara = marco\nmarco done"
    (talk,) = read(text, "it")
    assert (talk.name, talk.email, talk.ago) == ("Anna Rossi", "a@b.example", timedelta(hours=3))
    assert [step.what for step in talk.steps] == ["asks", "answers", "notes", "assigns", "completes"]
    assert talk.steps[1].gap == timedelta(hours=2)
    assert talk.length() > timedelta(hours=2)


def test_a_contact_may_have_no_name() -> None:
    (talk,) = read("# 4d\n> hi", "en")
    assert (talk.name, talk.email) == ("", "")


@pytest.mark.parametrize("text", ["> before any contact", "# A 1h\nnonsense"])
def test_a_line_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="conversation"):
        list(read(text, "en"))


def test_time_is_written_short() -> None:
    assert [span(s) for s in ("5m", "2h", "3d")] == [
        timedelta(minutes=5),
        timedelta(hours=2),
        timedelta(days=3),
    ]
