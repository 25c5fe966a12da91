"""The widget on a shop's page: what a visitor relies on."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from salotto.core.tenancy import account_scope
from salotto.inbox import actions
from salotto.inbox.models import Contact, Conversation, Message
from tests.browser.conftest import People, site_key
from tests.cast import Cast


def open_chat(page: Page) -> None:
    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Write a message").fill(text)
    page.keyboard.press("Enter")


def answer(cast: Cast, text: str) -> None:
    with account_scope(cast.account.pk):
        conversation = Conversation.objects.get()
        actions.reply(conversation.pk, text, client_id=uuid4(), by=cast.agent)


def bodies(cast: Cast) -> list[str]:
    with account_scope(cast.account.pk):
        texts = Message.objects.exclude(kind="status").order_by("id").values_list("body", flat=True)
        return list(texts)


def test_nothing_is_asked_for_and_nothing_written_before_the_visitor_does(people: People, cast: Cast) -> None:
    page = people.context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{people.shop}/{site_key(cast)}")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if people.server in url] == [f"{people.server}/widget.js"]
    open_chat(page)
    with account_scope(cast.account.pk):
        assert not Contact.objects.exists() and not Conversation.objects.exists()


def test_the_answer_arrives_live_and_history_survives_a_reload(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    write(page, "Is the blue one still there in 40?")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Is the blue one still there in 40?")
    expect(log).to_contain_text("Sent")
    answer(cast, "Yes, two are left.")
    expect(log).to_contain_text("Yes, two are left.")
    page.reload()  # an open chat opens again by itself
    expect(page.get_by_role("log")).to_contain_text("Is the blue one still there in 40?")
    expect(page.get_by_role("log")).to_contain_text("Yes, two are left.")


def test_what_is_written_offline_is_sent_once_when_the_network_is_back(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "ERR_INTERNET_DISCONNECTED" in text
    page = people.visitor(cast)
    open_chat(page)
    write(page, "First")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    page.context.set_offline(True)
    write(page, "Second, without a network")
    write(page, "Third, too")
    expect(page.get_by_text("Waiting for the connection").last).to_be_visible()
    answer(cast, "Written while you were away")
    page.context.set_offline(False)
    log = page.get_by_role("log")
    expect(log).to_contain_text("Written while you were away")
    expect(page.get_by_text("Waiting for the connection")).to_have_count(0)
    assert sorted(bodies(cast)) == sorted(
        ["First", "Second, without a network", "Third, too", "Written while you were away"]
    )
    assert log.get_by_text("Second, without a network").count() == 1


def test_a_message_written_offline_survives_a_reload(people: People, cast: Cast) -> None:
    people.troubles.expected = lambda text: "ERR_" in text
    page = people.visitor(cast)
    open_chat(page)
    page.route("**/w/messages", lambda route: route.abort())
    write(page, "Kept in the browser")
    expect(page.get_by_role("log")).to_contain_text("Kept in the browser")
    page.unroute("**/w/messages")
    page.reload()  # an open chat opens again by itself
    expect(page.get_by_role("log")).to_contain_text("Kept in the browser")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    assert bodies(cast) == ["Kept in the browser"]


def test_two_tabs_show_one_conversation(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    write(page, "From the first tab")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    second = page.context.new_page()
    second.goto(page.url)
    open_chat(second)
    expect(second.get_by_role("log")).to_contain_text("From the first tab")
    write(second, "From the second tab")
    expect(page.get_by_role("log")).to_contain_text("From the second tab")
    answer(cast, "To both")
    for tab in (page, second):
        expect(tab.get_by_role("log").get_by_text("To both")).to_have_count(1)
    with account_scope(cast.account.pk):
        assert Conversation.objects.count() == 1


def test_an_italian_page_speaks_italian(people: People, cast: Cast) -> None:
    page = people.visitor(cast, "it")
    page.get_by_role("button", name="Apri la chat").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("textbox")).to_be_focused()


def test_the_chat_works_by_keyboard_alone(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    page.get_by_role("button", name="Open chat").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Write a message")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("By keyboard")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


def test_a_forged_script_in_a_message_is_text(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    write(page, evil)
    expect(page.get_by_role("log")).to_contain_text("Sent")
    answer(cast, evil)
    expect(page.get_by_role("log").get_by_text(evil)).to_have_count(2)
