"""The widget's two scripts as they are served: small, cacheable, safe to embed anywhere."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from salotto.channels.web import bundle
from salotto.channels.web.words import PANEL, panel_words

PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture(scope="module", autouse=True)
def static_files() -> None:
    """Where collected files would lie: whitenoise warns when there is no such place."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def served(address: str) -> bytes:
    """The bytes on the wire."""
    answer = Client().get(address, headers=PACKED)
    assert answer.status_code == 200 and answer["Content-Encoding"] == "gzip"
    return bytes(answer.content)


def panel_address() -> str:
    return reverse("web:panel", args=[bundle.panel().mark])


def test_the_loader_is_under_3_kb_and_all_of_it_under_15() -> None:
    loader, panel = len(served("/widget.js")), len(served(panel_address()))
    assert loader < 3000
    assert loader + panel < 15_000


def test_the_loader_names_the_panel_without_a_host() -> None:
    text = gzip.decompress(served("/widget.js")).decode()
    assert f'"panel":"{panel_address()}"' in text
    assert "SALOTTO_CONFIG" not in text


def test_pages_of_every_origin_may_load_both() -> None:
    for address in ("/widget.js", panel_address()):
        answer = Client().get(address)
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer["Content-Type"].startswith("text/javascript")
        assert not answer.cookies


def test_a_browser_asks_again_for_the_loader_and_never_for_the_panel() -> None:
    first = Client().get("/widget.js", headers=PACKED)
    assert first["Cache-Control"] == "public, max-age=300, must-revalidate"
    again = Client().get("/widget.js", headers={**PACKED, "If-None-Match": first["ETag"]})
    assert again.status_code == 304 and not again.content
    assert "immutable" in Client().get(panel_address())["Cache-Control"]


def test_plain_and_compressed_are_different_representations() -> None:
    plain, packed = Client().get("/widget.js"), Client().get("/widget.js", headers=PACKED)
    assert plain["ETag"] != packed["ETag"]
    assert gzip.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in plain["Vary"]


def test_a_loader_of_an_earlier_release_still_finds_a_panel() -> None:
    answer = Client().get(reverse("web:panel", args=["0123456789abcdef"]))
    assert answer.status_code == 200 and "immutable" not in answer["Cache-Control"]


def test_the_scripts_are_only_read() -> None:
    assert Client().post("/widget.js").status_code == 405
    assert Client().head("/widget.js").status_code == 200


def test_no_text_becomes_markup_or_code() -> None:
    text = bundle.loader().plain + bundle.panel().plain
    for risk in (
        b"innerHTML",
        b"outerHTML",
        b"insertAdjacentHTML",
        b"document.write",
        b"eval(",
        b"new Function",
    ):
        assert risk not in text
    assert b'setAttribute("style"' not in text and b"document.cookie" not in text


def test_the_panel_is_one_module_with_unique_names() -> None:
    joined = bundle.joined("panel")
    names = re.findall(r"^(?:export )?(?:const|let|class|function) (\w+)", joined, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert "import " not in joined.replace("important", "")
    assert re.findall(r"^export ", joined, re.MULTILINE) == ["export "]


def test_template_literals_are_not_nested_which_the_minifier_would_break() -> None:
    for path in bundle.SOURCES.glob("*.js"):
        assert not re.search(r"\$\{[^{}`]*`", path.read_text()), path.name


def test_every_word_that_the_panel_uses_is_sent() -> None:
    used = set(re.findall(r"\bwords\.(\w+)", bundle.joined("panel")))
    assert used == set(PANEL)


def test_the_panel_speaks_both_languages() -> None:
    with override("it"):
        italian = panel_words()
    with override("en"):
        english = panel_words()
    assert set(italian) == set(english)
    assert all(
        set(re.findall(r"\{\w+\}", italian[k])) == set(re.findall(r"\{\w+\}", english[k])) for k in english
    )
