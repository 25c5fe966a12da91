"""Visitors' tokens: only genuine ones are read, and only those are remembered."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from salotto.channels.web import tokens
from salotto.core.limits import HeldLimit


def test_a_token_reads_as_it_was_issued() -> None:
    for key in ("demo", "a-site_key12"):
        token, visitor = tokens.issue(key)
        assert tokens.read(token) == visitor == tokens.read(token)
        assert visitor.site_key == key


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: token.upper(),
        lambda token: "x" + token,
        lambda token: token.replace(".", "..", 1),
        lambda token: token.replace(token.split(".")[1], uuid4().hex),
        lambda token: token[:-1] + "é",
        lambda token: token * 1000,
        lambda token: "." * 1000,
    ],
)
def test_a_forged_token_is_nobodys_and_is_not_remembered(change: Callable[[str], str]) -> None:
    token, _ = tokens.issue("demo")
    before = tokens._verified.cache_info().currsize
    assert tokens.read(change(token)) is None
    assert tokens._verified.cache_info().currsize == before


def test_nothing_is_remembered_of_who_holds_nothing() -> None:
    limit = HeldLimit(2)
    assert [limit.take("a"), limit.take("a"), limit.take("a"), limit.take("b")] == [True, True, False, True]
    for key in "aab":
        limit.give_back(key)
    assert limit._held == {}
