"""Every dependency is pinned, so that an installation of today is one of tomorrow."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import document


def pins() -> dict[str, str]:
    lines = document("constraints.txt").splitlines()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def needed(name: str, extras: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]) -> set[str]:
    """The names of everything that a distribution pulls in on this machine."""
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    found = {name}
    for text in distribution(name).requires or []:
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found |= needed(canonicalize_name(wanted.name), tuple(sorted(wanted.extras)), seen)
    return found


def test_constraints_hold_only_exact_versions() -> None:
    lines = document("constraints.txt").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line)] == []
    assert list(pins()) == sorted(pins())
    assert len(pins()) == len(lines)


def test_every_dependency_is_pinned() -> None:
    assert needed("salotto", ("test",), set()) - {"salotto"} - set(pins()) == set()


def test_the_build_is_pinned_too() -> None:
    wanted = tomllib.loads(document("pyproject.toml"))["build-system"]["requires"]
    given = {canonicalize_name(name): version for name, version in (one.split("==") for one in wanted)}
    assert "hatchling" in given
    assert given == {name: pins().get(name) for name in given}


def test_what_is_installed_is_what_is_pinned() -> None:
    other = {}
    for name, version in pins().items():
        try:
            installed = distribution(name).version
        except PackageNotFoundError:
            continue  # of another platform
        if installed != version:
            other[name] = installed
    assert other == {}
