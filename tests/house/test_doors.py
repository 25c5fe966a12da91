"""Each kind of work has one place: writes in actions, reads in queries, views thin."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.house.tree import Module, called, modules

QUERY_METHODS = {
    "filter",
    "exclude",
    "annotate",
    "select_related",
    "values_list",
    "bulk_create",
    "raw",
    "extra",
}
SCOPES = {"account_scope", "all_accounts"}
SELF_TEST = "config/check.py"  # sends itself an event of no account


@cache
def account_models() -> set[str]:
    """The names of the models whose rows belong to an account."""
    return {
        node.name
        for module in modules()
        if module.is_door("models")
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        and any(getattr(base, "id", "") == "AccountModel" for base in node.bases)
    }


def reaches_the_database(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        imported = node.module if isinstance(node, ast.ImportFrom) else ""
        if (imported or "").startswith(("django.db", "psycopg")) and "errors" not in (imported or ""):
            if any(name.name not in {"AsyncConnectionPool", "AsyncConnection"} for name in node.names):
                yield f"{module.at(node)} imports from {imported}"
        elif isinstance(node, ast.Attribute) and node.attr == "objects":
            yield f"{module.at(node)} uses .objects"
        elif called(node) in QUERY_METHODS:
            yield f"{module.at(node)} calls .{called(node)}()"


def outside_a_scope(node: ast.AST, within: bool = False) -> Iterator[ast.Attribute]:
    """Uses of `<account model>.objects` that no `with account_scope(…)` surrounds."""
    if isinstance(node, (ast.With, ast.AsyncWith)):
        within = within or any(called(item.context_expr) in SCOPES for item in node.items)
    if isinstance(node, ast.Attribute) and node.attr == "objects" and not within:
        yield from [node] if getattr(node.value, "id", "") in account_models() else []
    for child in ast.iter_child_nodes(node):
        yield from outside_a_scope(child, within)


def test_views_and_endpoints_leave_the_database_to_actions_and_queries() -> None:
    found = [
        line
        for module in modules()
        if module.is_door("views", "endpoints")
        for line in reaches_the_database(module)
    ]
    assert found == []


def test_events_are_emitted_by_actions_only() -> None:
    found = [
        module.at(node)
        for module in modules()
        if not module.is_door("actions", "receivers")  # a receiver runs inside a lower room's action
        and module.name != SELF_TEST
        for node in ast.walk(module.tree)
        if called(node) == "emit"
    ]
    assert found == []


def test_rows_of_an_account_are_touched_by_actions_and_queries_or_in_a_visible_scope() -> None:
    doors = ("actions", "queries", "receivers", "locking", "upkeep", "invited")
    found = [
        module.at(node)
        for module in modules()
        if not module.is_door(*doors)
        for node in outside_a_scope(module.tree)
    ]
    assert found == []


def test_the_rule_about_scopes_sees_an_offender() -> None:
    source = "with account_scope(1):\n    Contact.objects.get()\nContact.objects.get()"
    assert [node.lineno for node in outside_a_scope(ast.parse(source))] == [3]


def test_no_room_reads_the_environment_but_the_options() -> None:
    allowed = {"config/options.py"}
    found = [
        module.at(node)
        for module in modules()
        if module.name not in allowed and not module.name.startswith(("cli/", "core/postgres/"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert found == []
