"""`salotto demo`, as somebody meets it who has just installed Salotto."""

import re
import shutil
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from salotto.demo.cast import CAST, OPERATOR
from salotto.demo.views import happened
from tests.config.installation import Command, Installation, await_that, new_data


@pytest.fixture(scope="module")
def demo() -> Iterator[tuple[Installation, Command]]:
    """A demo that runs."""
    house = Installation(new_data())
    try:
        yield house, house.serve(name="demo")
    finally:
        house.close()
        shutil.rmtree(house.data, ignore_errors=True)


def browser(house: Installation, language: str = "en") -> httpx.Client:
    headers = {"Accept-Language": language}
    return httpx.Client(base_url=f"http://127.0.0.1:{house.port}", headers=headers, follow_redirects=True)


def sign_in(page: httpx.Client, who: str) -> httpx.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.get("/demo/").text)
    assert token
    return page.post("/demo/sign-in/", data={"who": who, "csrfmiddlewaretoken": token[1]})


def sign_in_at(page: httpx.Client, who: str, path: str) -> httpx.Response:
    """Sign in, and open a page."""
    sign_in(page, who)
    return page.get(path)


def test_it_prints_where_to_go_and_who_to_be(demo: tuple[Installation, Command]) -> None:
    house, command = demo
    for address in ("/demo/", "/shop/"):
        assert f"http://127.0.0.1:{house.port}{address}" in command.output
    assert all(player.email in command.output for player in (*CAST, OPERATOR))
    assert re.search(r"password: serena-\w{8}", command.output)
    ready = next(line for line in command.lines if "ready" in line)
    assert ready == f"Salotto is ready. Start here: http://127.0.0.1:{house.port}/demo/"


def test_the_first_start_says_once_what_it_is_at(demo: tuple[Installation, Command]) -> None:
    steps = [line for line in demo[1].lines if line.endswith("…")]
    assert [step.split()[0] for step in steps] == ["Creating", "Bringing", "Founding", "Collecting"]


def test_the_start_page_speaks_both_languages(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as english, browser(demo[0], "it") as italian:
        pages = english.get("/demo/").text, italian.get("/demo/").text
    assert [re.findall(r'<html lang="(\w+)"', page) for page in pages] == [["en"], ["it"]]
    assert all(page.count("<li>") == 12 for page in pages)


@pytest.mark.parametrize("player", CAST, ids=lambda p: p.key)
def test_one_click_signs_in(demo: tuple[Installation, Command], player: object) -> None:
    with browser(demo[0]) as page:
        answer = sign_in(page, player.key)  # type: ignore[attr-defined]
        assert "/a/bottega-serena/" in str(answer.url)
        assert "salotto_session" in page.cookies


def test_the_operator_lands_on_the_pages_of_operators(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        assert sign_in(page, OPERATOR.key).url.path == "/operator/"


def test_who_signs_in_reads_on_in_the_language_of_the_start_page(demo: tuple[Installation, Command]) -> None:
    for language in ("it", "en"):
        with browser(demo[0], language) as page:
            assert f'lang="{language}"' in sign_in(page, "sara").text


def test_a_stranger_to_the_cast_is_refused(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        assert sign_in(page, "root").status_code == 404


def test_a_forged_click_is_refused(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        assert page.post("/demo/sign-in/", data={"who": "giulia"}).status_code == 403
        assert page.get("/demo/sign-in/").status_code == 405


def test_the_printed_password_works(demo: tuple[Installation, Command]) -> None:
    house, command = demo
    password = command.await_line(r"password: (\S+)\)")[1]
    with browser(house) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.get("/login/").text)
        assert token
        form = {"login": CAST[1].email, "password": password, "csrfmiddlewaretoken": token[1]}
        assert "/a/bottega-serena/" in str(page.post("/login/", data=form).url)


def test_signed_out_one_is_led_to_the_start_page(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        assert page.get("/").url.path == "/demo/"
        assert 'href="/demo/"' in page.get("/login/").text


def test_every_desk_page_leads_back_to_the_start_page(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        assert "Switch person (demo)" in sign_in(page, "giulia").text


def test_the_clock_of_the_account_is_moved_by_its_primary_admin(demo: tuple[Installation, Command]) -> None:
    seats, clock = "/a/bottega-serena/settings/seats/", "/a/bottega-serena/demo/clock/"
    with browser(demo[0]) as page:
        before = re.findall(r"<time>([^<]+)</time>", sign_in_at(page, "giulia", seats).text)
        token = page.cookies["salotto_csrf"]
        form = {"to": "day", "back": seats, "csrfmiddlewaretoken": token}
        after = page.post(clock, data=form)
        assert after.url.path == seats
        assert re.findall(r"<time>([^<]+)</time>", after.text) != before != []
        assert page.post(clock, data={**form, "back": "//example.com/"}).url.path == seats
    with browser(demo[0]) as page:
        assert "<time>" not in sign_in_at(page, "marco", seats).text
        form["csrfmiddlewaretoken"] = page.cookies["salotto_csrf"]
        assert page.post(clock, data=form).status_code == 403


def test_who_signs_up_finds_the_mail_on_a_page(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.get("/signup/").text)
        assert token
        form = {"name": "Zoe", "account_name": "Zoe & Co", "email": "zoe@example.com"}
        secrets = {"password1": "a sunny sentence", "csrfmiddlewaretoken": token[1]}
        assert 'href="/demo/mail/"' in page.post("/signup/", data={**form, **secrets}).text
        link = r'href="http://127.0.0.1:\d+(/confirm-email/[^/"]+/)"'
        found = await_that(lambda: re.search(link, page.get("/demo/mail/").text), "the mail is there")
        assert "zoe@example.com" in page.get(found[1]).text


def send(page: httpx.Client, action: str, **fields: str) -> httpx.Response:
    """Post a form of the page of mails."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.get("/demo/mail/").text)
    assert token
    return page.post(f"/demo/mail/{action}/", data={**fields, "csrfmiddlewaretoken": token[1]})


LETTER = {
    "name": "Rosà Neri", "address": "rosa@mail.example", "to": "ciao@bottegaserena.example",
    "subject": "Blue plates", "text": "Do you have six blue plates?",
}  # fmt: skip


def piece(page: str, cut: str, word: str, wanted: str) -> re.Match[str] | None:
    """In the first part of a page with this word, what is wanted."""
    part = next((part for part in page.split(cut) if word in part), "")
    return re.search(wanted, part)


def test_a_customer_writes_by_mail_is_answered_and_answers(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as outside, browser(demo[0]) as desk:
        assert "on its way" in send(outside, "write", **LETTER).text
        sign_in(desk, "sara")
        row = await_that(
            lambda: piece(desk.get("/a/bottega-serena/inbox/").text, "<li ", "Rosà Neri", r'data-id="(\d+)"'),
            "the mail is in the list",
        )
        thread = f"/a/bottega-serena/c/{row[1]}/"
        form = {"body": "Six, and two more.", "client_id": str(uuid4())}
        form["csrfmiddlewaretoken"] = desk.cookies["salotto_csrf"]
        assert desk.post(f"{thread}reply/", data=form).status_code < 300
        answered = await_that(
            lambda: piece(
                outside.get("/demo/mail/").text, "<article", "two more", r'name="answers" value="([^"]+)"'
            ),
            "the answer lies in the mail of the demo",
        )
        assert send(outside, "answer", answers=answered[1], text="").status_code == 422
        assert "on its way" in send(outside, "answer", answers=answered[1], text="All eight, please.").text
        await_that(lambda: "All eight, please." in desk.get(thread).text, "it came to the same conversation")


def test_a_customers_mail_is_checked(demo: tuple[Installation, Command]) -> None:
    with browser(demo[0]) as page:
        for name, value in (("address", "nobody"), ("subject", ""), ("text", ""), ("to", "x@example.com")):
            answer = send(page, "write", **{**LETTER, name: value})
            assert answer.status_code == 422 and "errorlist" in answer.text
        assert send(page, "write", **{**LETTER, "cc": "nobody"}).status_code == 422
        assert send(page, "answer", answers="unknown@example.com", text="Hello").status_code == 404


def test_started_again_it_is_as_it_was_left(demo: tuple[Installation, Command]) -> None:
    house, first = demo
    assert first.await_line("password: ")
    assert house.commands[-1].stop() == 0

    without = house.serve()  # the same data without the demo has no open door
    with browser(house) as page:
        assert page.get("/demo/").status_code == 404
        assert page.post("/demo/sign-in/", data={"who": "giulia"}).status_code == 404
    assert without.stop() == 0

    again = house.serve(name="demo")
    assert again.await_line(r"password: \S+")[0] in first.output
    with browser(house) as page:
        assert sign_in(page, "giulia").status_code == 200


def test_an_overdue_invoice_is_not_called_read_only() -> None:
    told = happened(["overdue"])
    assert "overdue" in told and "read-only" not in told


def test_a_renewal_or_a_retry_that_failed_is_told_as_failed() -> None:
    assert happened(["renewed"], failed=True).endswith("the renewal could not be collected.")
    assert happened(["retried"], failed=True) == "The payment was tried again and failed again."
    assert happened(["renewed"]) == "A new period has begun."
