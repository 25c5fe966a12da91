"""Mail is read from a real server: as it comes, everything once, nothing changed there."""

from datetime import timedelta

import pytest
from django.conf import LazySettings

from salotto.channels.email.imap import look
from salotto.channels.email.models import RawState
from salotto.channels.email.queries.incoming import is_partial
from tests.channels.email.imap.boxes import Letterbox, letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, await_that


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_new_mail_is_here_within_two_seconds(server: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, mail(1))
    box.connect(server.port)
    with tending() as station:
        box.await_count(1)
        await_that(lambda: station.open_connections == 1, "the connection is held")
        server.deliver(box.user, mail(2))
        box.await_count(2, within=2)
        server.deliver(box.user, mail(3))
        box.await_count(3, within=2)
    assert box.subjects() == ["1", "2", "3"]


def test_what_lay_there_before_is_left_where_it_is(server: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, mail(1), mail(2))
    box.connect(server.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        server.deliver(box.user, mail(3))
        box.await_count(1)
    assert box.subjects() == ["3"]


def test_an_empty_mailbox_begins_with_its_first_mail(server: Dovecot, box: Letterbox) -> None:
    box.connect(server.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        server.deliver(box.user, mail(1))
        box.await_count(1)


def test_two_thousand_mails_are_all_stored_in_order(server: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, *(mail(number, 2000) for number in range(2000)))
    box.connect(server.port)
    with tending():
        box.await_count(2000, within=60)
    with server.signed_in(box.user) as reader:
        _, found = reader.fetch("1:*", "(UID FLAGS)")
    order = [raw.uid for raw in box.raws()]
    assert order == sorted(order) and len(set(order)) == 2000
    assert not any(b"Seen" in line or b"Deleted" in line for line in found)


def test_nothing_is_marked_as_read_or_taken_away(server: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, mail(1))
    box.connect(server.port)
    with tending():
        box.await_count(1)
    with server.signed_in(box.user) as reader:
        assert reader.search(None, "UNSEEN")[1] == [b"1"]


def test_gaps_between_uids_are_no_end(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "WINDOW", 20)
    with server.signed_in(box.user) as reader:
        for number in range(130):
            reader.append("INBOX", None, None, mail(number))  # type: ignore[arg-type]
        reader.store("2:129", "+FLAGS", r"(\Deleted)")
        reader.expunge()
    box.connect(server.port)
    with tending():
        box.await_count(2)
        server.deliver(box.user, mail(130))
        box.await_count(3)
    assert box.subjects() == ["0", "129", "130"]


def test_a_mail_over_the_limit_is_kept_with_its_headers_and_the_reason(
    server: Dovecot, box: Letterbox, settings: LazySettings
) -> None:
    settings.MAIL_LIMIT = 1 << 20
    server.deliver(box.user, mail(1), mail(2, 3 << 20), mail(3))
    box.connect(server.port)
    with tending():
        box.await_count(3)
    first, large, last = sorted(box.raws(), key=lambda raw: raw.uid or 0)
    assert [first.state, large.state, last.state] == [RawState.WAITING] * 3
    assert "3.0 MB" in large.error and "1 MB" in large.error
    assert bytes(large.content).startswith(b"From: customer2@") and len(large.content) < 1000
    assert large.size > 3 << 20
    assert is_partial(large) and not is_partial(first)


def test_a_large_mail_comes_alone_and_whole(server: Dovecot, box: Letterbox) -> None:
    large = mail(2, 12 << 20)
    server.deliver(box.user, mail(1), large, mail(3))
    box.connect(server.port)
    with tending():
        box.await_count(3)
    assert bytes(box.raws()[1].content) == large


def test_bytes_come_as_they_are(server: Dovecot, box: Letterbox) -> None:
    strange = (
        b"Subject: \xe9\xff\x80\r\n\r\n" + bytes(range(1, 256)) + b"){3}\r\n\r\n" + b"x" * 9000 + b"\r\n"
    )
    server.deliver(box.user, strange)
    box.connect(server.port)
    with tending():
        box.await_count(1)
    expected = strange.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # Maildir keeps line ends of its own
    assert bytes(box.raws()[0].content) == expected


def test_a_folder_that_was_numbered_anew_is_read_from_its_beginning(own: Dovecot, box: Letterbox) -> None:
    own.deliver(box.user, mail(1), mail(2))
    box.connect(own.port)
    with tending():
        box.await_count(2)
    before = box.position().uidvalidity
    own.stop()
    own.renumber(box.user)
    own.deliver(box.user, mail(3))
    await_that(_another_second, "UIDVALIDITY is the time in seconds")
    own.start()
    with tending():
        await_that(lambda: "3" in box.subjects(), "the new mail")
        box.await_count(5)  # the old ones again: their Message-IDs are known
    assert box.position().uidvalidity != before
    assert sorted(box.subjects()) == ["1", "1", "2", "2", "3"]


def _another_second(seen: list[int] = []) -> bool:  # noqa: B006 (of this process)
    import time

    seen.append(int(time.time()))
    return seen[-1] >= seen[0] + 2


def test_numbered_anew_what_was_never_wanted_stays_where_it_is(own: Dovecot, box: Letterbox) -> None:
    old, new = mail(1), mail(2)
    own.deliver(box.user, old)
    _make_older(own, box, timedelta(days=3))
    box.connect(own.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        own.deliver(box.user, new)
        box.await_count(1)
    own.stop()
    own.renumber(box.user)
    own.deliver(box.user, mail(3))
    own.start()
    with tending():
        await_that(lambda: "3" in box.subjects(), "the new mail")
    assert "1" not in box.subjects()


def _make_older(server: Dovecot, box: Letterbox, age: timedelta) -> None:
    import os
    import time

    then = time.time() - age.total_seconds()
    for path in server.maildir(box.user).rglob("*.test*"):
        os.utime(path, (then, then))


def test_a_mailbox_at_another_server_begins_anew(server: Dovecot, own: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, mail(1))
    own.deliver(box.user, mail(2))
    box.connect(server.port)
    with tending():
        box.await_count(1)
        box.connect(own.port)
        box.await_count(2)
    assert box.subjects() == ["1", "2"]  # though both have UID 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_is_spoken_and_the_certificate_checked(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    port = server.tls_port if security == "tls" else server.port
    server.deliver(box.user, mail(1))
    box.connect(port, security=security, host="localhost")
    with tending():
        found = box.await_trouble("The server's certificate")
        assert "issuer" in found.trouble
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.authority))
        box.await_count(1)
        box.await_no_trouble()
        server.deliver(box.user, mail(2))
        box.await_count(2, within=2)


def test_several_mailboxes_of_several_accounts(server: Dovecot, box: Letterbox) -> None:
    others = [letterbox() for _ in range(20)]
    for one in (box, *others):
        server.deliver(one.user, mail(1))
        one.connect(server.port)
    with tending() as station:
        for one in (box, *others):
            one.await_count(1)
        await_that(lambda: station.open_connections == 21, "all are held")
        server.deliver(others[7].user, mail(2))
        others[7].await_count(2, within=2)
