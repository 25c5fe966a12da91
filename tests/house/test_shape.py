"""Small functions, small files, exact docstrings."""

import ast
import statistics

from tests.house.tree import PACKAGE, ROOT, Function, functions, modules

SOURCES = {".py", ".html", ".txt", ".css", ".js", ".sql"}


def length(function: Function) -> int:
    """Lines of a function without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    first = body[0].lineno if body else function.lineno
    last = function.end_lineno or first
    return last - first + 2  # and its first line


def public(module_tree: ast.Module) -> list[Function | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in module_tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def untyped(function: Function) -> bool:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return function.returns is None or any(
        one.annotation is None for one in given if one.arg not in {"self", "cls"}
    )


def test_no_file_has_more_than_500_lines() -> None:
    folders = [PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "scripts"]
    files = (path for folder in folders for path in folder.rglob("*") if path.suffix in SOURCES)
    long = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > 500} == {}


def test_the_median_function_is_short() -> None:
    assert statistics.median(length(f) for module in modules() for f in functions(module)) < 10


def test_every_function_is_typed() -> None:
    assert [m.at(f) for m in modules() for f in functions(m) if untyped(f)] == []


def test_every_public_function_and_class_says_what_it_is() -> None:
    found = [
        f"{module.at(node)} {node.name}"
        for module in modules()
        if not module.name.endswith("/apps.py")
        for node in public(module.tree)
        if not ast.get_docstring(node)
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    found = [
        module.name
        for module in modules()
        if module.tree.body and not module.name.endswith("/apps.py") and not ast.get_docstring(module.tree)
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    folders = [PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "scripts"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in SOURCES]
    assert [path.name for path in files if any(word in path.read_text() for word in words)] == []
