"""What the server that received a mail found out about its sender: Authentication-Results (RFC 8601).
PURE.

Anybody can write such a header, so only the topmost one is read, which the last server has put
there, and those of the same server right below it; and only what speaks against the sender is
believed, which no forger writes about themselves. Whatever says that all is well proves nothing:
what has to be proven is checked by ourselves (`proof`).
"""

import re
from collections.abc import Iterator

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(r"^([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.MULTILINE)
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"([a-z][a-z0-9-]*)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
HEAD = 200_000
"""Bytes of the headers that are looked at."""
MOST = 20
"""Headers of one server that are read."""
_DEPTH = 5
"""How deep comments may be nested."""
_FAILED = frozenset({"fail", "softfail", "hardfail"})


def is_refuted(content: bytes) -> bool:
    """Whether the server that received the mail says that it does not come from where its sender
    says: DMARC has failed, or, where nothing is said of DMARC, both SPF and every signature."""
    found: dict[str, list[str]] = {}
    for method, result in _results(content):
        found.setdefault(method, []).append(result)
    dmarc = next((one for one in found.get("dmarc", ()) if one in ("pass", "bestguesspass", "fail")), "")
    if dmarc:
        return dmarc == "fail"
    spf, dkim = found.get("spf", []), found.get("dkim", [])
    return bool(spf) and spf[0] in _FAILED and "fail" in dkim and "pass" not in dkim


def _results(content: bytes) -> Iterator[tuple[str, str]]:
    """Method and result, in lower case."""
    for parts in _of_last_server(content):
        for part in parts:
            found = _RESULT.match(part.strip())
            if found:
                yield found[1].lower(), found[2].lower()


def _of_last_server(content: bytes) -> Iterator[list[str]]:
    """What the topmost header says, and those of the same server up to the next hop."""
    server: str | None = None
    count = 0
    for name, value in _fields(content):
        if server is not None and (name == "received" or count >= MOST):
            return
        if name != "authentication-results":
            continue
        parts = _without_comments(value).split(";")
        first = parts[0].split()
        found = first[0].lower() if first and "=" not in parts[0] else ""
        if server is not None and found != server:
            return
        server, count = found, count + 1
        yield parts


def _fields(content: bytes) -> Iterator[tuple[str, str]]:
    end = _HEAD_END.search(content, 0, HEAD)
    head = content[: end.start() if end else HEAD].decode("latin-1")
    for match in _FIELD.finditer(head):
        yield match[1].lower(), match[2]


def _without_comments(value: str) -> str:
    for _ in range(_DEPTH):
        shorter = _COMMENT.sub(" ", value)
        if shorter == value:
            break
        value = shorter
    return value
