"""Gathering, checking and compiling messages without gettext's tools."""

import gettext
import threading
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from salotto.config import catalogues
from salotto.config.catalogues import Found, in_module, in_template

HEADER = (
    'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n\n'
)


def package(tmp_path: Path, source: str, catalogue: str) -> Path:
    """A package with one module and an Italian catalogue."""
    (tmp_path / "room.py").write_text(source)
    po = tmp_path / "locale/it/LC_MESSAGES/django.po"
    po.parent.mkdir(parents=True)
    po.write_text(HEADER + catalogue)
    return tmp_path


def entry(name: str, words: str) -> str:
    return f'msgid "{name}"\nmsgstr "{words}"\n\n'


def italian(root: Path) -> dict[str, str]:
    with (root / "locale/it/LC_MESSAGES/django.po").open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source) if m.id}


def test_modules_give_their_messages() -> None:
    source = '_("One" " line")\nngettext("%(n)s seat", "%(n)s seats", n)\npgettext_lazy("verb", "Open")'
    assert list(in_module(source, "m.py")) == [
        Found("One line", "", "", "m.py"),
        Found("%(n)s seat", "%(n)s seats", "", "m.py"),
        Found("Open", "", "verb", "m.py"),
    ]


@pytest.mark.parametrize("call", ['_("a" + b)', '_(f"{b}")', 'ngettext("one", many, n)'])
def test_a_message_that_is_made_at_run_time_is_refused(call: str) -> None:
    with pytest.raises(ValueError, match=r"m\.py:1"):
        list(in_module(call, "m.py"))


def test_a_string_marked_elsewhere_may_be_looked_up() -> None:
    assert list(in_module("gettext(words[kind])", "m.py")) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('<p>{% translate "Save (all)" %}</p>', Found("Save (all)", "", "", "t")),
        ("{% translate 'May' context 'month' as m %}", Found("May", "", "month", "t")),
        (
            "{% blocktranslate trimmed %}\n  Two\n    lines\n{% endblocktranslate %}",
            Found("Two lines", "", "", "t"),
        ),
        ("{% blocktranslate with a=b %}Hi {{ a }}{% endblocktranslate %}", Found("Hi %(a)s", "", "", "t")),
        (
            "{% blocktranslate count n=n %}{{ n }} seat{% plural %}{{ n }} seats{% endblocktranslate %}",
            Found("%(n)s seat", "%(n)s seats", "", "t"),
        ),
        ('{% include "x" with label=_("Close it") %}', Found("Close it", "", "", "t")),
        ('{{ name|default:_("Someone") }}', Found("Someone", "", "", "t")),
    ],
)
def test_templates_give_their_messages(source: str, message: Found) -> None:
    assert list(in_template(f"<div>\n   <b>it's</b>\n {source}\n</div>", "t")) == [message]


def test_update_keeps_translations_adds_the_new_and_drops_the_gone(tmp_path: Path) -> None:
    root = package(tmp_path, '_("Kept")\n_("New")', entry("Kept", "Tenuto") + entry("Gone", "Andato"))
    catalogues.update(root)
    assert italian(root) == {"Kept": "Tenuto", "New": ""}


def test_update_writes_the_same_file_again(tmp_path: Path) -> None:
    root = package(tmp_path, '_("B")\n_("A")', "")
    po = root / "locale/it/LC_MESSAGES/django.po"
    catalogues.update(root)
    first = po.read_bytes()
    catalogues.update(root)
    assert po.read_bytes() == first
    assert b"room.py:" not in first


@pytest.mark.parametrize(
    ("catalogue", "problem"),
    [
        ("", "missing"),
        (entry("Hi %(name)s", ""), "not translated"),
        (entry("Hi %(name)s", "Ciao %(nome)s"), "other placeholders"),
        (entry("Hi %(name)s", "<b>Ciao</b> %(name)s"), "other placeholders or tags"),
        ("#, fuzzy\n" + entry("Hi %(name)s", "Ciao %(name)s"), "not certain"),
        (entry("Hi %(name)s", "Ciao %(name)s") + entry("Bye", "Addio"), "no longer used"),
        (entry("Hi %(name)s", "Ciao %(name)s") + '#~ msgid "Bye"\n#~ msgstr "Addio"\n', "no longer used"),
    ],
)
def test_check_names_what_is_wrong(tmp_path: Path, catalogue: str, problem: str) -> None:
    found = catalogues.problems(package(tmp_path, '_("Hi %(name)s")', catalogue))
    assert len(found) == 1
    assert problem in found[0]


def test_check_finds_nothing_wrong_with_a_complete_catalogue(tmp_path: Path) -> None:
    plural = 'msgid "%(n)s seat"\nmsgid_plural "%(n)s seats"\nmsgstr[0] "un posto"\nmsgstr[1] "%(n)s posti"\n'
    assert catalogues.problems(package(tmp_path, 'ngettext("%(n)s seat", "%(n)s seats", n)', plural)) == []


def test_our_own_catalogues_are_complete() -> None:
    assert catalogues.problems() == []


def test_a_compiled_catalogue_speaks_italian(tmp_path: Path) -> None:
    locale = package(tmp_path, "", entry("Seat", "Posto")) / "locale"
    catalogues.compile_to(tmp_path / "out", locale)
    assert gettext.translation("django", tmp_path / "out", ["it"]).gettext("Seat") == "Posto"


def test_only_a_changed_catalogue_is_compiled_again(tmp_path: Path) -> None:
    root = package(tmp_path, "", entry("Seat", "Posto"))
    po, mo = (root / part / "it/LC_MESSAGES/django" for part in ("locale", "out"))
    catalogues.compile_to(root / "out", root / "locale")
    first = mo.with_suffix(".mo").stat().st_ino
    catalogues.compile_to(root / "out", root / "locale")
    assert mo.with_suffix(".mo").stat().st_ino == first
    po.with_suffix(".po").write_text(HEADER + entry("Seat", "Sedia"))
    catalogues.compile_to(root / "out", root / "locale")
    with mo.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Seat") == "Sedia"


def test_several_processes_may_compile_at_once(tmp_path: Path) -> None:
    locale = package(tmp_path, "", entry("Seat", "Posto")) / "locale"
    out = tmp_path / "out"
    several = [threading.Thread(target=catalogues.compile_to, args=(out, locale)) for _ in range(8)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert [path.name for path in (out / "it/LC_MESSAGES").iterdir()] == ["django.mo"]


def test_the_command_line_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogues.main(["compiel"]) == 2
    assert "update | check | compile" in capsys.readouterr().err
