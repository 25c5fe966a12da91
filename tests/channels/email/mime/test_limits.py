"""What is bounded, and what never comes out."""

import tracemalloc
from datetime import UTC, datetime

import pytest
from icalendar.timezone import tzp

from salotto.channels.email.mime import Address, calendars, parse, yenc
from salotto.channels.email.mime.reading import Reading
from tests.channels.email.mime.broken import CORPUS, check

HEAD = (
    b"From: a@example.org\nMessage-ID: <1@example.org>\nDate: 2 Mar 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
)


def test_nothing_is_a_mail_too() -> None:
    mail = check(b"")
    assert mail.synthesised and mail.message_id.endswith(".invalid")
    assert mail.sender == Address("", "")


def test_a_made_up_id_is_the_same_for_the_same_bytes_only() -> None:
    assert parse(b"x").message_id == parse(b"x").message_id != parse(b"y").message_id


def test_a_very_long_id_is_shortened_in_the_same_way_everywhere() -> None:
    long = b"<" + b"x" * 5000 + b"@example.org>"
    one, answer = parse(b"Message-ID: " + long + b"\n\n"), parse(b"In-Reply-To: " + long + b"\n\n")
    assert answer.in_reply_to == (one.message_id,)
    assert len(one.message_id) < 200


def test_thousands_of_recipients_are_read() -> None:
    listed = b",\n ".join(b'"Name, %d" <user%d@example.org>' % (n, n) for n in range(4000))
    mail = parse(HEAD + b"To: " + listed + b"\n\nx")
    assert len(mail.to) == 4000
    assert mail.to[3999] == Address("Name, 3999", "user3999@example.org")


@pytest.mark.parametrize("line", [b"\r", b"a\n"])
def test_a_mail_of_nothing_but_short_lines_takes_little_memory(line: bytes) -> None:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: image/png\n\n"
    raw = head + line * 3_000_000 + b"\n--q--\n"
    tracemalloc.start()
    mail = parse(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any("more than 1000000 lines" in problem for problem in mail.problems)
    assert peak < 120_000_000


def test_a_large_file_has_lines_enough() -> None:
    head = HEAD + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    (part,) = parse(head + (b"QUFB" * 19 + b"\n") * 500_000).parts
    assert part.size == 57 * 500_000


def test_thousands_of_parts_are_bounded_and_said() -> None:
    mail = check(HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n" + b"--q\n\nx\n" * 5000 + b"--q--\n")
    assert 1000 < mail.text.count("x") <= 2000
    assert any("more than 2000 parts" in problem for problem in mail.problems)


def test_a_file_in_yenc_is_read_wherever_it_is_cut_and_takes_little_memory() -> None:
    signs = b"=}=@" * 100_000 + b"k" * 65_535 + b"=J" + b"x" * 10
    said = b"=ybegin line=128 size=1 name=a.bin\n" + signs + b"\n=yend size=1\n"
    tracemalloc.start()
    ((_name, content, _place),) = yenc.files(said)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content == b"\x13\xd6" * 100_000 + b"A" * 65_535 + b"\xe0" + b"N" * 10
    assert peak < 9_000_000


def test_thousands_of_headers_are_bounded_and_said() -> None:
    mail = check(HEAD + b"Received: from a\n" * 30_000 + b"Subject: late\n\nstill here")
    assert (mail.text, mail.subject) == ("still here", "")
    assert 19_000 < mail.hops <= 20_000
    assert any("more than 20000 headers" in problem for problem in mail.problems)


def test_a_head_of_nothing_but_odd_lines_is_mended_so_far_only() -> None:
    mail = check(b"no header\n" * 100 + HEAD + b"X-A : b\n" * 30_000 + b"\nbelow")
    assert mail.sender.address == "a@example.org"
    assert mail.text.endswith("X-A : b\n\nbelow")


def test_parts_after_the_end_of_a_multipart_are_read_too() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntwo\n--b--\n"
    mail = parse(
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n"
        + inner
        + b"--b\n\nthree\n--b--\n"
    )
    assert mail.text.split() == ["one", "two", "three"]
    assert any("goes on after its end" in problem for problem in mail.problems)


def test_depth_is_bounded() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500))
    check(HEAD + nested + b"Content-Type: text/plain\n\nx\n")


def test_twenty_levels_are_no_problem() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20))
    assert check(HEAD + nested + b"Content-Type: text/plain\n\nstill here\n").text == "still here"


def test_an_enormous_header_is_cut() -> None:
    assert len(parse(HEAD + b"Subject: " + b"x" * 3_000_000 + b"\n\nbody").subject) == 2000


def test_halves_of_surrogate_pairs_never_come_out() -> None:
    mail = check(HEAD + b"Subject: =?utf-7?q?+2AA-?=\nContent-Type: text/plain; charset=utf-7\n\n+2AA-x\n")
    assert "x" in mail.text


def test_nested_markup_takes_no_time_and_keeps_its_words() -> None:
    for html in (
        b"<div>" * 100_000 + b"deep",
        b"".join(b"<b id=%d><p>" % n for n in range(40_000)) + b"deep",
    ):
        mail = check(HEAD + b"Content-Type: text/html\n\n" + html)
        assert "deep" in mail.text


def test_a_large_mail_takes_few_times_its_size_of_memory() -> None:
    raw = (
        HEAD
        + b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
        + (b"QUJD" * 19 + b"\n") * 100_000
    )
    tracemalloc.start()
    try:
        mail = parse(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert mail.parts[0].size == 57 * 100_000
    assert peak < 8 * len(raw)


def test_dates_are_in_utc() -> None:
    assert parse(HEAD + b"\n").date == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_the_safe_name_keeps_its_ending() -> None:
    raw = (CORPUS / "name-too-long.eml").read_bytes()
    assert parse(raw).parts[0].name.endswith("a.pdf")


@pytest.mark.parametrize(
    "stub",
    [
        "Se non visualizzi correttamente questa email, aprila nel browser: https://news.example/1",
        "Wird diese E-Mail nicht richtig angezeigt? Klicken Sie hier: https://news.example/1",
        "Si ce message ne s'affiche pas bien, ouvrez-le dans votre navigateur",
        "Si no puede visualizar este correo, ábralo en su navegador",
    ],
)
def test_a_text_that_only_says_where_to_read_gives_way_to_the_html(stub: str) -> None:
    html = b"<p>Thirty percent off</p>"
    both = (
        f"--q\nContent-Type: text/plain; charset=utf-8\n\n{stub}\n--q\nContent-Type: text/html\n\n".encode()
    )
    mail = parse(HEAD + b"Content-Type: multipart/alternative; boundary=q\n\n" + both + html + b"\n--q--\n")
    assert mail.text == "Thirty percent off"


def test_what_one_sender_calls_a_zone_says_nothing_of_the_next_senders() -> None:
    described = (CORPUS / "invitation-own-zone.eml").read_bytes()
    start, end = described.index(b"BEGIN:VTIMEZONE"), described.index(b"BEGIN:VEVENT")
    assert "UTC+11" in parse(described).text
    assert "2026-01-10 10:00 (Our time)" in parse(described[:start] + described[end:]).text


def test_of_the_names_that_senders_give_to_zones_none_is_kept() -> None:
    for sender in range(2):
        entry = "".join(
            f"BEGIN:VEVENT\nDTSTART;TZID=/{sender}-{n}/Europe/Berlin:20260110T100000\nEND:VEVENT\n"
            for n in range(20)
        )
        said = calendars.describe(f"BEGIN:VCALENDAR\n{entry}END:VCALENDAR\n".encode(), Reading())
        assert said.count("(Europe/Berlin, UTC+1)") == 20
    assert len(vars(tzp)["_TZP__tz_cache"]) == 20


@pytest.mark.parametrize("line", ["A:1\n", "COMMENT:long\n"])
def test_a_calendar_entry_that_nobody_writes_is_a_file_and_says_so(line: str) -> None:
    entry = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Tea\n{line * 5_000}END:VEVENT\nEND:VCALENDAR\n"
    reading = Reading()
    assert calendars.describe(entry.encode(), reading) == ""
    assert reading.problems == ("The calendar entry cannot be read (too long); it was kept as a file.",)
