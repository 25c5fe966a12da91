"""Every sentence that reading a mail may note can be said in the reader's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

from salotto.channels import email
from salotto.channels.email import hints
from salotto.channels.email.actions import records
from salotto.channels.email.letters import DOUBTS
from salotto.channels.email.mime import parse
from salotto.channels.email.mime.parsed import SEVERAL
from tests.channels.email.mime.broken import corpus

ROOM = Path(email.__file__).parent


def noted() -> Iterator[str]:
    """What the sources note, with a word for what they fill in."""
    for file in (ROOM / "mime").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        named = {_name(each.targets[0]): each.value for each in nodes if isinstance(each, ast.Assign)}
        named.pop("", None)
        for call in nodes:
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "note"
            ):
                yield _sentence(named.get(_name(call.args[0]), call.args[0]))
    for each in ast.walk(ast.parse(Path(records.__file__).read_text())):
        if isinstance(each, ast.Yield) and isinstance(each.value, ast.Constant):
            yield _sentence(each.value)
    for each in ast.walk(ast.parse((ROOM / "letters.py").read_text())):
        if isinstance(each, ast.Assign) and _name(each.targets[0]) == "problem":
            yield _sentence(each.value)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _sentence(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_sentence(value) for value in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "word"


def test_every_sentence_of_the_sources_has_a_form() -> None:
    found = set(noted())
    assert len(found) > 35
    found = found - {"word"} | {SEVERAL}  # which has a name, since it is more than a hint
    assert [sentence for sentence in sorted(found) if not hints.form_of(sentence)[0]] == []


def test_what_the_corpus_has_noted_is_said_with_all_that_is_in_it() -> None:
    found = {problem for raw in corpus() for problem in parse(raw).problems}
    assert len(found) > 20
    with translation.override("en"):
        assert {problem: hints.said(problem) for problem in found} == {problem: problem for problem in found}


def test_what_is_filled_in_may_be_anything() -> None:
    hint = "The date “100% (x)s\n%(charset)s” cannot be read."
    assert hints.form_of(hint) == ("The date “%(date)s” cannot be read.", {"date": "100% (x)s\n%(charset)s"})
    assert hints.said(hint) == hint


def test_a_sentence_without_a_form_stays_as_it_is() -> None:
    assert hints.said("Something of an older version: 100%") == "Something of an older version: 100%"
    assert {hints.form_of(doubt)[0] for doubt in DOUBTS if doubt != SEVERAL} == {""}
