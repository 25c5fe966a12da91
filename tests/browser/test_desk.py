"""The desk in a browser: lists that hold still, long threads, words that are never lost."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from salotto.accounts.models import Access
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import assign, complete
from salotto.inbox.models import Contact
from salotto.seats.actions import set_access
from tests.browser.conftest import People
from tests.cast import Cast
from tests.desk.talk import begin, write

TALK = "document.querySelector('[data-talk]')"


def rows(desk: Page) -> list[str]:
    return desk.locator("[data-rows] .row-text").all_inner_texts()


def give(cast: Cast, access: str) -> None:
    """Marco's access changes."""
    with account_scope(cast.account.pk):
        set_access(cast.admin.user.pk, access, by=cast.primary_admin)


def test_new_rows_wait_while_the_pointer_is_in_the_list(people: People, cast: Cast) -> None:
    begin(cast.agent, "the first")
    desk = people.member(cast.agent, "inbox/")
    desk.locator("a[data-row]").hover()
    begin(cast.agent, "the second")
    begin(cast.agent, "the third")
    expect(desk.locator("[data-newer]")).to_have_text("↑ 2 new")
    assert rows(desk) == ["the first"]
    desk.locator("[data-newer]").click()
    expect(desk.locator("[data-rows] .row-text")).to_have_text(["the third", "the second", "the first"])
    expect(desk.locator("[data-newer]")).to_be_hidden()


def test_a_row_that_writes_again_moves_up_and_is_there_once(people: People, cast: Cast) -> None:
    visitor = uuid4()
    write(cast.agent, "old", visitor=visitor)
    begin(cast.agent, "newer")
    desk = people.member(cast.agent, "inbox/")
    write(cast.agent, "again", visitor=visitor)
    expect(desk.locator("[data-rows] .row-text")).to_have_text(["again", "newer"])
    expect(desk.locator('[data-count="all"]')).to_have_text("2")


def test_older_rows_come_by_themselves_and_each_once(people: People, cast: Cast) -> None:
    made = [begin(cast.agent, f"row {n}") for n in range(120)]
    desk = people.member(cast.agent, "inbox/")
    expect(desk.locator("a[data-row]").first).to_be_visible()
    for _ in range(3):
        desk.evaluate("document.querySelector('[data-scroll]').scrollTop = 1e9")
        desk.wait_for_load_state("networkidle")
    expect(desk.locator("a[data-row]")).to_have_count(len(made))
    shown = desk.locator("[data-rows] > [data-id]").evaluate_all("all => all.map(e => Number(e.dataset.id))")
    assert shown == sorted(made, reverse=True)


def test_a_long_thread_grows_upwards_without_a_jump(people: People, cast: Cast) -> None:
    visitor = uuid4()
    number = [write(cast.agent, f"line {n}", visitor=visitor) for n in range(130)][-1].conversation
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    expect(desk.locator(".entry")).to_have_count(50)
    expect(desk.locator(".entry").last).to_be_in_viewport()
    first = desk.locator(".entry").first.get_attribute("data-id")
    place = f"""new Promise(done => {{
        const talk = {TALK}, entry = document.querySelector('.entry[data-id="{first}"]');
        talk.scrollTop = 30;
        const before = entry.getBoundingClientRect().top;
        new MutationObserver(() => setTimeout(() => done([before, entry.getBoundingClientRect().top]), 50))
            .observe(entry.parentNode, {{childList: true}});
        talk.dispatchEvent(new Event('scroll'));
    }})"""
    before, after = desk.evaluate(place)
    assert abs(before - after) < 60  # the day's line above moves with the older entries
    expect(desk.locator(".entry")).to_have_count(100)


def test_a_reader_further_up_is_told_and_not_moved(people: People, cast: Cast) -> None:
    visitor = uuid4()
    number = [write(cast.agent, f"line {n}\n\n\n", visitor=visitor) for n in range(40)][-1].conversation
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    expect(desk.locator(".entry").last).to_be_in_viewport()
    desk.evaluate(f"{TALK}.scrollTop = 200")
    expect(desk.locator(".entry").last).not_to_be_in_viewport()
    write(cast.agent, "look down here", visitor=visitor)
    expect(desk.locator("[data-below]")).to_be_visible()
    assert desk.evaluate(f"{TALK}.scrollTop") == 200
    desk.locator("[data-below]").click()
    expect(desk.locator(".entry", has_text="look down here")).to_be_in_viewport()


def test_a_draft_stays_with_its_conversation(people: People, cast: Cast) -> None:
    one, two = begin(cast.agent, "one"), begin(cast.agent, "two")
    desk = people.member(cast.agent, f"inbox/all/{one}/")
    text = desk.get_by_role("textbox", name="Your text")
    text.fill("half an answer")
    desk.locator(f'[data-id="{two}"] a').click()
    expect(desk).to_have_url(f"{people.server}/a/{cast.slug}/inbox/all/{two}/")
    expect(text).to_have_value("")
    desk.go_back()
    expect(text).to_have_value("half an answer")
    desk.reload()
    expect(text).to_have_value("half an answer")


def test_a_seat_taken_away_is_felt_at_once_and_no_word_is_lost(people: People, cast: Cast) -> None:
    number = begin(cast.agent)
    people.troubles.expected = lambda text: "403" in text or "ERR_" in text
    marco = people.member(cast.admin, f"inbox/all/{number}/")
    marco.get_by_role("textbox", name="Your text").fill("half a sentence")
    give(cast, Access.VIEWER)
    expect(marco.locator(".read-only")).to_be_visible()
    give(cast, Access.NONE)
    expect(marco.locator("[data-refusal=no_access]")).to_be_visible()
    give(cast, Access.AGENT)
    marco.reload()
    expect(marco.get_by_role("textbox", name="Your text")).to_have_value("half a sentence")


def test_when_the_session_is_over_it_says_so_and_keeps_the_text(people: People, cast: Cast) -> None:
    number = begin(cast.agent)
    people.troubles.expected = lambda text: "401" in text or "403" in text
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    expect(desk.locator(".entry")).to_have_count(1)
    desk.context.clear_cookies()
    desk.get_by_role("textbox", name="Your text").fill("not lost")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".toast")).to_contain_text("You are signed out")
    expect(desk.locator(".entry.failed")).to_contain_text("not lost")


def test_an_action_that_is_refused_is_taken_back(people: People, cast: Cast) -> None:
    number = begin(cast.agent)
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    people.troubles.expected = lambda text: "500" in text or "ERR_" in text
    desk.route("**/complete/", lambda route: route.abort())
    desk.get_by_role("button", name="Complete").click()
    expect(desk.locator(".toast")).to_contain_text("did not reach the server")
    expect(desk.get_by_role("button", name="Complete")).to_be_visible()


def test_completing_leads_on_to_the_next_and_undo_leads_back(people: People, cast: Cast) -> None:
    older, newer = begin(cast.agent, "older"), begin(cast.agent, "newer")
    desk = people.member(cast.agent, f"inbox/all/{newer}/")
    desk.get_by_role("button", name="Complete").click()
    expect(desk.locator(f'[data-thread="{older}"]')).to_be_visible()
    expect(desk.locator("[data-rows] .row-text")).to_have_text(["older"])
    desk.locator(".toast").get_by_role("button", name="Undo").click()
    expect(desk.locator(f'[data-thread="{newer}"]')).to_be_visible()
    expect(desk.get_by_role("button", name="Complete")).to_be_visible()
    expect(desk.locator("[data-rows] .row-text")).to_have_text(["newer", "older"])


def test_the_toast_covers_neither_the_composer_nor_a_row(people: People, cast: Cast) -> None:
    begin(cast.agent, "older")
    number = begin(cast.agent, "newer")
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    desk.get_by_role("button", name="Complete").click()
    toast = desk.locator(".toast").bounding_box()
    composer, pane = desk.locator(".composer").bounding_box(), desk.locator(".list").bounding_box()
    assert toast and composer and pane
    assert toast["y"] + toast["height"] < composer["y"]
    assert toast["x"] > pane["x"] + pane["width"]


def test_the_last_one_completed_leaves_an_empty_stage(people: People, cast: Cast) -> None:
    number = begin(cast.agent)
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    desk.get_by_role("button", name="Complete").click()
    expect(desk.locator(".stage-empty")).to_be_visible()
    expect(desk.locator("a[data-row]")).to_have_count(0)
    desk.goto(f"{people.server}/a/{cast.slug}/inbox/done/{number}/")
    expect(desk.locator(".done-hint")).to_be_visible()


def test_keys_act_on_the_highlighted_row(people: People, cast: Cast) -> None:
    one, two, three = (begin(cast.agent, text) for text in ("one", "two", "three"))
    desk = people.member(cast.agent, "inbox/")
    expect(desk.locator("a[data-row]")).to_have_count(3)
    desk.keyboard.press("j")
    desk.keyboard.press("e")
    expect(desk.locator(f'[data-rows] > [data-id="{three}"]')).to_have_count(0)
    expect(desk.locator(f'[data-id="{two}"] a')).to_be_focused()
    desk.keyboard.press("j")
    desk.keyboard.press("a")
    expect(desk.locator("#assign")).to_be_visible()
    expect(desk.locator(f'[data-thread="{one}"]')).to_be_visible()


def test_times_and_days_are_the_browsers_own(people: People, cast: Cast) -> None:
    number = begin(cast.agent)
    desk = people.member(cast.agent, f"inbox/all/{number}/", timezone_id="Pacific/Auckland")
    own = """(() => {
        const at = new Date(document.querySelector('.entry time').dateTime);
        return at.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});
    })()"""
    expect(desk.locator(".entry time")).to_have_text(desk.evaluate(own))
    expect(desk.locator(".day")).to_have_text("Today")
    assert desk.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Pacific/Auckland"


@pytest.mark.parametrize("width", [1440, 1280, 1200, 1100, 1024, 760])
def test_the_contacts_name_is_the_last_to_give_way(people: People, cast: Cast, width: int) -> None:
    number = begin(cast.agent)
    with account_scope(cast.account.pk):
        Contact.objects.update(name="Charlotte Dubois")
        assign(number, cast.admin.user.pk, by=cast.agent)
        complete(number, by=cast.agent)
    desk = people.member(cast.agent, f"inbox/done/{number}/", viewport={"width": width, "height": 800})
    name = desk.locator(".head-name h2")
    expect(name).to_be_visible()
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(desk.get_by_role("button", name="Reopen")).to_be_in_viewport(ratio=1)


def test_a_very_long_message_is_folded(people: People, cast: Cast) -> None:
    number = begin(cast.agent, "\n".join(f"line {n}" for n in range(60)))
    desk = people.member(cast.agent, f"inbox/all/{number}/")
    text = desk.locator(".entry .text")
    folded = text.evaluate("e => e.clientHeight")
    desk.get_by_role("button", name="Show all").click()
    assert text.evaluate("e => e.clientHeight") > 2 * folded
    expect(desk.get_by_role("button", name="Show all")).to_have_count(0)


def test_two_tabs_hold_one_stream_and_the_second_takes_over(people: People, cast: Cast) -> None:
    visitor = uuid4()
    number = write(cast.agent, "one", visitor=visitor).conversation
    first = people.member(cast.agent, f"inbox/all/{number}/")
    second = first.context.new_page()
    second.goto(first.url)
    write(cast.agent, "for both", visitor=visitor)
    for tab in (first, second):
        expect(tab.locator(".entry").last).to_contain_text("for both")
    first.close()
    write(cast.agent, "for the one left", visitor=visitor)
    expect(second.locator(".entry").last).to_contain_text("for the one left")
    expect(second.locator(".entry")).to_have_count(3)


def test_on_a_phone_one_pane_is_shown_at_a_time(people: People, cast: Cast) -> None:
    begin(cast.agent)
    phone = people.member(cast.agent, "inbox/", viewport={"width": 360, "height": 740}, has_touch=True)
    phone.locator("a[data-row]").tap()
    expect(phone.locator(".thread")).to_be_visible()
    expect(phone.locator(".list")).to_be_hidden()
    phone.get_by_role("button", name="Contact").tap()
    expect(phone.locator("#contact")).to_be_in_viewport()
    phone.locator(".contact-close").tap()
    phone.get_by_role("link", name="Back to the list").tap()
    expect(phone.locator(".list")).to_be_visible()
    small = "all => all.filter(e => e.offsetParent && e.offsetHeight > 2 && e.offsetHeight < 43).length"
    assert phone.locator("a, button, summary").evaluate_all(small) == 0
