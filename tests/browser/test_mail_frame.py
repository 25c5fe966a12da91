"""Hostile mails in a real browser: no script runs, nothing leaves, the page above stays as it is."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from salotto.channels.email.safe.frame import SANDBOX, frame_document, frame_headers
from salotto.channels.email.safe.html import made_safe
from tests.channels.email.safe.test_fuzz import mutated
from tests.channels.email.safe.vectors import CALL, RUN, VECTORS

GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
PAGE = """<!doctype html><meta charset="utf-8"><title>Reading</title><link rel="icon" href="data:,">
<script>window.hits = []; window.heights = {{}};</script><body>{frames}"""
FRAME = '<iframe {sandbox} src="/mail/{name}" title="{name}" width="600" height="200"></iframe>'


@dataclass
class Desk:
    """Serves a page with frames, and the mails in them; notes every other request."""

    documents: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    address: str = ""
    guarded: bool = True
    """With the sandbox and the headers, or without."""

    def put(self, fragment: str, *, remote: bool = False, theme: str = "system") -> str:
        """Keep a fragment as a document of a frame; its name."""
        name = str(len(self.documents))
        self.documents[name] = (
            frame_document(fragment, language="en", theme=theme),
            frame_headers(remote) if self.guarded else {"Content-Type": "text/html; charset=utf-8"},
        )
        return name

    def page(self) -> str:
        """The page with all the mails."""
        sandbox = f'sandbox="{SANDBOX}"' if self.guarded else ""
        frames = "".join(FRAME.format(sandbox=sandbox, name=escape(name)) for name in self.documents)
        return PAGE.format(frames=frames)


def handler_of(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")
            if self.path == "/":
                self._send(desk.page(), {"Content-Type": "text/html; charset=utf-8"})
            elif kind == "mail" and name in desk.documents:
                self._send(*desk.documents[name])
            else:
                desk.strangers.append(self.path)
                self.send_error(404)

        def _send(self, text: str, headers: dict[str, str]) -> None:
            body = text.encode()
            self.send_response(200)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def desk() -> Iterator[Desk]:
    kept = Desk()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(kept))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    kept.address = f"http://127.0.0.1:{httpd.server_port}/"
    yield kept
    httpd.shutdown()
    httpd.server_close()


@dataclass
class Watched:
    """A page, and what happened that should not."""

    page: Page
    left: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    popups: list[str] = field(default_factory=list)

    def hits(self) -> list[int]:
        """What scripts of mails reported."""
        return list(self.page.evaluate("window.hits"))


def watched(context: BrowserContext, desk: Desk) -> Watched:
    """The desk's page, opened, everything loaded, and each mail walked over and clicked into."""
    page = context.new_page()
    seen = Watched(page)

    def stop(route: Route) -> None:
        seen.left.append(route.request.url)
        route.fulfill(status=200, content_type="image/gif", body=GIF)

    context.route(lambda url: not url.startswith((desk.address, "data:")), stop)
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("popup", lambda opened: seen.popups.append(opened.url))
    page.goto(desk.address, wait_until="networkidle")
    return seen


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


def own(desk: Desk) -> list[str]:
    """The requests that there should be: the page and a document for each frame."""
    return sorted([desk.address, *(f"{desk.address}mail/{name}" for name in desk.documents)])


def touch(seen: Watched) -> None:
    """What a curious reader does: move over it, put the focus into it, press Enter."""
    for frame in seen.page.frames[1:]:
        frame.evaluate(TOUCH)


TOUCH = """() => {
    const wide = {bubbles: true, cancelable: true, composed: true};
    document.body.dispatchEvent(new MouseEvent("mouseover", wide));
    document.body.dispatchEvent(new FocusEvent("focus", wide));
    document.body.scrollIntoView();
}"""


def test_no_hostile_mail_runs_asks_or_leads_away(desk: Desk, context: BrowserContext) -> None:
    for mail in VECTORS.values():
        desk.put(made_safe(mail).html)
    seen = watched(context, desk)
    touch(seen)
    assert len(seen.page.frames) == 1 + len(VECTORS)
    assert (seen.hits(), seen.dialogs, seen.left, seen.popups) == ([], [], [], [])
    assert sorted(url for url in seen.asked if not url.startswith("data:")) == own(desk)
    assert seen.page.url == desk.address
    assert desk.strangers == []


def test_after_the_click_only_the_images_load(desk: Desk, context: BrowserContext) -> None:
    for mail in VECTORS.values():
        desk.put(made_safe(mail, remote=True).html, remote=True)
    seen = watched(context, desk)
    touch(seen)
    assert (seen.hits(), seen.dialogs, seen.popups) == ([], [], [])
    assert {url.rpartition("/")[2].lower() for url in seen.left} >= {
        "pixel.gif",
        "p.png",
        "td.png",
        "url.png",
    }
    images = seen.page.evaluate(COUNT_IMAGES)
    assert sum(images.values()) == sum(made_safe(vector).remote for vector in VECTORS.values())
    assert all(url.lower().endswith((".png", ".gif")) for url in seen.left)
    assert seen.page.url == desk.address
    assert desk.strangers == []


COUNT_IMAGES = r"""() => Object.fromEntries([...document.querySelectorAll("iframe")].map((frame) => [
    frame.title,
    [...frame.contentDocument.querySelectorAll("*")].reduce((sum, node) => sum
        + (node.localName === "img" && /^https?:/i.test(node.getAttribute("src") ?? ""))
        + node.hasAttribute("background")
        + (node.style.backgroundImage.match(/url\(/g) ?? []).length, 0),
]))"""


def test_the_frame_alone_stops_scripts_and_requests(desk: Desk, context: BrowserContext) -> None:
    """If making safe failed altogether: the sandbox and the policy hold by themselves."""
    for name, mail in VECTORS.items():
        if "refresh" not in name:  # a frame may lead itself elsewhere
            desk.put(mail)
    seen = watched(context, desk)
    assert (seen.hits(), seen.dialogs, seen.left) == ([], [], [])
    assert seen.page.url == desk.address


def test_made_safe_alone_stops_scripts_and_requests(desk: Desk, context: BrowserContext) -> None:
    """If the sandbox and the policy failed altogether: nothing hostile is left that could act."""
    desk.guarded = False
    chance = random.Random(4)
    for mail in VECTORS.values():
        desk.put(made_safe(mail).html + "".join(made_safe(mutated(mail, chance)).html for _ in range(20)))
    seen = watched(context, desk)
    touch(seen)
    assert (seen.hits(), seen.dialogs, seen.left, seen.popups) == ([], [], [], [])
    assert seen.page.url == desk.address
    assert desk.strangers == []


def test_these_tests_would_see_an_attack(desk: Desk, context: BrowserContext) -> None:
    desk.guarded = False
    desk.put(f'<script>{CALL}</script><img src="https://evil.example/a.gif">')
    seen = watched(context, desk)
    assert (seen.hits(), seen.left) == ([1], ["https://evil.example/a.gif"])
    seen.page.frames[1].evaluate(f"document.body.setAttribute('onmouseover', {json.dumps(CALL)})")
    touch(seen)
    assert len(seen.hits()) == 2


def test_a_mail_opened_by_itself_is_as_powerless(desk: Desk, context: BrowserContext) -> None:
    name = desk.put(f'<script>{RUN}</script><img src=x onerror="{RUN}"><p>Hello')
    page = context.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(f"{desk.address}mail/{name}", wait_until="networkidle")
    assert page.url == f"{desk.address}mail/{name}"
    assert said == []
    assert page.locator("p").inner_text() == "Hello"


def test_the_page_above_can_measure_the_mail(desk: Desk, context: BrowserContext) -> None:
    desk.put("<p>one</p>" * 40)
    seen = watched(context, desk)
    height = seen.page.evaluate(
        "document.querySelector('iframe').contentDocument.documentElement.scrollHeight"
    )
    assert height > 600


def test_a_link_opens_a_new_tab_that_knows_nothing_of_us(desk: Desk, context: BrowserContext) -> None:
    desk.put(made_safe('<a href="https://shop.example/x.gif">Our shop</a>').html)
    seen = watched(context, desk)
    with context.expect_page() as opened:
        seen.page.frames[1].get_by_text("Our shop").click()
    opened.value.wait_for_load_state()
    assert opened.value.url == "https://shop.example/x.gif"
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]
    assert seen.page.url == desk.address


COLOURS = """() => { const style = getComputedStyle(document.querySelector('p, td'));
    return [style.color, getComputedStyle(document.documentElement).backgroundColor]; }"""


@pytest.mark.parametrize(
    ("mail", "scheme", "colours"),
    [
        ("<p>plain</p>", "light", ["rgb(34, 30, 26)", "rgba(0, 0, 0, 0)"]),
        ("<p>plain</p>", "dark", ["rgb(243, 237, 228)", "rgba(0, 0, 0, 0)"]),
        ('<p style="color:#222">own</p>', "dark", ["rgb(34, 34, 34)", "rgb(255, 255, 255)"]),
        ('<table bgcolor="#fafafa"><tr><td>own</table>', "dark", ["rgb(34, 30, 26)", "rgb(255, 255, 255)"]),
        ('<p style="color:inherit;background:none">p', "dark", ["rgb(243, 237, 228)", "rgba(0, 0, 0, 0)"]),
    ],
)
def test_ink_is_never_dark_on_dark(
    desk: Desk, browser: Browser, mail: str, scheme: str, colours: list[str]
) -> None:
    desk.put(made_safe(mail).html)
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(desk.address)
    assert page.frames[1].evaluate(COLOURS) == colours
    context.close()


def test_a_chosen_theme_is_stronger_than_the_systems(desk: Desk, browser: Browser) -> None:
    desk.put("<p>plain</p>", theme="dark")
    desk.put("<p>plain</p>", theme="light")
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(desk.address)
    inks = [frame.evaluate(COLOURS)[0] for frame in page.frames[1:]]
    assert inks == ["rgb(243, 237, 228)", "rgb(34, 30, 26)"]
    context.close()


def test_nothing_of_a_mail_covers_what_stands_above_it(context: BrowserContext) -> None:
    page = context.new_page()
    cover = '<div style="margin:-300px;background:#fff;height:900px;outline:300px solid #fff">Hi</div>'
    above = "<p>A link that says <b>one</b> leads to another.</p>"
    page.set_content(frame_document(made_safe(cover).html, language="en", above=above))
    assert page.evaluate(SEEN) == ["P", 0]


SEEN = """() => { const {x, y, width, height} = document.querySelector(".above p").getBoundingClientRect();
    return [document.elementFromPoint(x + width / 2, y + height / 2).nodeName,
        document.querySelector(".mail").scrollTop]; }"""


def test_wide_things_scroll_inside_and_long_words_wrap(desk: Desk, context: BrowserContext) -> None:
    desk.put(made_safe(f"<p>{'a' * 3_000}</p>").html)
    desk.put(made_safe('<table width="2000"><tr><td width="2000">wide</table>').html)
    desk.put(
        made_safe('<img width="3000" height="10" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">').html
    )
    seen = watched(context, desk)
    widths = [
        frame.evaluate("[document.documentElement.scrollWidth, document.querySelector('.mail').scrollWidth]")
        for frame in seen.page.frames[1:]
    ]
    assert [outer for outer, _ in widths] == [600, 600, 600]
    assert json.dumps([inner >= 2000 for _, inner in widths]) == "[false, true, false]"
