"""Whatever happens on the way: every mail is stored, and each one once."""

import threading

import pytest

from salotto.channels.email import reaching
from salotto.channels.email.actions import fetching
from salotto.channels.email.imap import look, station
from salotto.channels.email.imap.station import Station
from tests.channels.email.imap.boxes import Letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, await_that, dovecot
from tests.mailservers.proxy import Proxy

pytestmark = pytest.mark.usefixtures("soon")


def whole(box: Letterbox, count: int) -> None:
    """Every mail, each once, in order."""
    assert box.subjects() == [str(number) for number in range(count)]
    assert len({raw.uid for raw in box.raws()}) == count


def test_a_connection_cut_after_any_number_of_bytes(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "MOST_BYTES", 4000)
    server.deliver(box.user, *(mail(number, 900) for number in range(12)))
    with tending():
        between.cut_after = 20
        box.connect(between.port)
        for cut in range(20, 7000, 97):
            between.cut_after = cut
            seen = between.connections
            await_that(lambda seen=seen: between.connections > seen or box.count() == 12, "another try")
            if box.count() == 12:
                break
        between.cut_after = None
        box.await_count(12)
    whole(box, 12)
    assert between.connections > 5


def test_words_that_come_in_single_bytes(server: Dovecot, between: Proxy, box: Letterbox) -> None:
    server.deliver(box.user, *(mail(number) for number in range(5)))
    between.piece = 1
    box.connect(between.port)
    with tending():
        box.await_count(5)
        server.deliver(box.user, mail(5))
        box.await_count(6, within=5)
    whole(box, 6)


def test_a_server_that_falls_silent_is_left_after_a_while(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "READ_SECONDS", 0.5)
    monkeypatch.setattr(look, "MOST_MAILS", 1)
    server.deliver(box.user, *(mail(number) for number in range(5)))
    between.mute.set()
    box.connect(between.port)
    with tending():
        found = box.await_trouble("The server does not answer in time.")
        assert found.trouble_since is not None
        between.mute.clear()
        box.await_count(5)
        box.await_no_trouble()
    whole(box, 5)


def test_a_server_that_trickles_holds_nobody_for_ever(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "READ_SECONDS", 0.5)
    pause = threading.Event()

    def slowly(line: bytes) -> bytes:
        pause.wait(0.2)
        return line

    server.deliver(box.user, mail(0, 2000))
    between.change = slowly
    box.connect(between.port)
    with tending():
        box.await_trouble("The server does not answer in time.")
        between.change = None
        pause.set()
        box.await_count(1)


def test_killed_in_the_middle_and_started_again(
    own: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "MOST_MAILS", 20)
    own.deliver(box.user, *(mail(number, 3000) for number in range(600)))
    box.connect(own.port)
    with tending():
        for least in (40, 160, 320):
            await_that(lambda least=least: box.count() >= least, f"{least} mails")
            own.kill()
            own.start()
        box.await_count(600)
        own.deliver(box.user, mail(600))
        box.await_count(601)
    whole(box, 601)


def test_without_idle_it_is_asked_again_and_again(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "POLL_SECONDS", 0.3)
    between.change = lambda line: line.replace(b" IDLE", b"")
    server.deliver(box.user, mail(0))
    box.connect(between.port)
    with tending():
        box.await_count(1)
        server.deliver(box.user, mail(1))
        box.await_count(2, within=5)
    whole(box, 2)
    assert between.connections == 1


def test_beyond_the_most_connections_mailboxes_take_turns(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "POLL_SECONDS", 0.3)
    monkeypatch.setattr(station, "MOST_OPEN", 0)
    box.connect(between.port)
    with tending() as tends:
        await_that(lambda: box.position().uidvalidity, "the first look")
        server.deliver(box.user, mail(0))
        box.await_count(1, within=5)
        await_that(lambda: tends.open_connections == 0, "none is held")
    assert between.connections > 1


def test_a_mail_that_the_server_cannot_hand_over_stops_no_other(
    server: Dovecot, between: Proxy, box: Letterbox
) -> None:
    server.deliver(box.user, *(mail(number) for number in range(6)))
    between.change = lambda line: line.replace(b"Subject: 3\r\n", b"Subject: 3\r\n longer than announced\r\n")
    box.connect(between.port)
    with tending():
        box.await_count(6, within=60)
    states = {raw.uid: raw.state for raw in box.raws()}
    assert list(states.values()).count("failed") == 1 and states[4] == "failed"
    failed = next(raw for raw in box.raws() if raw.uid == 4)
    assert failed.error.startswith("The mail server did not hand over this mail")


def test_an_empty_answer_for_a_mail_is_not_taken_for_the_mail(
    server: Dovecot, between: Proxy, box: Letterbox
) -> None:
    server.deliver(box.user, mail(0), mail(1, 10), mail(2))
    between.change = lambda line: line.replace(b"UID 2 BODY[] {", b"UID 2 X-NOTHING {")
    box.connect(between.port)
    with tending():
        box.await_count(3)
    assert {raw.uid: raw.state for raw in box.raws()} == {1: "waiting", 2: "failed", 3: "waiting"}


def test_a_mail_that_is_gone_meanwhile_is_no_trouble(server: Dovecot, between: Proxy, box: Letterbox) -> None:
    gone = threading.Event()

    def take_away(line: bytes) -> bytes:
        if b"RFC822.SIZE" in line and not gone.is_set():
            gone.set()
            with server.signed_in(box.user) as reader:
                reader.store("2", "+FLAGS", r"(\Deleted)")
                reader.expunge()
        return line

    server.deliver(box.user, mail(0), mail(1), mail(2))
    between.change = take_away
    box.connect(between.port)
    with tending():
        box.await_count(2)
        server.deliver(box.user, mail(3))
        box.await_count(3)
    assert box.subjects() == ["0", "2", "3"]


def test_a_next_uid_that_is_wrong_misleads_nobody(server: Dovecot, between: Proxy, box: Letterbox) -> None:
    between.change = lambda line: line.replace(b"[UIDNEXT ", b"[UIDNEXT 99")
    server.deliver(box.user, mail(0))
    box.connect(between.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        server.deliver(box.user, mail(1))
        box.await_count(1)
    assert box.subjects() == ["1"]


def test_a_wrong_password_is_said_and_the_right_one_helps_at_once(server: Dovecot, box: Letterbox) -> None:
    server.deliver(box.user, mail(0))
    box.connect(server.port, password="wrong")
    with tending():
        found = box.await_trouble("The server refuses the user name or the password.")
        assert "AUTHENTICATIONFAILED" in found.trouble
        box.connect(server.port)
        box.await_count(1, within=5)
        box.await_no_trouble()


def test_a_full_server_is_said(box: Letterbox) -> None:
    with dovecot(most=1) as small:
        small.deliver(box.user, mail(0))
        with small.signed_in(box.user), tending():
            box.connect(small.port)
            box.await_trouble("The server takes no further connection")
        with tending():
            box.await_count(1)


def test_a_server_that_is_not_there_is_said(server: Dovecot, box: Letterbox) -> None:
    box.connect(1)
    with tending():
        box.await_trouble("The server cannot be reached.")


def test_a_folder_that_is_not_there_is_said(server: Dovecot, box: Letterbox) -> None:
    box.connect(server.port, folder="Nowhere/Ünterwegs")
    with tending():
        box.await_trouble("The folder does not exist")


def test_switched_off_it_is_left_within_seconds(server: Dovecot, box: Letterbox) -> None:
    box.connect(server.port)
    with tending() as tends:
        await_that(lambda: tends.open_connections == 1, "it is read")
        box.connect(server.port, enabled=False)
        await_that(lambda: tends.open_connections == 0, "it is left", 5)
        server.deliver(box.user, mail(0))
        box.connect(server.port)
        box.await_count(1, within=5)


def test_two_stations_share_one_mailbox(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "MOST_MAILS", 10)
    server.deliver(box.user, *(mail(number) for number in range(300)))
    box.connect(server.port)
    with tending(), tending():
        box.await_count(300)
    whole(box, 300)


def test_a_reader_whose_lease_has_ended_stores_nothing(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from uuid import uuid4

    from salotto.channels.email.queries import incoming

    box.connect(server.port)
    me, other = uuid4(), uuid4()
    fetching.claim(me)
    mine = incoming.box_of(box.server())
    position = fetching.begin_at(mine, box.position(), me, 7, 0)
    fetching.release(me)
    fetching.claim(other)
    with pytest.raises(fetching.Lost):
        fetching.keep(mine, position, me, 1, [(1, mail(0))])
    fetching.keep(mine, box.position(), other, 1, [(1, mail(0))])
    with pytest.raises(fetching.Lost):
        fetching.keep(mine, position, other, 1, [(1, mail(0))])  # the position has moved
    whole(box, 1)


def test_what_a_dead_process_has_left_is_taken_over(
    server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta
    from uuid import uuid4

    monkeypatch.setattr(fetching, "LEASE", timedelta(seconds=2))
    server.deliver(box.user, mail(0))
    box.connect(server.port)
    fetching.claim(uuid4())  # by a process that then says no more
    with tending():
        box.await_count(1, within=10)


def test_an_idle_connection_is_asked_again_before_it_is_cut(
    server: Dovecot, between: Proxy, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "IDLE_SECONDS", 0.3)
    said: list[bytes] = []
    between.change = lambda line: said.append(line) or line  # type: ignore[func-returns-value]
    box.connect(between.port)
    with tending():
        await_that(lambda: sum(b"+ idling" in line for line in said) >= 3, "IDLE again and again")
    assert between.connections == 1


def test_many_mailboxes_cost_few_threads(server: Dovecot, box: Letterbox) -> None:
    before = threading.active_count()
    box.connect(server.port)
    tends = Station()
    tends.start()
    try:
        await_that(lambda: tends.open_connections == 1, "it is read")
        assert threading.active_count() - before <= 1 + station.THREADS
    finally:
        tends.stop(10)
