"""What a reader needs is written down, and nothing that is gone."""

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from salotto.cli.arguments import parser
from salotto.config.options import ELSEWHERE, Options
from tests.house.tree import PACKAGE, ROOT, called, document, modules

ROUTE = re.compile(r"\(\?P<(\w+)>[^)]*\)")


def pages(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """The address of every page, as `/a/<slug>/inbox/`."""
    for entry in resolver.url_patterns:
        address = prefix + ROUTE.sub(r"<\1>", str(entry.pattern)).lstrip("^").removesuffix("$").removesuffix(
            "\\Z"
        )
        if isinstance(entry, URLPattern):
            yield address
        else:
            yield from pages(entry, address)


def raw_endpoints() -> set[str]:
    """The addresses that the raw ASGI applications answer, from their sources."""
    return {
        node.value
        for module in modules()
        if module.is_door("endpoints", "asgi")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"/(w/\w+|live|live/\w+|health)", node.value)
    }


def commands() -> list[str]:
    choices = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    shown = {action.dest for action in choices._choices_actions if action.help != argparse.SUPPRESS}
    return sorted(shown)


def kinds() -> set[str]:
    """The kinds of events that actions emit and SQL functions write."""
    emitted = {
        node.args[1].value
        for module in modules()
        if module.is_door("actions", "receivers")
        for node in ast.walk(module.tree)
        if called(node) == "emit" and isinstance(node, ast.Call) and len(node.args) > 1
        if isinstance(node.args[1], ast.Constant)
    }
    texts = [text for path in PACKAGE.rglob("*.sql") if "live_event" in (text := path.read_text())]
    in_sql = (re.findall(r"'([a-z]+\.[a-z]+)'", text) for text in texts)
    return {str(kind) for kind in emitted} | {kind for found in in_sql for kind in found}


def in_backticks(name: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", document(name)))


def test_every_setting_is_documented() -> None:
    settings = {f"SALOTTO_{field.name.upper()}" for field in fields(Options)}
    assert settings - set(re.findall(r"SALOTTO_[A-Z_]+", document("docs/settings.md"))) == set()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"SALOTTO_{field.name.upper()}" for field in fields(Options)}
    known |= ELSEWHERE
    texts = [
        document(p.relative_to(ROOT).as_posix()) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    ]
    named = {name for text in texts for name in re.findall(r"SALOTTO_[A-Z_]*[A-Z]", text)}
    assert named - known == set()


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    assert f"salotto {command}" in document("docs/running.md")


def test_every_kind_of_event_is_documented() -> None:
    assert kinds() - in_backticks("ARCHITECTURE.md") == set()


def test_every_address_is_documented_and_no_other() -> None:
    listed = set(re.findall(r"^\| (?:[A-Z, ]+ )?`(/[^`]*)`", document("docs/endpoints.md"), re.MULTILINE))
    demo = URLResolver(RegexPattern(""), "salotto.demo.urls")  # registered in the demo only
    answered = {*pages(get_resolver()), *pages(demo), *raw_endpoints()}
    assert (answered - listed, listed - answered) == (set(), set())


def test_every_document_is_in_the_index() -> None:
    index = document("docs/README.md")
    found = [path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")]
    assert [name for name in found if name != "README.md" and f"({name})" not in index] == []


def test_links_between_documents_lead_somewhere() -> None:
    found = [
        f"{path.name}: {target}"
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert found == []


def test_the_readme_has_the_two_commands() -> None:
    lines = document("README.md").splitlines()
    assert "pip install -c constraints.txt -e . && salotto demo" in lines
    assert "pip install -c constraints.txt -e '.[test]' && pytest" in lines
