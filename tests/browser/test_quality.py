"""Every page, for everyone: no serious accessibility violation, no trouble in the console."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.test_main_job import begin, first_row, thread
from tests.browser.test_on_a_site import open_chat
from tests.cast import Cast

DESK = ["inbox/", "inbox/done/", "settings/people/", "settings/seats/", "settings/profile/"]
NARROW = (360, 390, 1024)
OUTSIDE = ["login/", "signup/", "password/reset/"]
_VIOLATIONS = """
    axe.run({resultTypes: ["violations"], preload: false})  // no page of ours plays media by itself
       .then(found => found.violations)
"""


def serious(page: Page) -> list[str]:
    """axe-core's serious and critical findings, each with the elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_VIOLATIONS)
    return [
        f"{rule['id']}: {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def sticking_out(page: Page) -> list[int]:
    """The widths of a window in which the page is wider than the window."""
    found = []
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.clientWidth") <= width
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(width)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_is_accessible(people: People, cast: Cast, scheme: str) -> None:
    begin(people, cast)
    desk = people.member(cast.admin, "inbox/", color_scheme=scheme)
    for path in DESK:
        desk.goto(f"{people.server}/a/{cast.slug}/{path}")
        assert serious(desk) == [], path
    desk.goto(f"{people.server}/a/{cast.slug}/inbox/")
    first_row(desk).click()
    expect(thread(desk).last).to_be_visible()
    assert serious(desk) == []


@pytest.mark.parametrize("path", OUTSIDE)
def test_the_pages_outside_are_accessible(people: People, path: str) -> None:
    page = people.context().new_page()
    page.goto(f"{people.server}/{path}")
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_widget_is_accessible(people: People, cast: Cast, scheme: str) -> None:
    page = begin(people, cast) if scheme == "light" else people.visitor(cast, color_scheme=scheme)
    if scheme == "dark":
        open_chat(page)
    assert serious(page) == []


def test_nothing_sticks_out_of_a_narrow_window(people: People, cast: Cast) -> None:
    begin(people, cast)
    desk = people.member(cast.admin, "inbox/", viewport={"width": 360, "height": 800})
    for path in DESK:
        desk.goto(f"{people.server}/a/{cast.slug}/{path}")
        assert sticking_out(desk) == [], path
    desk.goto(f"{people.server}/a/{cast.slug}/inbox/")
    first_row(desk).click()
    expect(desk.get_by_role("textbox", name="Your text")).to_be_visible()
    assert sticking_out(desk) == []
