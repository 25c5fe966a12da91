"""The settings of email in a browser: what an admin does there, and how it looks to everyone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from salotto.channels.email.actions import domains
from salotto.channels.email.actions.trying import send_trial
from salotto.channels.email.models import Mailbox, RawMail, RawState, Trial, Way
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.browser.conftest import People
from tests.browser.test_quality import serious, sticking_out
from tests.cast import Cast
from tests.channels.email.domains.test_check import Zone
from tests.channels.email.post import Post, letter
from tests.channels.email.sending.outbox import by_server
from tests.channels.email.test_mailboxes import Door, listening, png
from tests.desk.email_pages import open_inbox, row, server

PAGES = (
    "",
    "add/",
    "domains/",
    "mail/",
    "email/{id}/",
    "email/{id}/connect/",
    "email/{id}/receiving/",
    "email/{id}/sending/",
    "email/{id}/look/",
    "email/{id}/automatic/",
    "email/{id}/forwarding/",
    "email/{id}/http/",
    "email/{id}/remove/",
    "chat/",
)


def settings(people: People, cast: Cast, path: str = "", **options: object) -> Page:
    return people.member(cast.primary_admin, f"settings/channels/{path}", **options)


def address(people: People, cast: Cast, path: str) -> str:
    return f"{people.server}/a/{cast.slug}/settings/channels/{path}"


def preview(page: Page, form: str = "look") -> Any:
    """The document of the preview beside a form."""
    expect(page.locator(".preview-frames iframe.arriving")).to_have_count(0)
    return page.frame_locator(f"#frames-{form} iframe").last.locator("body")


@pytest.fixture
def box(cast: Cast) -> Post:
    """An inbox of which every page has something to show."""
    name = "A very long name of an inbox for all questions about deliveries and returns"
    found = open_inbox(cast, name, signature="{agent}", colour="#336699", footer="Via Roma 1")
    broken = "x" * 90
    by_server(found, 1, trouble=f"The server cannot be reached.\n{broken}", trouble_since=clock.now())
    ids = found.store(*(letter("anna@customer.example", found.address, subject=broken) for _ in range(2)))
    with account_scope(found.account):
        RawMail.objects.filter(pk__in=ids).update(state=RawState.FAILED, error=f"It broke: {broken}")
        made = domains.add_domain("shop.example", by=cast.primary_admin)
        domains.look_at_domain(made.pk, by=cast.primary_admin, lookup=Zone())
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(people: People, cast: Cast, box: Post, scheme: str) -> None:
    page = settings(people, cast, color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        page.goto(address(people, cast, path.format(id=box.mailbox.pk)))
        assert serious(page) == [], path


def test_nothing_sticks_out_of_a_narrow_window(people: People, cast: Cast, box: Post) -> None:
    page = settings(people, cast)
    for path in PAGES:
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(address(people, cast, path.format(id=box.mailbox.pk)))
        assert sticking_out(page) == [], path


def test_an_inbox_is_added_connected_and_switched_off(people: People, cast: Cast) -> None:
    page = settings(people, cast)
    page.get_by_role("link", name="Add an email inbox").click()
    page.get_by_label("Email address").fill("help@gmx.de")
    page.get_by_label("Name of the inbox").fill("Help")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("help@gmx.de is a mailbox at GMX")).to_be_visible()
    page.get_by_role("link", name="Enter the password").click()
    expect(page.get_by_label("Server", exact=True)).to_have_value("imap.gmx.net")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It is used from now on.")).to_be_visible()
    page.get_by_role("switch").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    with account_scope(cast.account.pk):
        made = Mailbox.objects.get()
    found = Post(cast.primary_admin, made)
    assert server(found, Way.IN) is not None and server(found, Way.OUT) is not None
    assert not made.enabled


def test_a_connection_is_tried_in_place(people: People, cast: Cast) -> None:
    box = open_inbox(cast)
    page = settings(people, cast, f"email/{box.mailbox.pk}/sending/")
    page.get_by_label("Server", exact=True).fill("nobody.invalid")
    page.get_by_role("button", name="Try the connection").click()
    expect(page.get_by_text("Enter the password; it is asked again")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Try the connection").click()
    expect(page.locator(".step.bad")).to_contain_text("No server of this name is known.")
    expect(page.get_by_label("Password", exact=True)).to_have_value("correct horse")
    page.route("**/test/", lambda route: None)  # the answer is a long time coming
    page.get_by_role("button", name="Try the connection").click()
    expect(page.locator(".step.bad")).to_be_hidden()


def test_what_goes_without_tls_is_warned_of(people: People, cast: Cast) -> None:
    page = settings(people, cast, f"email/{open_inbox(cast).mailbox.pk}/sending/")
    warning = page.get_by_text("Without TLS, the password and every mail")
    page.get_by_label("Security").select_option("tls")
    expect(warning).to_be_hidden()
    page.get_by_label("Security").select_option("none")
    expect(warning).to_be_visible()


def test_the_preview_follows_what_is_typed(people: People, cast: Cast) -> None:
    box = open_inbox(cast)
    page = settings(people, cast, f"email/{box.mailbox.pk}/look/")
    expect(preview(page)).to_contain_text("Giulia from Bottega Conti")
    page.get_by_label("Signature").fill("Yours, {agent}")
    expect(preview(page)).to_contain_text("Yours, Giulia Conti")
    page.get_by_label("The company", exact=True).check()
    page.get_by_label("Company name").fill("Conti & Sons")
    expect(preview(page)).not_to_contain_text("Giulia from")
    expect(preview(page)).to_contain_text("Conti & Sons")
    page.get_by_label("Subject of a new conversation").fill("News of the shop")
    expect(preview(page)).to_contain_text("News of the shop")
    page.get_by_role("button", name="Text").click()
    expect(preview(page)).to_contain_text("-- Yours, Giulia Conti")
    assert row(box).signature == ""
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds for mails from now on.")).to_be_visible()
    assert row(box).signature == "Yours, {agent}"


def test_each_automatic_mail_has_its_own_preview(people: People, cast: Cast) -> None:
    box = open_inbox(cast)
    page = settings(people, cast, f"email/{box.mailbox.pk}/automatic/")
    expect(preview(page, "automatic")).to_contain_text("Nothing is sent")
    expect(preview(page, "chats")).to_contain_text("Nothing is sent")
    page.get_by_label("Text", exact=True).fill("We have your mail.")
    expect(preview(page, "automatic")).to_contain_text("We have your mail.")
    page.get_by_label("Mail answers that a chat’s visitor has not seen").check()
    expect(preview(page, "chats")).to_contain_text("Your chat with Bottega Conti")
    page.get_by_role("button", name="Text").last.click()
    expect(preview(page, "chats")).to_contain_text("Subject: Your chat with")
    expect(preview(page, "automatic")).not_to_contain_text("Subject:")


def test_what_is_written_stands_below_its_sender(people: People, cast: Cast) -> None:
    plain, dressed = open_inbox(cast, "Plain"), open_inbox(cast, "Dressed", colour="#336699")
    for box in (plain, dressed):
        page = settings(people, cast, f"email/{box.mailbox.pk}/look/")
        body = preview(page)
        sender, said = (
            body.get_by_text(words).first.evaluate("found => found.getBoundingClientRect().left")
            for words in ("Giulia from", "Hello Anna")
        )
        assert sender == said, box.mailbox.colour


def test_the_keyboard_goes_through_the_ways_in_as_they_stand(people: People, cast: Cast) -> None:
    box = open_inbox(cast, address="help@outlook.com")
    page = settings(people, cast, f"email/{box.mailbox.pk}/connect/")
    stops = page.locator(".ways-in :is(a, button, summary)")
    tops = stops.evaluate_all("found => found.map(one => one.getBoundingClientRect().top)")
    assert tops == sorted(tops) and len(tops) > 1


def test_a_logo_is_uploaded_and_a_large_one_is_not(people: People, cast: Cast) -> None:
    box = open_inbox(cast)
    page = settings(people, cast, f"email/{box.mailbox.pk}/look/")
    chosen = page.get_by_label("Picture")
    chosen.set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": png() + b"\0" * 300_000})
    page.get_by_role("button", name="Upload the logo").click()
    assert row(box).logo_id is None
    chosen.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"nothing"})
    people.troubles.expected = lambda text: "422" in text
    page.get_by_role("button", name="Upload the logo").click()
    expect(page.get_by_text("This is no PNG and no JPEG picture")).to_be_visible()
    chosen.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": png(40, 20)})
    page.get_by_role("button", name="Upload the logo").click()
    expect(page.get_by_alt_text("The present logo")).to_be_visible()
    assert row(box).logo_id is not None
    expect(preview(page).locator("img")).to_be_visible()


def test_a_test_mail_is_watched_as_it_goes(people: People, cast: Cast) -> None:
    box, door = open_inbox(cast, hook_digest="x" * 64), Door()
    page = settings(people, cast, f"email/{box.mailbox.pk}/")
    with listening(door) as port:
        by_server(box, port)
        page.get_by_role("button", name="Send a test mail and wait for it").click()
        expect(page.locator(".step.now")).to_contain_text("In line to be sent")
        with account_scope(box.account):
            trial = Trial.objects.get()
        send_trial(box.account, trial.pk)
    expect(page.locator(".step.now")).to_contain_text("On its way")
    expect(page.get_by_text("queued as 7F3A")).to_be_visible()
    box.store(*door.mails)
    expect(page.get_by_text("delivered to us by SMTP")).to_be_visible()
    box.take_in()
    expect(page.get_by_text("It works, in")).to_be_visible()
    assert box.conversations() == []


def test_what_waits_is_tried_again_and_shown(people: People, cast: Cast, box: Post) -> None:
    page = settings(people, cast)
    page.get_by_role("link", name="See the mails").click()
    expect(page.locator(".letter")).to_have_count(2)
    page.get_by_role("link", name="Original").first.click()
    expect(page.locator("pre.original")).to_contain_text("customer.example")
    page.go_back()
    page.get_by_role("button", name="Try all again").click()
    expect(page.get_by_text("2 mails are being tried again.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()


def test_a_record_is_copied(people: People, cast: Cast, box: Post) -> None:
    page = settings(people, cast, "domains/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the value of _dmarc.shop.example").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("v=DMARC1; p=none;")


def test_copying_twice_leaves_the_button_as_it_was_and_without_https_marks_the_text(
    people: People, cast: Cast
) -> None:
    box = open_inbox(cast)
    page = settings(people, cast, f"email/{box.mailbox.pk}/http/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("[data-copy=hook]")
    button.dblclick()
    expect(button).to_have_text("Copied")
    expect(button).to_have_text("Copy")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    button.click()
    page.wait_for_function("getSelection().toString().includes('/mail/in/')")
    expect(button).to_have_text("Copy")


def test_without_scripts_everything_is_there(people: People, cast: Cast, box: Post) -> None:
    page = settings(people, cast, f"email/{box.mailbox.pk}/look/", java_script_enabled=False)
    page.get_by_role("button", name="HTML").click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Via Roma 1")
    page.goto(address(people, cast, f"email/{box.mailbox.pk}/"))
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("In line to be sent")).to_be_visible()


def test_everybody_who_gets_a_mail_can_be_seen_before_it_leaves(people: People, cast: Cast) -> None:
    open_inbox(cast)
    page = people.member(cast.agent, "mail/many/", viewport={"width": 390, "height": 800})
    page.get_by_label("To", exact=True).fill("\n".join(f"person{n}@customer.example" for n in range(40)))
    page.get_by_label("Subject").fill("News")
    page.get_by_label("Text").fill("There is news.")
    page.locator("form .button.primary").click()
    listed = page.locator(".people-list")
    expect(listed.locator("li")).to_have_count(40)
    assert listed.evaluate("list => list.scrollWidth <= list.clientWidth && list.scrollHeight > 300")
