"""The sources as syntax trees, for rules that hold everywhere."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src/salotto"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file of the package; `name` is relative to it."""

    name: str
    tree: ast.Module

    def is_door(self, *doors: str) -> bool:
        """Whether this is `<room>/<door>.py`, or a file in `<room>/<door>/`."""
        return bool(set(doors) & set(Path(self.name).with_suffix("").parts[1:]))

    def at(self, node: ast.stmt | ast.expr) -> str:
        """Where a finding is, as `file:line`."""
        return f"src/salotto/{self.name}:{node.lineno}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package but the migrations."""
    files = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return tuple(Module(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())) for path in files)


def functions(module: Module) -> Iterator[Function]:
    """Every function and method, also nested ones."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node


def called(node: ast.AST) -> str:
    """The name of what a call calls: `f` for `f()` and `a.b.f()`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def document(name: str) -> str:
    """The text of a document, by its path in the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def templates() -> list[Path]:
    """Every template of the package."""
    found = (path for path in PACKAGE.rglob("*.*") if "templates" in path.parts)
    return sorted(path for path in found if path.suffix in {".html", ".txt"})
