"""The widget where things go wrong: bad networks, hostile pages, blocked storage, refusals."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils.timezone import now
from playwright.sync_api import Route, expect

from salotto.channels.web import bundle
from tests.browser.conftest import People, site_key
from tests.browser.test_on_a_site import answer, bodies, open_chat, write
from tests.cast import Cast

MESSAGES = re.compile(r"/w/messages$")
CROSS = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}


def at_fault(people: People) -> None:
    """Failed requests are what these tests are about: the browser may report them."""
    people.troubles.expected = lambda text: "Failed to load resource" in text or "ERR_" in text


def refusal(route: Route, status: int, sentence: str = "", **headers: str) -> None:
    """Answer as the server does when it refuses."""
    body = json.dumps({"error": {"code": "refused", "message": sentence}})
    route.fulfill(status=status, headers={**CROSS, **headers}, content_type="application/json", body=body)


def posts_only(handler: object) -> object:
    """Preflights and reads go on to the server."""

    def chosen(route: Route) -> None:
        handler(route) if route.request.method == "POST" else route.continue_()  # type: ignore[operator]

    return chosen


def test_the_event_parser_gives_the_same_frames_however_the_bytes_are_cut(people: People) -> None:
    page = people.context().new_page()
    source = (bundle.SOURCES / "sse.js").read_text()
    module = "data:text/javascript;base64," + base64.b64encode(source.encode()).decode()
    found = page.evaluate(
        r"""async (module) => {
        const { frames } = await import(module);
        const text = ": hello\nretry: 5\n\nid: 1-2:3:\n\ndata: [1,\r\ndata: 2]\r\n\r\nevent: now\rdata:x\r\r"
            + "id\nevent: reset\n\ndata\n\ndata: a: b\nunknown: c\n\nevent: resume\n\ndata: never ended\n";
        const read = (pieces) => {
            const all = [];
            const feed = frames((frame) => all.push(frame));
            pieces.forEach(feed);
            return all;
        };
        const whole = read([text]);
        const same = (pieces) => JSON.stringify(read(pieces)) === JSON.stringify(whole);
        let good = same([...text]);
        for (let a = 0; a <= text.length; a++)
            for (let b = a; b <= text.length; b += 7)
                good &&= same([text.slice(0, a), text.slice(a, b), "", text.slice(b)]);
        return { whole, good };
    }""",
        module,
    )
    assert found["good"]
    assert [(f["event"], f["data"], f["id"]) for f in found["whole"]] == [
        ("message", "", "1-2:3:"),
        ("message", "[1,\n2]", None),
        ("now", "x", None),
        ("reset", "", ""),
        ("message", "", None),
        ("message", "a: b", None),
        ("resume", "", None),
    ]


def test_an_answer_lost_on_the_way_doubles_nothing_and_keeps_the_order(people: People, cast: Cast) -> None:
    at_fault(people)
    page = people.visitor(cast)
    open_chat(page)
    lost = []

    def lose(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.fetch().status)  # the server has it, the browser never hears
            route.abort()
        else:
            route.continue_()

    page.route(MESSAGES, posts_only(lose))
    for text in ("one", "two", "three"):
        write(page, text)
    expect(page.get_by_role("log")).to_contain_text("· Sent")
    expect(page.locator(".sending, .waiting")).to_have_count(0)
    assert lost == [200, 200]
    assert bodies(cast) == ["one", "two", "three"]
    expect(page.get_by_role("log").get_by_text("one")).to_have_count(1)


def test_a_message_that_can_never_pass_is_said_so_and_not_sent_again(people: People, cast: Cast) -> None:
    at_fault(people)
    page = people.visitor(cast)
    open_chat(page)
    tried: list[str] = []

    def refuse(route: Route) -> None:
        tried.append(route.request.post_data_json["body"])
        if tried[-1] == "bad":
            refusal(route, 422, "This cannot be.")
        else:
            route.continue_()

    page.route(MESSAGES, posts_only(refuse))
    write(page, "bad")
    expect(page.get_by_text("Not sent. This cannot be.")).to_be_visible()
    write(page, "good")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    assert tried == ["bad", "good"]
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("textbox")).to_have_value("bad")
    expect(page.get_by_text("This cannot be.")).to_have_count(0)


def test_too_many_at_once_waits_as_long_as_the_server_asks(people: People, cast: Cast) -> None:
    at_fault(people)
    page = people.visitor(cast)
    open_chat(page)
    times: list[float] = []

    def slow_down(route: Route) -> None:
        times.append(now().timestamp())
        if len(times) == 1:
            refusal(route, 429, "Too many.", **{"Retry-After": "2"})
        else:
            route.continue_()

    page.route(MESSAGES, posts_only(slow_down))
    write(page, "quick")
    expect(page.get_by_text("Too many at once")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("· Sent")
    assert len(times) == 2 and times[1] - times[0] >= 2
    assert bodies(cast) == ["quick"]


def test_a_token_that_ran_out_is_replaced_and_the_message_still_sent(people: People, cast: Cast) -> None:
    at_fault(people)
    page = people.visitor(cast)
    open_chat(page)
    key = f"salotto:{site_key(cast)}"
    page.evaluate("key => localStorage.setItem(key, JSON.stringify({ token: 'forged.by.someone' }))", key)
    write(page, "Who am I?")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    assert bodies(cast) == ["Who am I?"]
    assert "forged" not in page.evaluate("key => localStorage.getItem(key)", key)


STRICT = (
    "default-src 'none'; script-src {server}; connect-src {server}; style-src 'self'; "
    "base-uri 'none'; require-trusted-types-for 'script'"
)
HOSTILE = """
body *, html > * { display: block !important; position: static !important; transform: rotate(9deg);
  font: 40px fantasy !important; color: lime !important; width: 3px !important; opacity: .1 !important }
div, button, textarea { display: none !important }
html > div { all: unset !important; display: none !important }
"""
PAGE = """<!doctype html><html lang="en"><title>Strict</title><link rel="stylesheet" href="/hostile.css">
<h1>Strict</h1><script async src="{server}/widget.js" data-site="{key}"></script></html>"""


class StrictSite(BaseHTTPRequestHandler):
    """A site with rules of its own: a strict policy, and a style sheet that spoils everything."""

    server_address = ""

    def do_GET(self) -> None:
        kind, text = "text/html", PAGE.format(server=self.server_address, key=self.path[1:])
        if self.path.endswith(".css"):
            kind, text = "text/css", HOSTILE
        self.send_response(404 if self.path == "/favicon.ico" else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", STRICT.format(server=self.server_address))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def strict_site(server: str) -> Iterator[str]:
    """The address of the strict site; add the site's key."""
    handler = type("BoundSite", (StrictSite,), {"server_address": server})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://localhost:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def test_a_strict_policy_and_hostile_styles_change_nothing(
    people: People, cast: Cast, strict_site: str
) -> None:
    people.troubles.expected = lambda text: "favicon" in text
    page = people.context().new_page()
    page.goto(f"{strict_site}/{site_key(cast)}")
    button = page.get_by_role("button", name="Open chat")
    box = button.bounding_box()
    assert box is not None and (round(box["width"]), round(box["height"])) == (60, 60)
    assert (round(box["x"]), round(box["y"])) == (1440 - 24 - 60, 900 - 24 - 60)
    open_chat(page)
    panel = page.get_by_role("dialog")
    expect(panel).to_have_css("opacity", "1")
    size = panel.bounding_box()
    assert size is not None and (round(size["width"]), round(size["height"])) == (380, 620)
    write(page, "From a strict page")
    expect(page.get_by_role("log")).to_contain_text("Sent")


def test_without_storage_the_chat_works_until_the_page_is_left(people: People, cast: Cast) -> None:
    context = people.context()
    blocked = """for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {
        get() { throw new DOMException('blocked', 'SecurityError'); } });"""
    context.add_init_script(blocked)
    page = context.new_page()
    page.goto(f"{people.shop}/{site_key(cast)}")
    open_chat(page)
    write(page, "Kept in memory")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    answer(cast, "Heard")
    expect(page.get_by_role("log")).to_contain_text("Heard")


def test_several_tabs_hold_one_stream(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    streams: list[str] = []
    page.context.on(
        "request", lambda request: streams.append(request.url) if "/w/live" in request.url else None
    )
    open_chat(page)
    write(page, "One line is enough")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    second = page.context.new_page()
    second.goto(page.url)
    open_chat(second)
    answer(cast, "Heard in both")
    for tab in (page, second):
        expect(tab.get_by_role("log")).to_contain_text("Heard in both")
    assert len(streams) == 1
    page.close()  # the other one takes over
    answer(cast, "Heard in the one that is left")
    expect(second.get_by_role("log")).to_contain_text("Heard in the one that is left")
    assert len(streams) == 2


def test_a_closed_chat_counts_what_was_not_read(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    write(page, "Back in a minute")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    page.keyboard.press("Escape")
    answer(cast, "First")
    expect(page.get_by_role("button", name="Open chat (1)")).to_be_visible()
    page.reload()
    answer(cast, "Second")
    page.get_by_role("button", name="Open chat (2)").click()
    expect(page.get_by_role("log")).to_contain_text("Second")
    expect(page.get_by_role("button", name="Close chat", exact=True).last).to_be_visible()


def test_enter_that_ends_a_composition_does_not_send(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    field = page.get_by_role("textbox")
    field.fill("にほ")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(field).to_have_value("にほ")
    page.keyboard.press("Shift+Enter")
    expect(field).to_have_value("にほ\n")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    assert bodies(cast) == ["にほ"]


def test_over_the_limit_says_by_how_much_and_does_not_send(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    page.get_by_role("textbox").fill("😀" * 5003)
    expect(page.get_by_text("At most 5,000 characters. Shorten it by 3.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    page.get_by_role("textbox").fill("x" * 4990)
    expect(page.get_by_text("10 characters left")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox")).to_have_value("x" * 4990)  # a draft survives


def test_only_safe_addresses_become_links(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    write(page, "See (https://shop.example/a_(b)), javascript:alert(1) and mailto:us@shop.example.")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    links = page.get_by_role("log").get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == [
        "https://shop.example/a_(b)",
        "mailto:us@shop.example",
    ]
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow ugc"
    assert links.first.get_attribute("target") == "_blank"


def test_earlier_messages_come_when_scrolling_up_and_nothing_jumps(people: People, cast: Cast) -> None:
    page = people.visitor(cast, reduced_motion="reduce")  # else it moves by itself as it opens
    open_chat(page)
    write(page, "The very first")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    for number in range(70):
        answer(cast, f"Answer {number}")
    page.reload()
    log = page.get_by_role("log")
    expect(log).to_contain_text("Answer 69")
    expect(log).not_to_contain_text("The very first")
    anchor = log.get_by_text("Answer 22")
    log.evaluate("log => { log.scrollTop = 150; }")
    before = anchor.bounding_box()
    expect(log).to_contain_text("The very first")
    after = anchor.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 2


def test_when_the_server_cannot_be_reached_the_panel_says_so_and_tries_again(
    people: People, cast: Cast
) -> None:
    at_fault(people)
    page = people.visitor(cast)
    page.route("**/w/hello", lambda route: route.abort())
    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_text("The chat could not be loaded.")).to_be_visible()
    page.unroute("**/w/hello")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("textbox")).to_be_focused()


def test_a_page_can_open_the_chat_before_and_after_it_is_loaded(people: People, cast: Cast) -> None:
    page = people.context().new_page()
    page.add_init_script("window.salotto = Object.assign((...c) => salotto.q.push(c), { q: [['open']] });")
    page.goto(f"{people.shop}/{site_key(cast)}")
    expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()
    page.evaluate("salotto('close')")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("salotto('toggle')")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_on_a_phone_the_panel_fills_the_screen_and_keeps_the_focus(people: People, cast: Cast) -> None:
    page = people.visitor(cast, viewport={"width": 390, "height": 780})
    open_chat(page)
    panel = page.get_by_role("dialog")
    expect(panel).to_have_css("transform", "none")
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 780}
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement.shadowRoot?.activeElement?.closest('[role=dialog]') != null"
        )
        assert inside
    small = page.evaluate(
        """() => [...document.activeElement.shadowRoot.querySelectorAll('.panel button, .panel textarea')]
        .filter((node) => node.offsetWidth && Math.min(node.offsetWidth, node.offsetHeight) < 44)
        .map((node) => node.className)"""
    )
    assert small == []
