"""The widget's two scripts, put together once per process: the loader and the panel.

The panel is written as small ES modules and sent as one: one request, no chain of imports,
and the words that they repeat are compressed together. Its address carries a mark of its
content, so that browsers may keep it for good.
"""

import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.urls import reverse
from rjsmin import jsmin

from salotto.channels.web.words import launcher_words

SOURCES = Path(__file__).parent / "widget"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
STYLES = re.compile(r"(?<=`)\s*(?::host|\.root) [^`]*")
EXPORT = re.compile(r"^export (?=const|class)", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """A file ready to be sent, plain and compressed; `mark` changes with its content."""

    plain: bytes
    packed: bytes
    mark: str


def _squeezed(css: "re.Match[str]") -> str:
    return re.sub(r"\s*\n\s*|(?<=[{}:;,]) | (?=[{}])|;(?= ?})", "", css[0])


def _ready(source: str) -> Script:
    plain = STYLES.sub(_squeezed, str(jsmin(source))).encode()
    return Script(plain, _packed(plain), hashlib.sha256(plain).hexdigest()[:16])


def _packed(plain: bytes) -> bytes:
    """As gzip, in blocks of the size that makes it smallest: each has a code of its own."""
    tried = (zlib.compressobj(9, zlib.DEFLATED, 31, memory) for memory in range(4, 10))
    return min((packer.compress(plain) + packer.flush() for packer in tried), key=len)


def _in_order(name: str, done: list[str]) -> list[str]:
    """This module after those that it imports, each once."""
    for needed in IMPORT.findall((SOURCES / f"{name}.js").read_text()):
        if needed not in done:
            _in_order(needed, done)
    done.append(name)
    return done


def joined(entry: str) -> str:
    """An ES module and all it imports as one module; their top-level names must differ."""
    *parts, main = _in_order(entry, [])
    texts = [EXPORT.sub("", IMPORT.sub("", (SOURCES / f"{name}.js").read_text())) for name in parts]
    return "\n".join([*texts, IMPORT.sub("", (SOURCES / f"{main}.js").read_text())])


@cache
def panel() -> Script:
    """The panel, all in one."""
    return _ready(joined("panel"))


@cache
def loader() -> Script:
    """The loader, with the panel's address and the launcher's words in it.

    The address has no host, because the loader resolves it against its own: so it works
    behind whatever name the server is reached by.
    """
    address = json.dumps(reverse("web:panel", args=[panel().mark]))
    config = f'{{"panel":{address},"words":{launcher_words()}}}'
    return _ready((SOURCES / "loader.js").read_text().replace("SALOTTO_CONFIG", config))
