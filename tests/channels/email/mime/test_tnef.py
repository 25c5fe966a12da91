"""winmail.dat files that are made to cost time or memory, or say more than they hold."""

import struct
import time

import pytest

from salotto.channels.email.mime import parse, rtf, tnef
from salotto.channels.email.mime.reading import MOST_ENCLOSED, MOST_LISTED, MOST_UNPACKED, Reading
from tests.channels.email.mime import packing
from tests.channels.email.mime.broken import check

BODY, RTF, HTML = 0x1000, 0x1009, 0x1013
MANY = 0xFFFF_FFFF


def claims(count: int, *values: bytes) -> bytes:
    """A mail whose list of properties says that it is so long."""
    listed = struct.pack("<I", count) + b"".join(values)
    return packing.mail(packing.winmail(packing.attribute(1, packing.PROPERTIES, listed)), "Own words.")


@pytest.mark.parametrize(
    "raw",
    [
        claims(MANY),
        claims(MANY, packing.text(BODY, "x")),
        claims(1, struct.pack("<HHI", 0x1002, BODY, MANY)),
        claims(1, struct.pack("<HHI", 0x1003, BODY, MANY)),
        claims(1, struct.pack("<HHI", 0x101F, BODY, MANY)),
        claims(1, struct.pack("<HHII", 0x1F, BODY, 1, MANY)),
        claims(1, struct.pack("<HH16sII", 0x1F, 0x8001, b"", 1, MANY)),
        packing.mail(packing.winmail(struct.pack("<BII", 1, packing.PROPERTIES, MANY)), "Own words."),
    ],
)
def test_what_claims_to_be_endless_takes_no_time(raw: bytes) -> None:
    before = time.process_time()
    mail = check(raw)
    assert time.process_time() - before < 0.5
    assert (mail.text, mail.parts[0].name) == ("Own words.", "winmail.dat")
    assert any("winmail.dat" in problem for problem in mail.problems)


def test_very_many_attributes_are_read_in_linear_time() -> None:
    raw = packing.mail(packing.winmail(packing.attribute(1, 0x00068006, b"") * 200_000), "Own words.")
    before = time.process_time()
    assert parse(raw).text == "Own words."
    assert time.process_time() - before < 2


def test_a_text_of_which_too_much_is_unpacked_is_cut_and_the_file_kept() -> None:
    packed = packing.compressed(rb"{\rtf1\ansi " + b"word " * 20_000)
    reading = Reading()
    reading.unpacked(MOST_UNPACKED - 50_000)  # by another file of the mail
    data = packing.winmail(packing.message(packing.binary(RTF, packed)))
    found = tnef.unpack(data, reading)
    assert found is not None and not found.whole
    assert found.text.startswith("word word") and 40_000 < len(found.text) < 50_000
    assert reading.problems == ("Not all of the winmail.dat could be read; it was kept too.",)


def test_texts_of_mails_in_a_mail_are_unpacked_within_one_measure() -> None:
    packed = packing.compressed(rb"{\rtf1\ansi " + b"word " * 4_000)
    inner = packing.winmail(packing.message(packing.binary(RTF, packed)))
    reading = Reading()
    reading.unpacked(MOST_UNPACKED - 50_000)
    data = packing.winmail(*[packing.attached_mail(f"Mail {n}", inner) for n in range(4)])
    found = tnef.unpack(data, reading)
    assert found is not None and not found.whole
    sizes = [len(parse(file.content).text) for file in found.files]
    assert sizes[0] == sizes[1] == 19_999 > sizes[2] > sizes[3] == 0
    assert reading.left_to_unpack == 0


def test_no_compressed_text_unpacks_to_more_than_is_asked_for() -> None:
    packed = packing.repeated(rb"{\rtf1 a", 50_000)
    assert 0 < len(rtf.decompress(packed, 100_000)) <= 100_000
    assert len(rtf.decompress(packed, 10_000_000)) > 500_000


def test_mails_in_mails_are_opened_five_deep_and_the_file_is_kept() -> None:
    inner = packing.winmail(packing.message(packing.text(BODY, "deepest")))
    for depth in range(12):
        inner = packing.winmail(packing.message(), packing.attached_mail(f"Level {depth}", inner))
    mail = check(packing.mail(inner, "Own words."))
    assert [part.name for part in mail.parts] == ["winmail.dat", "Level 11.eml"]
    for depth in range(10, 6, -1):
        (part,) = parse(mail.parts[-1].content).parts
        assert part.name == f"Level {depth}.eml"
        mail = parse(mail.parts[-1].content)


def test_of_very_many_properties_or_values_the_first_are_read() -> None:
    first, empty = packing.text(BODY, "Hi"), struct.pack("<HHI", 0x1E, BODY, 0)
    for listed in (empty * 2_000_000, struct.pack("<HHI", 0x101E, HTML, 2_000_000) + b"\0" * 8_000_000):
        value = struct.pack("<I", 2_000_001) + first + listed
        before = time.process_time()
        found = tnef.unpack(packing.winmail(packing.attribute(1, packing.PROPERTIES, value)), Reading())
        assert found is not None and (found.text, found.whole) == ("Hi", False)
        assert time.process_time() - before < 1


def test_one_measure_of_properties_holds_for_all_lists_of_a_mail() -> None:
    reading = Reading()
    data = packing.winmail(*[packing.file(f"{n}.txt", b"x") for n in range(4)])
    for _ in range(MOST_LISTED - 12):
        reading.may_list()
    found = tnef.unpack(data, reading)
    assert found is not None and not found.whole and 0 < len(found.files) < 4


@pytest.mark.parametrize("signs", [b"{}", rb"\f0"])
def test_a_rich_text_of_nothing_but_signs_is_read_as_far_as_people_write(signs: bytes) -> None:
    before = time.process_time()
    read = rtf.read(rb"{\rtf1 Hi" + signs * (MOST_UNPACKED // len(signs)), MOST_UNPACKED)
    assert (read.text, read.cut) == ("Hi", True)
    assert time.process_time() - before < 3


def test_mails_in_a_mail_are_opened_up_to_a_measure_of_bytes() -> None:
    reading = Reading()
    reading.may_enclose(MOST_ENCLOSED - 500)  # by another file of the mail
    inner = packing.winmail(packing.message(packing.text(BODY, "x")))
    data = packing.winmail(*[packing.attached_mail(f"Mail {n}", inner) for n in range(8)])
    found = tnef.unpack(data, reading)
    assert found is not None and not found.whole and 0 < len(found.files) < 8


def test_the_same_attached_mail_always_has_the_same_bytes() -> None:
    inner = packing.winmail(packing.message(packing.text(BODY, "x")), packing.file("a.pdf", b"%PDF"))
    raw = packing.mail(packing.winmail(packing.attached_mail("Mail", inner)))
    assert parse(raw).parts[0].content == parse(raw).parts[0].content


def test_the_bytes_of_a_file_are_kept_to_the_last_zero() -> None:
    content = b"%PDF\0\0\0"
    value = packing.binary(0x3701, content)
    listed = packing.properties(packing.text(0x3707, "a.pdf"), value)
    packed = packing.attribute(2, packing.RENDERING, b"") + packing.attribute(
        2, packing.FILE_PROPERTIES, listed
    )
    raw = packing.mail(packing.winmail(packed, packing.file("b.pdf", content)))
    assert [part.content for part in parse(raw).parts] == [content, content]


@pytest.mark.parametrize("end", [b"\r\n", b"\0" * 40])
def test_what_a_server_has_written_behind_it_is_no_damage(end: bytes) -> None:
    packed = packing.winmail(packing.message(packing.binary(HTML, b"<p>Hi</p>")))
    mail = parse(packing.mail(packed + end, "Hi"))
    assert (mail.html, mail.parts, mail.problems) == ("<p>Hi</p>", (), ())


def test_every_cut_leaves_the_words_and_the_file() -> None:
    message = packing.message(packing.text(BODY, "Hi"), packing.binary(HTML, b"<p>Hi</p>"))
    whole = packing.winmail(message, packing.file("a.pdf", b"%PDF-1.4 " * 5))
    for length in range(40, len(whole) - 1, 7):
        mail = check(packing.mail(whole[:length], "Own words."))
        assert mail.text == "Own words."
        if mail.problems:
            assert [(part.name, part.content) for part in mail.parts] == [("winmail.dat", whole[:length])]
