"""Installations: one that was prepared once, and copies of it for tests that break things."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.config.installation import Installation, new_data


@pytest.fixture(scope="module")
def prepared() -> Iterator[Path]:
    """The data directory of an installation that is up to date and does not run."""
    data = new_data()
    first = Installation(data)
    try:
        assert first.run("migrate").await_exit() == 0, first.commands[0].output
        yield data
    finally:
        first.close()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def copies(prepared: Path) -> Iterator[Callable[..., Installation]]:
    """Makes copies of the prepared installation; they end with the test."""
    made: list[Installation] = []

    def copy(uid: int | None = None, below: str = "") -> Installation:
        data = new_data() / below
        data.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", f"{prepared}/.", str(data)], check=True)
        if uid is not None:
            subprocess.run(["chown", "-R", f"{uid}:{uid}", str(data)], check=True)
        made.append(Installation(data, uid))
        return made[-1]

    yield copy
    for each in made:
        each.close()
        shutil.rmtree(each.data, ignore_errors=True)


@pytest.fixture
def installation(copies: Callable[..., Installation]) -> Installation:
    """A copy of the prepared installation, not running."""
    return copies()


@pytest.fixture
def empty() -> Iterator[Callable[..., Installation]]:
    """Makes installations on empty directories; they end with the test."""
    made: list[Installation] = []

    def make() -> Installation:
        made.append(Installation(new_data()))
        return made[-1]

    yield make
    for each in made:
        each.close()
        shutil.rmtree(each.data, ignore_errors=True)
