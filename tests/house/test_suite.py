"""The suite has one database, and every process of a test reads it."""

import ast

import pytest

from tests.house.tree import ROOT, Function

OTHERS = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def own_database(tree: ast.Module) -> list[str]:
    """What asks pytest-django for its own database and a rollback: its mark and its fixtures."""
    nodes = list(ast.walk(tree))
    marks = [n.attr for n in nodes if isinstance(n, ast.Attribute) and n.attr == "django_db"]
    taken = [a.arg for n in nodes if isinstance(n, Function) for a in n.args.args if a.arg in OTHERS]
    asked = [a.value for n in nodes if isinstance(n, ast.Call) for a in n.args if isinstance(a, ast.Constant)]
    return marks + taken + [name for name in asked if name in OTHERS]


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.django_db\ndef test(): ...",
        "pytestmark = pytest.mark.django_db(transaction=True)",
        "def test(db): ...",
        "def test(cast, transactional_db): ...",
        "@pytest.mark.usefixtures('db')\ndef test(): ...",
    ],
)
def test_the_rule_knows_what_it_forbids(source: str) -> None:
    assert own_database(ast.parse(source))


def test_no_test_asks_for_another_database() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): own_database(ast.parse(path.read_text()))
        for path in (ROOT / "tests").rglob("*.py")
        if path.name != "test_suite.py" or path.parent.name != "house"
    }
    assert {name: names for name, names in found.items() if names} == {}
