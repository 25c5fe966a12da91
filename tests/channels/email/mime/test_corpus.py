"""Every mail of the corpus is read as its expectation says, which a person has written.

`tests/corpus/mail/<name>.json` holds what matters of that mail, in the words of `salotto email
inspect`; what it does not name is not compared. `html_contains` lists pieces of the safe HTML.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from salotto.channels.email.mime import parse
from salotto.cli.email import tell
from tests.channels.email.mime.broken import CORPUS, check, corpus

NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_of_the_corpus_is_read_as_expected(name: str) -> None:
    wanted = expected(name)
    told = tell(parse((CORPUS / f"{name}.eml").read_bytes()))
    pieces = wanted.pop("html_contains", [])
    assert {key: told[key] for key in wanted} == wanted
    assert [piece for piece in pieces if piece not in told["html"]] == []


def test_the_corpus_is_large_and_complete() -> None:
    assert len(NAMES) >= 120
    assert sorted(path.stem for path in Path(CORPUS).glob("*.json")) == NAMES


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_a_mail_that_was_saved_in_two_bytes_a_sign_is_read_like_the_mail(charset: str) -> None:
    raw = (CORPUS / "alternative.eml").read_text()
    saved, told = tell(parse(f"\ufeff{raw}".encode(charset))), tell(parse(raw.encode()))
    (problem,) = saved.pop("problems")
    assert "UTF-16" in problem
    assert saved == {key: told[key] for key in saved}


def test_line_ends_make_no_difference() -> None:
    for raw in corpus():
        if b"\r" in raw or b"base64" in raw.lower() or b"\n \n" in raw[:9]:
            continue
        unix, network = check(raw), check(raw.replace(b"\n", b"\r\n"))
        assert (unix.text, unix.visible, unix.subject) == (network.text, network.visible, network.subject)
