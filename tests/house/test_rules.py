"""Every rule of seats and billing has tests of its name, and a row that says where it is kept."""

import ast
import re
from functools import cache

import pytest

from tests.house.tree import PACKAGE, ROOT, Function, document

RULES = [*(f"S{n}" for n in range(1, 15)), *(str(n) for n in range(15, 24))]
ROW = re.compile(r"^\| (S?\d+) \| ([^|]+) \| `([^`]+)` \| `([^`:]+)::(\w+)` \|$", re.MULTILINE)


def tag(rule: str) -> str:
    """What the names of a rule's tests hold: "_s1_", "_rule_15_"."""
    return f"_{rule.lower()}_" if rule.startswith("S") else f"_rule_{rule}_"


@cache
def names_in(name: str) -> frozenset[str]:
    """The names of the tests in a file, by its path in the repository."""
    tree = ast.parse(document(name))
    return frozenset(f.name for f in ast.walk(tree) if isinstance(f, Function) and f.name.startswith("test_"))


@cache
def all_tests() -> frozenset[str]:
    files = (path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset[str]().union(*map(names_in, files))


def rows() -> dict[str, tuple[str, str, str]]:
    """By rule: the module, the file of the test, and its name."""
    return {
        rule: (module, file, test) for rule, _, module, file, test in ROW.findall(document("docs/seats.md"))
    }


def test_the_table_has_each_rule_once_and_in_order() -> None:
    assert [found[0] for found in ROW.findall(document("docs/seats.md"))] == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_test_of_its_name(rule: str) -> None:
    assert any(tag(rule) in name for name in all_tests())


@pytest.mark.parametrize("rule", RULES)
def test_what_the_table_names_is_there(rule: str) -> None:
    module, file, test = rows()[rule]
    assert (PACKAGE / module).is_file()
    assert (ROOT / file).is_file()
    assert test in names_in(file)
    assert tag(rule) in test
