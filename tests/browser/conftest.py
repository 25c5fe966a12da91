"""A real server, a real browser, and a shop of another origin that carries the widget.

Without Chromium these tests are skipped on a developer's machine; `SALOTTO_REQUIRE_BROWSER=1`
(CI) makes its absence a failure. A test also fails for any console error, page error or
violation of the content security policy, unless it says that it expects one.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from salotto.accounts.members import Member
from salotto.channels.web.models import Site
from salotto.core.tenancy import account_scope
from tests.cast import Cast, client_of

# Playwright's synchronous interface keeps an event loop in this thread, which Django takes
# for asynchronous code; the tests' own queries are as synchronous as everywhere.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
LOCALES = {"en": "en-GB", "it": "it-IT"}


PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The same engine; the first draws no window around the page, which takes half of the time."""


def chromium() -> str | None:
    """The browser's path: named by SALOTTO_CHROMIUM, or found."""
    found = (shutil.which(program) for program in PROGRAMS)
    return os.environ.get("SALOTTO_CHROMIUM") or next(filter(None, found), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        if os.environ.get("SALOTTO_REQUIRE_BROWSER") == "1":
            pytest.fail("Chromium is required here and was not found; name it in SALOTTO_CHROMIUM.")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`salotto serve` on this process's test database; its address."""
    port = free_port()
    home = tmp_path_factory.mktemp("server")
    environ = {
        **os.environ,
        "SALOTTO_DATA": str(home),
        "SALOTTO_URL": f"http://127.0.0.1:{port}",
        "SALOTTO_VISITOR_RATE": "600",
        "DJANGO_SETTINGS_MODULE": "salotto.config.settings",
    }
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "salotto", "serve", "--port", str(port), "--no-worker"],
            env=environ, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    turn = threading.Event()
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()}")
        with suppress(OSError), urlopen(address, timeout=2) as answer:
            if answer.status == 200:
                return
        turn.wait(0.1)
    pytest.fail(f"the server did not answer: {log.read_text()}")


class Shop(BaseHTTPRequestHandler):
    """Any path is a page of the shop; the query string names the site key and language."""

    script = ""

    def do_GET(self) -> None:
        key, _, language = self.path.strip("/").partition("/")
        page = SHOP.format(script=self.script, key=key, language=language or "en").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


SHOP = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,"></head><body><h1>Shop</h1><p>Linen and cups.</p>
<script async src="{script}" data-site="{key}"></script></body></html>"""


@pytest.fixture(scope="session")
def shop(server: str) -> Iterator[str]:
    """The address of a shop on an origin of its own; add the site's key."""
    handler = type("BoundShop", (Shop,), {"script": f"{server}/widget.js"})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://localhost:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@dataclass
class Troubles:
    """What no page may cause: console errors, exceptions, CSP violations."""

    found: list[str] = field(default_factory=list)
    expected: Callable[[str], bool] = lambda text: False

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.add(f"console: {message.text} ({message.location.get('url', '')})")

    def add(self, text: str) -> None:
        if not self.expected(text):
            self.found.append(text)


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    kept = Troubles()
    yield kept
    assert not kept.found, "\n".join(kept.found)


@dataclass
class People:
    """Opens pages: as a member of the cast, or as a visitor of the shop."""

    browser: Browser
    server: str
    shop: str
    troubles: Troubles
    contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, language: str = "en", **options: object) -> BrowserContext:
        """A fresh browser profile that reports troubles."""
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = self.browser.new_context(locale=LOCALES[language], **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.on("page", self._watch)
        self.contexts.append(context)
        return context

    def _watch(self, page: Page) -> None:
        page.on("console", self.troubles.on_console)
        page.on("pageerror", lambda error: self.troubles.add(f"exception: {error}"))

    def member(self, member: Member, path: str, **options: object) -> Page:
        """A page of the desk, signed in as `member`; `path` is below the account."""
        context = self.context(member.user.language, **options)
        cookie = client_of(member.user).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.server}])
        page = context.new_page()
        page.goto(f"{self.server}/a/{member.account.slug}/{path}")
        return page

    def visitor(self, cast: Cast, language: str = "en", **options: object) -> Page:
        """A page of the shop, with the widget of the cast's account."""
        page = self.context(language, **options).new_page()
        page.goto(f"{self.shop}/{site_key(cast)}/{language}")
        return page


def site_key(cast: Cast) -> str:
    """The public key of the account's site."""
    with account_scope(cast.account.pk):
        return str(Site.objects.get().key)


@pytest.fixture
def people(browser: Browser, server: str, shop: str, troubles: Troubles) -> Iterator[People]:
    opened = People(browser, server, shop, troubles)
    yield opened
    for context in opened.contexts:
        context.close()
