"""Rule 20, seen from both sides: nobody may answer, nothing is lost, and then it is a chat again."""

from django.db import transaction
from playwright.sync_api import Page, expect

from salotto.accounts.actions import set_read_only
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Contact
from tests.browser.conftest import People
from tests.browser.test_on_a_site import bodies, open_chat, write
from tests.cast import Cast
from tests.channels.email.post import open_post

FIELD = "Your email (optional)"
NOTICE = "This account is read-only"


def stand(cast: Cast, read_only: bool) -> None:
    """As billing sets it, in its transaction."""
    with transaction.atomic():
        set_read_only(cast.account.pk, read_only)


def emails(cast: Cast) -> list[str]:
    with account_scope(cast.account.pk):
        return list(Contact.objects.values_list("email", flat=True))


def address(page: Page) -> str:
    """What the browser says of the address."""
    field = page.get_by_role("textbox", name=FIELD)
    return str(field.evaluate("(field) => field.validity.valid ? 'good' : 'bad'"))


def test_rule_20_a_visitor_leaves_a_message_and_later_it_is_a_chat_again(people: People, cast: Cast) -> None:
    stand(cast, True)
    page = people.visitor(cast)
    open_chat(page)
    expect(page.get_by_role("heading", name="Leave us a message")).to_be_visible()
    expect(page.get_by_text("Nobody can answer here at the moment.")).to_be_visible()
    field = page.get_by_role("textbox", name=FIELD)
    field.fill("anna@")
    write(page, "Do you ship to Malta?")
    assert address(page) == "bad" and bodies(cast) == []
    field.fill("anna@example.com")
    write(page, "Do you ship to Malta?")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    assert bodies(cast) == ["Do you ship to Malta?"]
    assert emails(cast) == ["anna@example.com"]
    stand(cast, False)
    page.reload()  # an open chat opens again by itself
    expect(page.get_by_role("log")).to_contain_text("Do you ship to Malta?")
    expect(page.get_by_role("textbox", name="Write a message")).to_be_visible()
    expect(page.get_by_role("textbox", name=FIELD)).to_be_hidden()
    write(page, "Are you there?")
    expect(page.get_by_role("log")).to_contain_text("Are you there?")


def test_a_chat_has_no_field_for_an_address(people: People, cast: Cast) -> None:
    page = people.visitor(cast)
    open_chat(page)
    expect(page.get_by_role("textbox", name=FIELD)).to_be_hidden()


def test_an_open_desk_turns_into_reading_and_back_and_keeps_what_was_being_written(
    people: People, cast: Cast
) -> None:
    # "read" and "typing" may be on their way when the account turns, and are refused
    people.troubles.expected = lambda text: "status of 403" in text
    shop = people.visitor(cast)
    open_chat(shop)
    write(shop, "Hello?")
    desk = people.member(cast.agent, "inbox/")
    desk.locator("a[data-row]").first.click()
    text = desk.get_by_role("textbox", name="Your text")
    text.fill("Half an answ")
    stand(cast, True)
    expect(desk.get_by_text(NOTICE)).to_be_visible()
    expect(text).to_have_count(0)
    write(shop, "Still there?")
    expect(desk.locator("[data-id].entry").last).to_contain_text("Still there?")
    stand(cast, False)
    expect(text).to_have_value("Half an answ")
    expect(desk.get_by_text(NOTICE)).to_have_count(0)


def test_where_answers_go_on_by_mail_an_address_can_be_left_after_the_message(
    people: People, cast: Cast
) -> None:
    open_post(cast.primary_admin, continues_chats=True)
    page, agent = people.visitor(cast), people.member(cast.agent, "inbox/all/")
    open_chat(page)
    write(page, "Do you ship to Malta?")
    expect(page.get_by_role("log")).to_contain_text("Sent")
    field = page.get_by_role("textbox", name="Your email, if you cannot wait here")
    field.fill("anna@example.com")
    with page.expect_response("**/w/email"):
        field.press("Tab")
    assert emails(cast) == ["anna@example.com"]
    agent.get_by_role("link", name="Do you ship to Malta?").click()
    expect(agent.get_by_text("Also mailed to anna@example.com")).to_be_visible()
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("Do you ship to Malta?")
    expect(field).to_be_hidden()
