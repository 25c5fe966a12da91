"""A mail server that was put back to an earlier state gives UIDs out anew: nothing is skipped."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from salotto.channels.email.actions.taking import take_in
from salotto.channels.email.imap import station
from salotto.channels.email.imap.again import fetch_again
from salotto.channels.email.queries.incoming import AGAIN, is_partial, number_of
from salotto.channels.email.queries.mailboxes import standing_of
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Message
from tests.channels.email.imap.boxes import Letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, await_that
from tests.mailservers.proxy import proxy


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A try follows the last one at once."""
    monkeypatch.setattr(station, "SHORTEST", 0.05)
    monkeypatch.setattr(station, "LONGEST", 0.2)


def read_and_restored(own: Dovecot, box: Letterbox, **settings: object) -> list[bytes]:
    """Three mails are backed up; two more come and are read; then the backup is back. The last two."""
    own.deliver(box.user, mail(1), mail(2), mail(3))
    with own.signed_in(box.user):
        pass  # gives the mails their UIDs
    own.stop()
    copy = own.back_up(box.user)
    own.start()
    lost = [mail(4), mail(5)]
    own.deliver(box.user, *lost)
    box.connect(own.port, **settings)
    with tending():
        box.await_count(5)
    put_back(own, box, copy)
    return lost


def put_back(own: Dovecot, box: Letterbox, copy: Path) -> None:
    own.stop()
    own.restore(box.user, copy)
    own.start()


@pytest.mark.parametrize("more", [1, 2, 3, 10])
def test_mails_that_get_uids_of_others_are_read(own: Dovecot, box: Letterbox, more: int) -> None:
    read_and_restored(own, box)
    before = box.position()
    own.deliver(box.user, *(mail(number) for number in range(6, 6 + more)))
    with tending():
        box.await_count(5 + more)
        own.deliver(box.user, mail(99))
        box.await_count(6 + more)
    assert box.subjects() == [str(number) for number in (1, 2, 3, 4, 5, *range(6, 6 + more), 99)]
    after = box.position()
    assert number_of(after.uidvalidity or 0) == before.uidvalidity
    assert after.uidvalidity == (before.uidvalidity or 0) + AGAIN
    assert after.set_back_at is not None and before.set_back_at is None


def test_what_is_put_in_again_by_hand_comes_once(own: Dovecot, box: Letterbox) -> None:
    again = read_and_restored(own, box)
    own.deliver(box.user, mail(6), *again)
    with tending():
        box.await_count(8)
    take_in(box.account, box.mailbox.pk)
    assert [raw.state for raw in box.raws()] == ["done"] * 6 + ["duplicate"] * 2
    with account_scope(box.account):
        assert Message.objects.filter(kind="visitor").count() == 6


def test_the_admin_is_told(own: Dovecot, box: Letterbox) -> None:
    read_and_restored(own, box)
    assert standing_of(box.account, box.mailbox.pk).set_back is None
    with tending():
        await_that(lambda: box.position().set_back_at, "it is found out")
        box.await_no_trouble()
    assert standing_of(box.account, box.mailbox.pk).set_back == box.position().set_back_at
    assert box.subjects() == ["1", "2", "3", "4", "5"]


def test_while_the_connection_is_held_it_is_found_out_too(own: Dovecot, box: Letterbox) -> None:
    """As behind a proxy of the provider, which keeps the connection."""
    own.deliver(box.user, *(mail(number) for number in range(1, 6)))
    next_uid: list[bytes] = []

    def announced(line: bytes) -> bytes:
        return line.replace(b"[UIDNEXT 6]", next_uid[0]) if next_uid else line

    with proxy(own.port) as between:
        between.change = announced
        box.connect(between.port)
        with tending():
            box.await_count(5)
            next_uid.append(b"[UIDNEXT 5]")  # below its own last mail: that is nonsense, not a backup
            own.deliver(box.user, mail(6))
            box.await_count(6)
    assert box.position().set_back_at is None


def test_of_a_mailbox_of_which_only_new_mails_were_wanted_old_ones_stay(own: Dovecot, box: Letterbox) -> None:
    own.deliver(box.user, mail(1), mail(2))
    with own.signed_in(box.user):
        pass
    own.stop()
    copy = own.back_up(box.user)
    own.start()
    own.deliver(box.user, mail(3))
    box.connect(own.port, everything=False)
    with tending():
        await_that(lambda: box.position().uidvalidity, "the first look")
        own.deliver(box.user, mail(4))
        box.await_count(1)
    put_back(own, box, copy)
    own.deliver(box.user, mail(5))
    with tending():
        await_that(lambda: "5" in box.subjects(), "the new mail")
    assert box.subjects()[0] == "4" and "3" not in box.subjects()


def test_a_user_who_empties_the_folder_is_no_backup(own: Dovecot, box: Letterbox) -> None:
    own.deliver(box.user, *(mail(number) for number in range(1, 6)))
    box.connect(own.port)
    with tending():
        box.await_count(5)
    with own.signed_in(box.user) as reader:
        reader.store("1:*", "+FLAGS", r"(\Deleted)")
        reader.expunge()
    with tending():
        own.deliver(box.user, mail(6))
        box.await_count(6)
    with own.signed_in(box.user) as reader:
        reader.store("1:*", "+FLAGS", r"(\Deleted)")
        reader.expunge()
    with tending() as tends:
        await_that(lambda: tends.open_connections == 1, "it is read")
        own.deliver(box.user, mail(7))
        box.await_count(7)
    assert box.position().set_back_at is None


def test_back_at_a_number_of_before_nothing_is_taken_for_known(own: Dovecot, box: Letterbox) -> None:
    """Numbered anew, and then put back to a state before that: an old number, and other mails."""
    own.deliver(box.user, mail(1), mail(2))
    numbers = iter(["[UIDVALIDITY 7]", "[UIDVALIDITY 8]", "[UIDVALIDITY 7]"])
    with proxy(own.port) as between:
        box.connect(between.port)
        for count in (2, 4, 6):
            between.change = _numbered(next(numbers))
            with tending():
                box.await_count(count)
            between.cut()
    places = {(raw.uidvalidity, raw.uid) for raw in box.raws()}
    assert places == {(7, 1), (7, 2), (8, 1), (8, 2), (7 + AGAIN, 1), (7 + AGAIN, 2)}


def _numbered(number: str) -> Callable[[bytes], bytes]:
    return lambda line: re.sub(rb"\[UIDVALIDITY \d+\]", number.encode(), line)


def test_the_last_mail_that_is_the_same_is_looked_for_further_back(
    own: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from salotto.channels.email.queries import incoming

    monkeypatch.setattr(incoming, "WITNESSES", 2)
    own.deliver(box.user, *(mail(number) for number in range(3)))
    with own.signed_in(box.user):
        pass
    own.stop()
    copy = own.back_up(box.user)
    own.start()
    own.deliver(box.user, *(mail(number) for number in range(3, 12)))
    box.connect(own.port)
    with tending():
        box.await_count(12)
    put_back(own, box, copy)
    own.deliver(box.user, *(mail(number) for number in range(20, 31)))
    with tending():
        box.await_count(23)
    assert box.subjects() == [str(number) for number in (*range(12), *range(20, 31))]


def test_a_mail_that_was_kept_in_part_is_not_completed_with_another(
    own: Dovecot, box: Letterbox, settings: LazySettings
) -> None:
    own.deliver(box.user, mail(1))
    with own.signed_in(box.user):
        pass
    own.stop()
    copy = own.back_up(box.user)
    own.start()
    settings.MAIL_LIMIT = 1 << 20
    own.deliver(box.user, mail(2, 2 << 20))
    box.connect(own.port)
    with tending():
        box.await_count(2)
    put_back(own, box, copy)
    own.deliver(box.user, mail(3))
    with tending():
        box.await_count(3)
    settings.MAIL_LIMIT = 4 << 20
    large = box.raws()[1]
    fetch_again(box.account, large.pk)
    assert is_partial(box.raws()[1])
    assert box.raws()[1].error == "The folder was numbered anew since; its mails were read again then."
