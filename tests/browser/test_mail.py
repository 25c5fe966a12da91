"""Email in a real browser: reading it without a request to anybody, and writing it."""

from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Page, Route, expect

from salotto.channels.email.actions.fetching import complete
from salotto.core.tenancy import account_scope
from salotto.inbox.actions import delete_conversation, mark_unread, tell
from salotto.live import bell
from tests.browser.conftest import People
from tests.browser.test_quality import serious
from tests.cast import Cast
from tests.channels.email.large import headers_came, large
from tests.channels.email.post import letter, new_id, person
from tests.desk.mails import (
    PNG,
    answer,
    came,
    fares,
    files_of,
    last_message,
    mail_of,
    open_box,
    order,
    write_to,
)
from tests.desk.talk import begin


def send_button(desk: Page) -> None:
    desk.locator(".composer .send").click()


def test_a_mail_is_shown_as_high_as_it_is_and_asks_nobody(people: People, cast: Cast) -> None:
    post = open_box(cast)
    came(post, order(post, "https://tracker.example/open.png"))
    strangers: list[str] = []
    desk = people.member(cast.agent, "inbox/")
    desk.on("request", lambda asked: people.server in asked.url or strangers.append(asked.url))
    desk.locator("a[data-row]").click()
    frame = desk.frame_locator(".mail-frame iframe")
    expect(frame.get_by_role("heading", name="Your order")).to_be_visible()
    box = desk.locator(".mail-frame iframe")
    expect(box).to_have_class("ready")
    inner = box.evaluate("frame => frame.contentDocument.documentElement.offsetHeight")
    assert box.bounding_box()["height"] == inner > 60  # type: ignore[index]
    inline = frame.get_by_role("img", name="Mark")
    assert inline.evaluate("image => image.complete && image.naturalWidth") == 1
    assert desk.title() != "run"
    assert strangers == []


def test_remote_images_come_at_a_click(people: People, cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, order(post, "https://images.example/cup.png"))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    asked: list[str] = []

    def picture(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PNG, content_type="image/png")

    desk.context.route("https://images.example/**", picture)
    button = desk.get_by_role("button", name="Show 1 remote image")
    expect(button).to_be_visible()
    assert asked == []
    button.click()
    expect(button).to_be_hidden()
    assert asked == ["https://images.example/cup.png"]


def test_a_tall_new_mail_opens_at_its_beginning_and_its_quote_unfolds_in_place(
    people: People, cast: Cast
) -> None:
    post = open_box(cast)
    quote = "".join(f"> line {n}\n" for n in range(60))
    said = "Dear shop,\n" + "it is broken.\n" * 20 + f"\nOn 1 March 2026, Shop wrote:\n{quote}"
    conversation, _ = write_to(post, said)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/", viewport={"width": 1000, "height": 560})
    expect(desk.locator(".mail-who b")).to_be_in_viewport()
    expect(desk.locator(".thread [data-talk]")).not_to_contain_text("line 59")
    button = desk.locator("[data-unfold]")
    button.scroll_into_view_if_needed()
    button.click()
    expect(desk.locator(".thread .text")).to_contain_text("line 59")
    top = desk.locator("[data-talk]").evaluate(
        "talk => talk.scrollHeight - talk.scrollTop - talk.clientHeight"
    )
    assert top > 300
    with account_scope(cast.account.pk):
        mark_unread(conversation, by=cast.agent)
    first = mail_of(cast, last_message(cast, conversation, "visitor").pk)
    write_to(post, "And another thing", sender=first.sender, reply_to_id=first.header_id)
    desk.reload()
    expect(desk.locator(".mail-who b").first).to_be_in_viewport()
    expect(desk.get_by_role("button", name="New message")).to_be_visible()
    expect(desk.locator(".entry .text").last).not_to_be_in_viewport()


def test_the_quote_unfolds_and_folds_again(people: People, cast: Cast) -> None:
    post = open_box(cast)
    body = "Yes please!\n\nOn 3 May 2026 at 10:00, Sara wrote:\n> Shall I send it?"
    conversation, _ = write_to(post, body)
    desk = people.member(cast.viewer, f"inbox/all/{conversation}/")
    dots = desk.get_by_role("button", name="Show the quoted text and the signature")
    expect(desk.locator(".entry .text")).to_have_text("Yes please!")
    dots.click()
    expect(desk.locator(".entry .text")).to_contain_text("> Shall I send it?")
    desk.get_by_role("button", name="Hide the quoted text and the signature").click()
    expect(desk.locator(".entry .text")).to_have_text("Yes please!")


def test_a_day_is_said_once_whenever_its_mails_were_written(people: People, cast: Cast) -> None:
    post, anna, first = open_box(cast), person(), new_id()
    conversation, _ = write_to(post, sender=anna, id=first)
    write_to(post, "Any news?", sender=anna, reply_to_id=first)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.locator(".mail-dated")).to_have_count(2)
    expect(desk.locator(".day")).to_have_text(["Today"])


def test_a_rich_mail_is_shown_as_text_and_back(people: People, cast: Cast) -> None:
    post = open_box(cast)
    conversation, _ = came(post, order(post))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    desk.locator(".mail-menu > summary").click()
    desk.get_by_role("button", name="Show as text").click()
    expect(desk.locator(".entry .text")).to_be_visible()
    expect(desk.locator(".mail-frame")).to_be_hidden()
    desk.locator(".mail-menu > summary").click()
    desk.get_by_role("button", name="Show formatted").click()
    expect(desk.locator(".mail-frame")).to_be_visible()


def test_an_answer_with_a_copy_and_a_file(people: People, cast: Cast, tmp_path: Path) -> None:
    conversation, _ = write_to(open_box(cast), "Where is it?")
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    desk.locator("[data-recipients] > summary").click()
    cc = desk.get_by_role("combobox", name="Cc", exact=True)
    cc.fill("Bo Lind <bo@example.com>, not an address")
    cc.press("Enter")
    expect(desk.locator(".person-chip.wrong")).to_have_text("not an address×")
    desk.get_by_role("textbox", name="Your text").fill("Here it is.")
    send_button(desk)
    expect(desk.locator("[data-left]")).to_contain_text("is not an email address")
    cc.press("Backspace")
    expect(desk.locator("[data-left]")).to_have_text("")
    (tmp_path / "map.txt").write_text("left, then right")
    with desk.expect_file_chooser() as chooser:
        desk.locator("[data-attach]").click()
    chooser.value.set_files(tmp_path / "map.txt")
    expect(desk.locator(".files.waiting")).to_contain_text("16 B")
    expect(desk.locator("[data-people-line]")).to_contain_text("Cc 1")
    send_button(desk)
    ours = desk.locator(".entry.us[data-id]")
    expect(ours).to_contain_text("queued")
    expect(ours).to_contain_text("map.txt")
    expect(desk.locator(".files.waiting")).to_be_hidden()
    message = last_message(cast, conversation)
    mail = mail_of(cast, message.pk)
    assert (mail.cc, mail.files) == ([["Bo Lind", "bo@example.com"]], 1)
    assert mail.to[0][0] == "Anna Rossi" and "> Where is it?" in mail.text
    assert [(file.name, file.size) for file in files_of(cast, message.pk)] == [("map.txt", 16)]


def test_a_file_is_dropped_or_pasted_and_taken_out_again(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    put = """(form, kind) => {
        const data = new DataTransfer();
        data.items.add(new File(["hello"], `${kind}.txt`, {type: "text/plain"}));
        const how = {bubbles: true, cancelable: true};
        const event = kind === "drop" ? new DragEvent("drop", {...how, dataTransfer: data})
            : new ClipboardEvent("paste", {...how, clipboardData: data});
        form.querySelector("textarea").dispatchEvent(event);
    }"""
    for kind in ("drop", "paste"):
        desk.locator("[data-composer]").evaluate(put, kind)
        expect(desk.locator(".files.waiting .file", has_text=f"{kind}.txt")).to_contain_text("5 B")
    desk.reload()
    expect(desk.locator(".files.waiting .file")).to_have_count(2)
    desk.get_by_role("button", name="Remove drop.txt").click()
    expect(desk.locator(".files.waiting .file")).to_have_count(1)


def test_a_file_that_is_too_large_is_said_before_it_is_sent(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    uploads: list[str] = []
    desk.on("request", lambda asked: "/uploads/" in asked.url and uploads.append(asked.url))
    desk.locator("[data-composer]").evaluate(
        """form => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(26 * 1024 * 1024 + 1)], "big.bin"));
        form.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})); }"""
    )
    expect(desk.locator(".files.waiting .file")).to_contain_text("Larger than 25 MB")
    assert uploads == []


def test_a_file_of_twenty_megabytes_arrives(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    desk.locator("[data-composer]").evaluate(
        """form => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(20e6)], "film.mp4"));
        form.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})); }"""
    )
    expect(desk.locator(".files.waiting .file")).to_contain_text("19.1 MB", timeout=30_000)


def test_only_the_sender_gets_an_answer_when_the_agent_says_so(people: People, cast: Cast) -> None:
    post = open_box(cast)
    raw = letter("Anna Rossi <anna@example.com>", f"{post.address}, bo@example.com")
    conversation, _ = came(post, raw)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    line = desk.locator("[data-people-line]")
    expect(line).to_have_text("To Anna Rossi · Cc 1")
    desk.get_by_role("button", name="Reply only to Anna Rossi").click()
    expect(line).to_have_text("To Anna Rossi")
    desk.reload()
    expect(line).to_have_text("To Anna Rossi")  # as a draft is kept
    expect(desk.get_by_role("status").filter(has_text="bo@example.com is not in copy")).to_be_visible()
    desk.get_by_role("button", name="Reply to everybody").click()
    expect(line).to_have_text("To Anna Rossi · Cc 1")
    line.click()
    desk.get_by_role("combobox", name="Bcc").fill("chef@example.com,")
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Remove bo@example.com").click()
    expect(line).to_have_text("To Anna Rossi · Bcc 1")
    expect(desk.get_by_role("button", name="Reply only to Anna Rossi")).to_be_hidden()
    expect(desk.get_by_role("status").filter(has_text="bo@example.com is not in copy")).to_be_visible()
    desk.get_by_role("button", name="Reply to everybody").click()
    expect(line).to_have_text("To Anna Rossi · Cc 1 · Bcc 1")


def test_who_writes_next_is_who_is_answered(people: People, cast: Cast) -> None:
    post = open_box(cast)
    sender = f"Anna Rossi <{person()}>"
    conversation, _ = write_to(post, sender=sender, id=f"start-{person()}")
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.locator("[data-people-line]")).to_have_text("To Anna Rossi")
    first = mail_of(cast, last_message(cast, conversation, "visitor").pk).header_id
    post.receive(letter(sender, f"{post.address}, bo@example.com", "Bo too, please", reply_to_id=first))
    expect(desk.locator("[data-people-line]")).to_have_text("To Anna Rossi · Cc 1")
    post.receive(letter("bo@example.com", post.address, "From me alone", reply_to_id=first))
    expect(desk.get_by_role("status").filter(has_text="Anna Rossi is not in copy")).to_be_visible()
    text = desk.get_by_role("textbox", name="Your text")
    expect(text).to_have_attribute("placeholder", "Write to bo@example.com …")
    text.press("Shift+Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-people-line]")).to_have_text("To bo@example.com · Cc 1")
    expect(desk.get_by_role("status").filter(has_text="In copy: Anna Rossi")).to_be_visible()
    expect(text).to_be_focused()


def test_the_rest_of_a_large_mail_appears_where_its_headers_were(people: People, cast: Cast) -> None:
    post = open_box(cast)
    mail = large(post, person("big"))
    raw = headers_came(post, mail)
    desk = people.member(cast.agent, f"inbox/all/{raw.conversation_id}/")
    expect(desk.locator(".mail-part")).to_contain_text("It lies whole in the mailbox")
    complete(raw, mail)
    post.take_in()
    expect(desk.locator(".entry .text")).to_have_text("See the plans.")
    expect(desk.locator(".entry .file")).to_contain_text("plan.pdf")
    expect(desk.locator(".mail-part")).to_have_count(0)


def test_a_failed_mail_says_why_and_is_tried_again(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.locator(".delivery-word")).to_have_text("queued")
    fares(cast, message, "failed", "550 5.1.1 no such user")
    with account_scope(cast.account.pk), transaction.atomic():
        tell(conversation, "delivery")
        transaction.on_commit(bell.ring)
    expect(desk.locator(".delivery.bad")).to_contain_text("550 5.1.1 no such user")
    desk.get_by_role("button", name="Edit and send anew").click()
    expect(desk.get_by_role("textbox", name="Your text")).to_have_value("Here it is.")
    desk.get_by_role("button", name="Try again").click()
    expect(desk.locator(".delivery:not(.bad)")).to_contain_text("waiting to be sent")
    assert mail_of(cast, message).state == "queued"


def test_a_mail_that_waits_is_stopped_before_everybodys_eyes(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    answer(cast, conversation)
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    colleague = people.member(cast.admin, f"inbox/all/{conversation}/")
    desk.get_by_role("button", name="Stop sending").click()
    for page in (desk, colleague):
        expect(page.locator(".delivery-word")).to_have_text("stopped, not sent")
        expect(page.get_by_role("button", name="Stop sending")).to_have_count(0)
    desk.get_by_role("button", name="Edit and send anew").click()
    expect(desk.get_by_role("textbox", name="Your text")).to_have_value("Here it is.")
    desk.get_by_role("button", name="Send after all").click()
    expect(colleague.locator(".delivery-word")).to_have_text("queued")


def test_who_is_too_late_to_stop_a_mail_is_told_and_sees_where_it_is(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    message = answer(cast, conversation)
    people.troubles.expected = lambda text: "409" in text
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.get_by_role("button", name="Stop sending")).to_be_visible()
    fares(cast, message, "sent")
    desk.get_by_role("button", name="Stop sending").click()
    expect(desk.get_by_text("It is too late to stop this mail: it has just been sent.")).to_be_visible()
    expect(desk.locator(".delivery-word")).to_have_text("sent")


def test_a_list_that_is_too_long_is_said_in_the_form(people: People, cast: Cast) -> None:
    open_box(cast)
    desk = people.member(cast.agent, "mail/many/")
    desk.get_by_label("Subject").fill("News")
    desk.get_by_label("Text").fill("Spring is here")
    table = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"anna@example.com\n" * 20_000}
    desk.get_by_label("Or a CSV file of addresses").set_input_files(table)  # type: ignore[arg-type]
    desk.get_by_role("button", name="Check").click()
    expect(desk.get_by_role("alert")).to_contain_text("The list is larger than 200 kB.")
    expect(desk.get_by_label("Text")).to_have_value("Spring is here")
    desk.get_by_label("Or a CSV file of addresses").set_input_files([])
    desk.get_by_label("To", exact=True).fill("anna@example.com")
    prices = {"name": "prices.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 300}
    desk.locator("[data-choose]").set_input_files(prices)  # type: ignore[arg-type]
    expect(desk.locator(".file")).to_contain_text("1 kB")
    desk.get_by_role("button", name="Check").click()
    expect(desk.get_by_role("heading", name="Send it to 1 person?")).to_be_visible()
    expect(desk.locator(".file")).to_contain_text("prices.pdf")
    desk.get_by_role("button", name="Change it").click()
    desk.get_by_role("button", name="prices.pdf").click()
    large = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": bytes(10 * 1024 * 1024 + 1)}
    desk.locator("[data-choose]").set_input_files(large)  # type: ignore[arg-type]
    expect(desk.locator(".file")).to_contain_text("Larger than 10 MB")


def test_a_new_conversation_is_begun_with_a_key(people: People, cast: Cast) -> None:
    post = open_box(cast)
    write_to(post, sender=f"Eva Blum <eva-{post.mailbox.key}@example.com>")
    desk = people.member(cast.agent, "inbox/")
    desk.keyboard.press("c")
    dialog = desk.locator("#mail-dialog")
    to = dialog.get_by_role("combobox", name="To", exact=True)
    expect(to).to_be_focused()
    to.press_sequentially("eva b")
    expect(dialog.get_by_role("option")).to_have_text(f"Eva Blumeva-{post.mailbox.key}@example.com")
    to.press("Enter")
    dialog.get_by_label("Subject").fill("Your cups")
    dialog.get_by_role("textbox", name="Your text").fill("They are here.")
    dialog.get_by_role("textbox", name="Your text").press("Control+Enter")
    expect(desk.locator(".thread .text")).to_have_text("They are here.")
    expect(desk.locator(".head-subject")).to_have_text("Your cups")
    expect(dialog).to_be_hidden()


def test_a_mail_is_forwarded_from_its_menu(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast), "Please see to it")
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    desk.locator(".mail-menu > summary").click()
    desk.get_by_role("link", name="Forward …").click()
    dialog = desk.locator("#mail-dialog")
    dialog.get_by_role("combobox", name="To", exact=True).fill("bo@example.com")
    dialog.get_by_role("button", name="Forward").click()
    expect(desk.locator(".entry.note")).to_contain_text("You forwarded a mail to bo@example.com")


def test_whoever_has_a_deleted_conversation_open_leaves_it(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/")
    expect(desk.locator(".thread")).to_be_visible()
    expect(desk.locator(".row.unread")).to_have_count(0)  # what marks it read finds it still there
    with account_scope(cast.account.pk):
        delete_conversation(conversation, by=cast.admin)
    expect(desk.get_by_text("This conversation was deleted.")).to_be_visible()
    expect(desk.locator(".thread")).to_have_count(0)
    expect(desk.locator("a[data-row]")).to_have_count(0)


def test_without_a_script_the_form_still_sends(people: People, cast: Cast) -> None:
    conversation, _ = write_to(open_box(cast))
    desk = people.member(cast.agent, f"inbox/all/{conversation}/", java_script_enabled=False)
    desk.locator("[data-recipients] > summary").click()
    desk.get_by_label("Cc", exact=True).fill("bo@example.com")
    desk.get_by_role("textbox", name="Your text").fill("Plain and simple")
    send_button(desk)
    expect(desk.locator(".entry.us")).to_contain_text("Plain and simple")
    assert mail_of(cast, last_message(cast, conversation).pk).cc == [["", "bo@example.com"]]


def test_a_chat_takes_no_files_but_a_note_does(people: People, cast: Cast) -> None:
    desk = people.member(cast.agent, f"inbox/all/{begin(cast.agent)}/")
    expect(desk.locator("[data-attach]")).to_be_hidden()
    desk.get_by_role("tab", name="Note").click()
    expect(desk.locator("[data-attach]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mail_is_accessible_and_stays_within_the_window(people: People, cast: Cast, scheme: str) -> None:
    post = open_box(cast)
    conversation, message = came(post, order(post))
    sent = answer(cast, conversation, quote=True)
    fares(cast, sent, "failed", "550 no")
    for width in (1440, 390):
        view = {"width": width, "height": 844}
        desk = people.member(cast.admin, f"inbox/all/{conversation}/", color_scheme=scheme, viewport=view)
        expect(desk.locator(".mail-frame iframe")).to_have_class("ready")
        desk.locator("[data-recipients] > summary").click()
        assert serious(desk) == []
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        for path in ("mail/new/", "mail/many/", f"mails/{message}/", f"mails/{message}/forward/"):
            desk.goto(f"{people.server}/a/{cast.slug}/{path}")
            assert serious(desk) == [], path
            assert desk.evaluate("document.documentElement.scrollWidth") <= width, path


def test_two_hundred_mails_load_the_frames_that_are_near(people: People, cast: Cast) -> None:
    post = open_box(cast)
    _, message = came(post, order(post))
    first = mail_of(cast, message)
    post.receive(*(order(post, sender=first.sender, answers=first.header_id) for _ in range(200)))
    frames: list[str] = []
    desk = people.member(cast.agent, "inbox/")
    desk.on("request", lambda asked: "/frame/" in asked.url and frames.append(asked.url))
    desk.locator("a[data-row]").first.click()
    expect(desk.locator(".entry")).to_have_count(50)
    expect(desk.locator(".mail-frame iframe.ready").last).to_be_in_viewport()
    assert len(frames) < 30
