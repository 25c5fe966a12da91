"""The password of the demo: made once, whole, for its owner's eyes."""

import os
from functools import partial
from pathlib import Path

import pytest

from salotto.demo.cast import password
from tests.threads import at_once


def test_the_password_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = password(tmp_path)
    assert first.startswith("serena-") and password(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["demo.password"]
    assert (tmp_path / "demo.password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", ["", "\n"])
def test_an_empty_file_counts_as_missing(left: str, tmp_path: Path) -> None:
    (tmp_path / "demo.password").write_text(left)
    assert password(tmp_path).startswith("serena-")


def test_interrupted_it_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", interrupted)
        with pytest.raises(KeyboardInterrupt):
            password(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert password(tmp_path).startswith("serena-")


def test_two_that_begin_at_once_have_one_password(tmp_path: Path) -> None:
    assert len(set(at_once(*[partial(password, tmp_path)] * 8))) == 1
