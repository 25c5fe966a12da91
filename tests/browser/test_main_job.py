"""The main job, with two people in two browsers: a visitor writes, an agent answers, live."""

import re
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Message
from tests.browser.conftest import People
from tests.browser.test_on_a_site import bodies, open_chat, write
from tests.cast import Cast


def first_row(desk: Page) -> Locator:
    return desk.locator("a[data-row]").first


def thread(desk: Page) -> Locator:
    return desk.locator("[data-id].entry")


def begin(people: People, cast: Cast, text: str = "Buongiorno, avete la taglia 40?") -> Page:
    """A visitor who has written once."""
    page = people.visitor(cast)
    open_chat(page)
    write(page, text)
    expect(page.get_by_role("log")).to_contain_text("Sent")
    return page


def send(desk: Page, text: str) -> None:
    desk.get_by_role("textbox", name="Your text").fill(text)
    desk.keyboard.press("Control+Enter")


def test_a_visitor_writes_and_an_agent_answers_live(people: People, cast: Cast) -> None:
    desk = people.member(cast.agent, "inbox/")
    shop = begin(people, cast)
    expect(first_row(desk)).to_contain_text("Buongiorno, avete la taglia 40?")
    first_row(desk).click()
    expect(thread(desk).last).to_contain_text("Buongiorno, avete la taglia 40?")
    send(desk, "Sì, ce ne sono ancora due.")
    expect(shop.get_by_role("log")).to_contain_text("Sì, ce ne sono ancora due.")
    write(shop, "Che bello, grazie!")
    expect(thread(desk).last).to_contain_text("Che bello, grazie!")
    assert bodies(cast) == [
        "Buongiorno, avete la taglia 40?",
        "Sì, ce ne sono ancora due.",
        "Che bello, grazie!",
    ]
    texts = thread(desk).all_inner_texts()
    assert sum("Che bello, grazie!" in text for text in texts) == 1


def test_the_first_to_answer_becomes_the_owner_and_leaves_a_line_for_the_team(
    people: People, cast: Cast
) -> None:
    shop = begin(people, cast)
    sara = people.member(cast.agent, "inbox/unassigned/")
    marco = people.member(cast.admin, "inbox/unassigned/")
    first_row(marco).click()
    first_row(sara).click()
    send(sara, "Subito!")
    expect(marco.locator(".entry.line")).to_contain_text("Sara")
    expect(marco.locator("[data-dialog=assign]")).to_contain_text("Sara")
    expect(shop.get_by_role("log")).to_contain_text("Subito!")
    expect(shop.get_by_role("log")).not_to_contain_text("assigned")


def test_a_note_is_for_the_team_alone(people: People, cast: Cast) -> None:
    shop = begin(people, cast)
    sara = people.member(cast.agent, "inbox/")
    luca = people.member(cast.viewer, "inbox/")
    for desk in (sara, luca):
        first_row(desk).click()
    sara.get_by_role("tab", name="Note").click()
    send(sara, "Two are left in Bologna.")
    expect(luca.locator(".entry.note")).to_contain_text("Two are left in Bologna.")
    sara.get_by_role("tab", name="Reply").click()
    send(sara, "Certo!")
    expect(shop.get_by_role("log")).to_contain_text("Certo!")
    expect(shop.get_by_role("log")).not_to_contain_text("Bologna")


def test_a_viewer_reads_live_and_has_nothing_to_write_with(people: People, cast: Cast) -> None:
    shop = begin(people, cast)
    luca = people.member(cast.viewer, "inbox/")
    first_row(luca).click()
    expect(luca.get_by_text("You read along as a viewer")).to_be_visible()
    expect(luca.get_by_role("textbox", name="Your text")).to_have_count(0)
    write(shop, "Ancora qui?")
    expect(thread(luca).last).to_contain_text("Ancora qui?")


def test_typing_and_presence_are_seen_on_both_sides(people: People, cast: Cast) -> None:
    shop = begin(people, cast)
    desk = people.member(cast.agent, "inbox/")
    expect(first_row(desk).locator(".avatar.here")).to_be_visible()
    first_row(desk).click()
    expect(thread(desk).last).to_be_visible()
    shop.get_by_role("textbox", name="Write a message").press_sequentially("Vorrei", delay=30)
    expect(desk.get_by_text(re.compile("is typing"))).to_be_visible()
    desk.get_by_role("textbox", name="Your text").press_sequentially("Sì", delay=30)
    expect(shop.locator(".typing")).to_contain_text("Sara is typing")
    shop.context.close()
    people.contexts.remove(shop.context)
    expect(first_row(desk).locator(".avatar.here")).to_have_count(0)


def test_complete_and_reopen_are_shared_by_all_agents(people: People, cast: Cast) -> None:
    shop = begin(people, cast)
    sara = people.member(cast.agent, "inbox/")
    marco = people.member(cast.admin, "inbox/")
    for desk in (sara, marco):
        first_row(desk).click()
        expect(desk.get_by_role("textbox", name="Your text")).to_be_visible()
    sara.get_by_role("button", name="Complete").click()
    expect(marco.get_by_role("button", name="Reopen")).to_be_visible()
    write(shop, "Un'altra cosa…")
    expect(marco.get_by_role("button", name="Complete")).to_be_visible()
    expect(thread(marco).filter(has_text="Un'altra cosa")).to_have_count(1)
    expect(thread(marco).filter(has_text="the contact wrote")).to_have_count(1)


def test_the_agent_works_by_keyboard_alone(people: People, cast: Cast) -> None:
    shop = begin(people, cast)
    desk = people.member(cast.agent, "inbox/")
    expect(first_row(desk)).to_be_visible()
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    expect(thread(desk).last).to_be_visible()
    desk.keyboard.press("r")
    expect(desk.get_by_role("textbox", name="Your text")).to_be_focused()
    desk.keyboard.type("From the keyboard")
    desk.keyboard.press("Control+Enter")
    expect(shop.get_by_role("log")).to_contain_text("From the keyboard")
    desk.keyboard.press("Escape")
    with desk.expect_response("**/complete/"):
        desk.keyboard.press("e")
    expect(desk.locator(".toast")).to_contain_text("Completed")
    expect(desk.locator(".stage-empty")).to_be_visible()
    with account_scope(cast.account.pk):
        assert Conversation.objects.get().status == "done"


def test_the_desk_catches_up_after_the_network_was_away(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "ERR_" in text
    shop = begin(people, cast)
    desk = people.member(cast.agent, "inbox/")
    first_row(desk).click()
    expect(thread(desk).last).to_be_visible()
    desk.context.set_offline(True)
    for n in range(3):
        write(shop, f"While away {n}")
        expect(shop.get_by_role("log")).to_contain_text(f"While away {n}")
    expect(shop.get_by_text("Sending")).to_have_count(0)
    desk.context.set_offline(False)
    for n in range(3):
        expect(desk.locator(".entry").get_by_text(f"While away {n}")).to_have_count(1, timeout=20_000)


def test_a_reply_beside_a_colleagues_asks_before_it_is_sent(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "409" in text or "ERR_FAILED" in text
    begin(people, cast)
    sara = people.member(cast.agent, "inbox/")
    first_row(sara).click()
    box = sara.get_by_role("textbox", name="Your text")
    expect(box).to_be_visible()
    sara.route("**/messages/**", lambda route: route.abort())  # Sara's page has not heard of it yet
    with account_scope(cast.account.pk):
        conversation = Conversation.objects.get().pk
        actions.reply(conversation, "Marco was faster", client_id=uuid4(), by=cast.admin)
    send(sara, "Sara, a moment later")
    expect(sara.get_by_text(re.compile("answered while you were writing"))).to_be_visible()
    with account_scope(cast.account.pk):
        assert not Message.objects.filter(body="Sara, a moment later").exists()
