"""(f) The widget's bytes as a browser gets them: before the first click, and in all."""

import gzip
import re
import urllib.request
from urllib.parse import urljoin

from benchmarks.house import House, Load, end, wait_for
from benchmarks.report import Line, below
from benchmarks.start import command

PANEL = re.compile(rb'"panel":"([^"]+)"')
IMPORT = re.compile(rb"""(?:from|import)\s*\(?\s*["'](\.{0,2}/[^"']+\.js)["']""")


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """From `salotto serve`, since it minifies and compresses."""
    port = house.port + 2
    process = command(house.data.parent / "start", port)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, 120)
        loader, panel = _sizes(f"http://127.0.0.1:{port}/widget.js")
    finally:
        end(process)
    return [
        below("f", "loader, compressed", loader / 1000, "kB", 3),
        below("f", "loader, panel and all it imports, compressed", (loader + panel) / 1000, "kB", 15),
    ]


def _sizes(url: str) -> tuple[int, int]:
    """Bytes on the wire: of the loader, and of what it loads with the first click."""
    size, text = _get(url)
    match = PANEL.search(text)
    if match is None:
        raise RuntimeError("The loader names no panel.")
    todo, sizes = [urljoin(url, match[1].decode())], {}
    while todo:
        path = todo.pop()
        if path not in sizes:
            sizes[path], text = _get(path)
            todo += [urljoin(path, found.decode()) for found in IMPORT.findall(text)]
    return size, sum(sizes.values())


def _get(url: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        sent = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return len(sent), gzip.decompress(sent) if packed else sent
