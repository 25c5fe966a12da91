"""Templates hold no script, no style and no untranslated word."""

import re
from pathlib import Path

import pytest

from salotto.config.catalogues import PACKAGE
from tests.house.tree import templates

NOT_WORDS = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{%\s*blocktrans.*?endblocktrans(?:late)?\s*%}"
    r"|<(script|style|svg|code|kbd|pre|address)\b.*?</\1>|{#.*?#}|{%.*?%}|{{.*?}}|<!--.*?-->",
    re.DOTALL,
)
SHOWN = re.compile(r"\b(?:title|placeholder|alt|aria-label|aria-description|label)=\"([^\"]*)\"")
MARKUP = re.compile(r"<[^>]*>|[\w:-]+=\"[^\"]*\"", re.DOTALL)
"""Tags, and attributes of a tag that a base template opens."""
WORD = re.compile(r"[^\W\d_]{2,}")
NAMES = {
    "Salotto",
    "Marco",
    "English",
    "Italiano",
    "AR",
    "nbsp",
    "middot",
    "rarr",
    "larr",
    "hellip",
    "times",
    "copy",
    "mdash",
    "ndash",
    "amp",
}
FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a style element": r"<style\b",
    "an inline script": r"<script\b(?![^>]*\b(?:src=|type=\"application/json\"))",
    "an event handler": r"<[^>]*\son[a-z]+\s*=",
    "an htmx handler": r"hx-on",
    "a script address": r"javascript:|[\"']js:",
    "a foreign address": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
}
FRAMED = ("preview_head.html", "preview_nothing.html", "preview_text.html")
"""Documents of a sandboxed frame, which has a policy of its own."""
PAGES = [
    path
    for path in templates()
    if path.suffix == ".html"
    and ("email" not in path.parts or "desk" in path.parts)
    and path.name not in FRAMED
]
"""Mail has no such policy, and its readers know no style sheets."""


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def words(source: str) -> list[str]:
    """The words that a reader would see untranslated."""
    plain = NOT_WORDS.sub("", source)
    shown = [MARKUP.sub(" ", plain), *SHOWN.findall(plain)]
    return [word for text in shown for word in WORD.findall(text) if word not in NAMES]


@pytest.mark.parametrize("path", templates(), ids=name)
def test_every_word_goes_through_the_catalogue(path: Path) -> None:
    assert words(path.read_text()) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_obeys_the_content_security_policy(path: Path) -> None:
    found = [what for what, shape in FORBIDDEN.items() if re.search(shape, path.read_text(), re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("shape", FORBIDDEN.values())
def test_the_rules_see_an_offender(shape: str) -> None:
    offender = (
        '<p style="a"><style></style><script>x()</script><b onclick="x"></b><i hx-on:click="x">'
        '<a href="javascript:x"></a><img src="https://example.com/x.png">'
    )
    assert re.search(shape, offender)


def test_an_untranslated_word_is_seen() -> None:
    assert words('<p title="Close">{% translate "Fine" %} Hello <b>{{ name }}</b></p>') == ["Hello", "Close"]
