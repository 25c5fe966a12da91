"""What comes and goes while a mail is open: shown without a word in the console."""

from playwright.sync_api import expect

from salotto.channels.email.models import Mailbox
from salotto.core.tenancy import account_scope
from tests.browser.conftest import People
from tests.browser.test_quality import serious
from tests.cast import Cast
from tests.channels.email.post import letter, new_id, person
from tests.desk.mails import came, last_message, mail_of, open_box, order


def test_a_rich_mail_is_forwarded_and_answered_without_a_console_error(people: People, cast: Cast) -> None:
    post = open_box(cast)
    sender = person()
    conversation, _ = came(post, order(post, sender=sender))
    desk = people.member(cast.agent, "inbox/")
    desk.locator("a[data-row]").click()
    expect(desk.locator(".mail-frame iframe")).to_have_class("ready")
    # as password managers and other extensions do
    desk.evaluate("for (const input of document.querySelectorAll('#stage input')) input.style.color = 'red'")
    desk.locator(".mail-menu > summary").click()
    desk.get_by_role("link", name="Forward …").click()
    dialog = desk.locator("#mail-dialog")
    dialog.get_by_role("combobox", name="To", exact=True).fill("bo@example.com")
    dialog.get_by_role("button", name="Forward").click()
    expect(desk.locator(".entry.note")).to_contain_text("You forwarded a mail to bo@example.com")
    first = mail_of(cast, last_message(cast, conversation, "visitor").pk).header_id
    came(post, order(post, sender=sender, answers=first))
    expect(desk.locator(".entry.them")).to_have_count(2)
    expect(desk.locator(".entry .mail-frame iframe.ready")).to_have_count(2)


def test_whom_one_may_reply_to_follows_the_newest_mail(people: People, cast: Cast) -> None:
    post = open_box(cast)
    sender = f"Anna Rossi <{person()}>"
    conversation, _ = came(post, letter(sender, f"{post.address}, bo@example.com", id=new_id()))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    line, button = desk.locator("[data-people-line]"), desk.locator("[data-only-one]")
    expect(button).to_have_text("Reply only to Anna Rossi", use_inner_text=True)
    for to, shown in (
        (post.address, "To Anna Rossi"),
        (f"{post.address}, bo@example.com", "To Anna Rossi · Cc 1"),
    ):
        newest = mail_of(cast, last_message(cast, conversation, "visitor").pk).header_id
        post.receive(letter(sender, to, reply_to_id=newest))
        expect(line).to_have_text(shown)
        expect(button).to_be_visible(visible="Cc" in shown)
    desk.reload()
    expect(button).to_have_text("Reply only to Anna Rossi", use_inner_text=True)


def test_of_an_inbox_that_is_off_an_agent_writes_notes_only(people: People, cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, letter(f"Anna Rossi <{person()}>", post.address))
    with account_scope(cast.account.pk):
        Mailbox.objects.filter(pk=post.mailbox.pk).update(enabled=False)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.get_by_role("tab", name="Reply")).to_be_disabled()
    expect(desk.get_by_text("This inbox is switched off")).to_be_visible()
    desk.keyboard.press("r")
    desk.get_by_role("textbox", name="Your text").fill("ask Marco")
    desk.get_by_role("button", name="Add note").click()
    expect(desk.locator(".entry.note[data-id]")).to_contain_text("ask Marco")
    assert serious(desk) == []
