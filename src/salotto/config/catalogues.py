"""Message catalogues without gettext's tools: gathered, checked and compiled with Babel.

`python -m salotto.config.catalogues update` gathers the messages of the package's modules
and templates into every `locale/<language>/LC_MESSAGES/django.po`, `check` says what is
wrong with them (exit 1), `compile <directory>` writes the `.mo` files that Django reads.
English is the language of the sources and has no catalogue.
"""

import ast
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # Babel is loaded only when there is something to do
    from babel.messages.catalog import Catalog, Message

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "locale"

SINGULAR, PLURAL = ("id",), ("id", "plural")
KEYWORDS = {
    "_": SINGULAR,
    "gettext": SINGULAR,
    "gettext_lazy": SINGULAR,
    "gettext_noop": SINGULAR,
    "ngettext": PLURAL,
    "ngettext_lazy": PLURAL,
    "pgettext": ("context", *SINGULAR),
    "pgettext_lazy": ("context", *SINGULAR),
    "npgettext": ("context", *PLURAL),
    "npgettext_lazy": ("context", *PLURAL),
}
"""Django's translation functions, and what their first arguments are."""

_MARKUP = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}|</?\w+")
_NOISE = re.compile(
    rb'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator|Project-Id-Version):.*\n',
    re.MULTILINE,
)
"""Headers that say nothing, or change with each run."""


class Found(NamedTuple):
    """A message in the sources: `plural` and `context` may be empty; `file` is relative."""

    id: str
    plural: str
    context: str
    file: str

    @classmethod
    def of(cls, parts: dict[str, str], file: str) -> "Found":
        """From the arguments of a call, by role."""
        return cls(parts["id"], parts.get("plural", ""), parts.get("context", ""), file)


def in_module(source: str, file: str) -> Iterator[Found]:
    """The messages of a Python module. Raises ValueError where one is not a plain string.

    Only `gettext(variable)` is passed over: its strings are marked where they are written.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (roles := KEYWORDS.get(name := _name(node.func))):
            texts = [_text(argument) for argument in node.args[: len(roles)]]
            if all(texts) and len(texts) == len(roles):
                yield Found.of(dict(zip(roles, texts, strict=True)), file)
            elif name != "gettext":
                raise ValueError(f"{file}:{node.lineno}: a message must be a plain string")


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text(argument: ast.expr) -> str:
    known = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return str(ast.literal_eval(argument)) if known else ""


def in_template(source: str, file: str) -> Iterator[Found]:
    """The messages of a Django template. Raises SyntaxError for tags inside a translation."""
    from django.utils.translation.template import templatize

    # What is left is a row of calls; its indentation means nothing and would not parse.
    calls = re.sub(r"(?m)^\s+", "", templatize(source, file))
    for call in re.finditer(r"(?:\b(?:n?p?gettext)|(?<!\w)_)\((?=[u'\"])", calls):
        yield from in_module(_balanced(calls, call.start()), file)


def _balanced(text: str, start: int) -> str:
    """The call that begins at `start`: the shortest stretch up to a `)` that parses."""
    end = text.index(")", start) + 1
    while True:
        try:
            ast.parse(text[start:end])
        except SyntaxError:
            end = text.index(")", end) + 1
        else:
            return text[start:end]


def in_package(package: Path = PACKAGE) -> Iterator[Found]:
    """Every message below `package`, in the order of its files."""
    for path in sorted(package.rglob("*.*")):
        name = path.relative_to(package).as_posix()
        if path.suffix == ".py":
            yield from in_module(path.read_text(encoding="utf-8"), name)
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            yield from in_template(path.read_text(encoding="utf-8"), name)


def template(package: Path = PACKAGE) -> "Catalog":
    """An empty catalogue of the package's messages, with the files that use each."""
    from babel.messages.catalog import Catalog

    catalog = Catalog(charset="utf-8", fuzzy=False)
    for message in in_package(package):
        name = (message.id, message.plural) if message.plural else message.id
        catalog.add(name, locations=[(message.file, 1)], context=message.context or None)
    return catalog


def _read(path: Path) -> "Catalog":
    from babel.messages.pofile import read_po

    with path.open("rb") as source:
        return read_po(source, locale=path.parts[-3], charset="utf-8")


def _replace(path: Path, content: bytes, mtime_ns: int | None = None) -> None:
    """Write the file whole or not at all, also when two processes do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        out.write(content)
    made = Path(out.name)
    made.chmod(0o644)  # it is born stricter; another user may run the worker
    if mtime_ns is not None:
        os.utime(made, ns=(mtime_ns, mtime_ns))
    made.replace(path)


def _sources(locale: Path) -> list[Path]:
    return sorted(locale.glob("*/LC_MESSAGES/django.po"))


def update(package: Path = PACKAGE) -> None:
    """Bring every catalogue up to date: new messages empty, gone ones dropped, the rest kept."""
    from babel.messages.pofile import write_po

    gathered = template(package)
    for path in _sources(package / "locale"):
        catalog = _read(path)
        catalog.update(gathered, no_fuzzy_matching=True)
        for message in catalog:
            message.locations = sorted(set(message.locations))
        out = BytesIO()
        write_po(out, catalog, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)
        _replace(path, _NOISE.sub(b"", out.getvalue()))


def problems(package: Path = PACKAGE) -> list[str]:
    """One sentence for each thing that is wrong with a catalogue; empty when all is well."""
    gathered = template(package)
    return [
        f"{path.parts[-3]}: {problem}"
        for path in _sources(package / "locale")
        for problem in _compare(gathered, _read(path))
    ]


def _compare(gathered: "Catalog", catalog: "Catalog") -> Iterator[str]:
    wanted = {(m.id, m.context) for m in gathered if m.id}
    present = {(m.id, m.context) for m in catalog if m.id}
    for name, _context in sorted(wanted - present, key=repr):
        yield f"missing: {name!r}"
    for name, _context in sorted(present - wanted, key=repr):
        yield f"no longer used: {name!r}"
    for obsolete in catalog.obsolete.values():
        yield f"no longer used: {obsolete.id!r}"
    for message in catalog:
        if message.id:
            yield from (f"{problem}: {message.id!r}" for problem in _faults(message))


def _faults(message: "Message") -> Iterator[str]:
    names, words = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "not certain"
    if not all(words) or len(words) < len(names):
        yield "not translated"
    elif any(not _same_markup(names, index, text) for index, text in enumerate(words)):
        yield "other placeholders or tags than the English"


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def _same_markup(names: list[str], index: int, text: str) -> bool:
    """Of two forms, the singular may leave out the number, as in "one message"."""
    found = Counter(_MARKUP.findall(text))
    if index == 0 and len(names) > 1:
        return found <= Counter(_MARKUP.findall(names[-1]))
    return found == Counter(_MARKUP.findall(names[min(index, len(names) - 1)]))


def compile_to(target: Path, locale: Path = LOCALE) -> None:
    """Write `<target>/<language>/LC_MESSAGES/django.mo` for each catalogue that has changed.

    The compiled file bears the time of its source: any difference, also after going back
    to an older release, writes it anew.
    """
    for source in _sources(locale):
        compiled = (target / source.relative_to(locale)).with_suffix(".mo")
        stamp = source.stat().st_mtime_ns
        if not compiled.exists() or compiled.stat().st_mtime_ns != stamp:
            _replace(compiled, _binary(source), stamp)


def _binary(source: Path) -> bytes:
    from babel.messages.mofile import write_mo

    out = BytesIO()
    write_mo(out, _read(source))
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """The command line; returns the exit code."""
    match arguments:
        case ["update"]:
            update()
        case ["compile", directory]:
            compile_to(Path(directory))
        case ["check"]:
            found = problems()
            sys.stdout.writelines(f"{problem}\n" for problem in found)
            return 1 if found else 0
        case _:
            sys.stderr.write(
                "usage: python -m salotto.config.catalogues update | check | compile DIRECTORY\n"
            )
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
