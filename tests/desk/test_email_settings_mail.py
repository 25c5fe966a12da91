"""The pages about mail itself: the test mail, sender domains, mail that waits."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils.translation import gettext, override

from salotto.channels.email import troubles
from salotto.channels.email.actions import domains
from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.actions.trying import send_trial
from salotto.channels.email.domains.resolver import Dns
from salotto.channels.email.models import Domain, RawMail, RawState, Trial
from salotto.channels.email.queries.dead import dead_letters
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.domains.test_check import Zone
from tests.channels.email.post import Post, letter, open_post
from tests.channels.email.sending.outbox import by_server
from tests.channels.email.test_mailboxes import Door, listening
from tests.desk.email_pages import open_inbox, page, post, text_of, url

HTMX = {"HX-Request": "true"}


@pytest.fixture
def box(cast: Cast) -> Post:
    return open_inbox(cast)


# The test mail


def trial(box: Post) -> Trial:
    with account_scope(box.account):
        found: Trial = Trial.objects.order_by("-id").first()
    return found


def test_a_round_trip_is_watched_step_by_step(cast: Cast, box: Post) -> None:
    door = Door()
    with listening(door) as port, override_settings(MAIL_DOMAIN="in.salotto.example"):
        by_server(box, port)
        begun = post(cast, f"email/{box.mailbox.pk}/tests/", {})
        path = begun["Location"].removeprefix(url(cast))
        assert "Now: In line to be sent" in page(cast, path)
        send_trial(box.account, trial(box).pk)
        assert "queued as 7F3A" in page(cast, path) and "Now: On its way" in page(cast, path)
        box.store(*door.mails)
        assert "delivered to us by SMTP" in page(cast, path)
        box.take_in()
        done = page(cast, path)
    assert "Taken in, and put away" in done and "It works, in" in done
    assert "Taken in, and put away" in page(cast, f"email/{box.mailbox.pk}/")


def test_the_steps_are_asked_for_until_they_are_done(cast: Cast, box: Post) -> None:
    begun = post(cast, f"email/{box.mailbox.pk}/tests/", {})
    client = cast.client(cast.primary_admin)
    running = client.get(begun["Location"], headers=HTMX).content.decode()
    assert "hx-get" in running and "<html" not in running
    with account_scope(box.account):
        Trial.objects.update(begun_at=clock.now(), error="550 5.7.1 Not for you")
    ended = client.get(begun["Location"], headers=HTMX).content.decode()
    assert "hx-get" not in ended
    assert "Not for you" in ended and "does not want the mail" in ended


def test_after_two_minutes_it_is_said_what_to_do(cast: Cast, box: Post) -> None:
    with override_settings(MAIL_DOMAIN="in.salotto.example"):
        begun = post(cast, f"email/{box.mailbox.pk}/tests/", {})
    path = begun["Location"].removeprefix(url(cast))
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert "without --no-worker" in page(cast, path)
    with account_scope(box.account):
        Trial.objects.update(begun_at=clock.now(), accepted_at=clock.now(), host="mail.example")
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert "look in the mailbox itself" in page(cast, path)


def test_without_a_way_in_only_sending_is_tried(cast: Cast, box: Post) -> None:
    assert "so only sending is tried" in page(cast, f"email/{box.mailbox.pk}/")
    post(cast, f"email/{box.mailbox.pk}/tests/", {})
    with account_scope(box.account):
        Trial.objects.update(begun_at=clock.now(), accepted_at=clock.now(), host="mail.example")
    found = page(cast, f"email/{box.mailbox.pk}/tests/{trial(box).pk}/")
    assert "Sending works" in found and "Back in the mailbox" not in found


def test_a_mail_that_is_kept_here_is_not_waited_for(cast: Cast, box: Post) -> None:
    with override_settings(MAIL_DOMAIN="in.salotto.example"):
        begun = post(cast, f"email/{box.mailbox.pk}/tests/", {})
        send_trial(box.account, trial(box).pk)  # by the memory of the tests, as by files
    shown = cast.client(cast.primary_admin).get(begun["Location"], headers=HTMX).content.decode()
    assert "Handed over in" in shown and "SALOTTO_MAIL_URL" in shown
    assert "hx-get" not in shown and "It works" not in shown


def test_an_inbox_that_is_off_says_why_it_sends_no_test(cast: Cast, box: Post) -> None:
    post(cast, f"email/{box.mailbox.pk}/switch/", {"on": "no"})
    answer = post(cast, f"email/{box.mailbox.pk}/tests/", {}, follow=True)
    assert "switched off, so it sends nothing" in text_of(answer.content.decode())


def test_a_test_of_another_inbox_does_not_exist(cast: Cast, box: Post) -> None:
    other = open_inbox(cast, "Sales")
    post(cast, f"email/{other.mailbox.pk}/tests/", {})
    client = cast.client(cast.primary_admin)
    assert client.get(url(cast, f"email/{box.mailbox.pk}/tests/{trial(box).pk}/")).status_code == 404


# Sender domains


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Zone:
    """What the DNS says in these tests."""
    made = Zone()
    monkeypatch.setattr(domains, "Dns", lambda server: made)
    return made


def domain(cast: Cast) -> Domain:
    with account_scope(cast.account.pk):
        found: Domain = Domain.objects.get()
    return found


def test_a_domain_is_added_and_looked_at(cast: Cast, zone: Zone) -> None:
    assert post(cast, "domains/", {"name": "Shop.Example."}).status_code == 302
    found = page(cast, "domains/")
    assert "shop.example" in found and "Looked at on" in found
    assert "There is no SPF record" in found and "_dmarc.shop.example" in found
    assert "v=DKIM1; k=rsa; p=" in found


@pytest.mark.parametrize(("name", "words"), [("x", "This is not a domain."), ("", "This field is required.")])
def test_what_is_no_domain_is_not_added(cast: Cast, zone: Zone, name: str, words: str) -> None:
    answer = post(cast, "domains/", {"name": name})
    assert answer.status_code == 422 and words in text_of(answer.content.decode())


def test_a_domain_is_added_once(cast: Cast, zone: Zone) -> None:
    post(cast, "domains/", {"name": "shop.example"})
    answer = post(cast, "domains/", {"name": "shop.example"})
    assert "in the list already" in text_of(answer.content.decode())


def test_domains_of_inboxes_are_offered(cast: Cast, box: Post) -> None:
    assert "Your inboxes send from: shop.example" in page(cast, "domains/")


def test_signing_waits_for_the_key_in_the_dns(cast: Cast, zone: Zone) -> None:
    post(cast, "domains/", {"name": "shop.example"})
    made = domain(cast)
    answer = post(cast, f"domains/{made.pk}/sign/", {"on": "yes"}, follow=True)
    assert "The key is not in the DNS yet" in text_of(answer.content.decode())
    zone.texts[f"salotto._domainkey.{made.name}"] = [f"v=DKIM1; k=rsa; p={made.public_key}"]
    again = post(cast, f"domains/{made.pk}/check/", {}, headers=HTMX)
    assert "<html" not in again.content.decode()
    post(cast, f"domains/{made.pk}/sign/", {"on": "yes"})
    assert domain(cast).signs
    assert "mail is signed" in page(cast, "domains/")


def test_a_dns_that_does_not_answer_is_said(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "Dns", lambda server: Dns("127.0.0.1:1", seconds=0.2))
    post(cast, "domains/", {"name": "shop.example"})
    found = page(cast, "domains/")
    assert "The DNS did not answer. So nothing is known of this domain now" in found
    assert "Check again" in found


def test_a_domain_is_removed_after_asking(cast: Cast, zone: Zone) -> None:
    post(cast, "domains/", {"name": "shop.example"})
    path = f"domains/{domain(cast).pk}/remove/"
    assert "Remove shop.example?" in page(cast, path)
    assert post(cast, path, {}).status_code == 302
    assert "No domains yet" in page(cast, "domains/")


def test_a_domain_of_another_account_does_not_exist(cast: Cast, zone: Zone) -> None:
    with account_scope(cast.outsider.account.pk):
        other = domains.add_domain("other.example", by=cast.outsider)
    for act in ("check", "sign", "remove"):
        assert post(cast, f"domains/{other.pk}/{act}/", {"on": "no"}).status_code == 404


# Mail that waits


def broken(box: Post, number: int = 1) -> list[int]:
    """Mails that could not be read."""
    ids = box.store(
        *(letter("Anna <anna@customer.example>", box.address, subject=f"Mail {n}") for n in range(number))
    )
    with account_scope(box.account):
        reason = "This mail could not be read.\nValueError: broken"
        RawMail.objects.filter(pk__in=ids).update(state=RawState.FAILED, error=reason, attempts=6)
    return ids


def unrouted(account: int) -> int:
    """A mail that is for no inbox."""
    with account_scope(account):
        mail = letter("Anna <anna@customer.example>", "nobody@shop.example", subject="To nobody")
        store(account, None, [Arrival("smtp", mail, recipients=("nobody@shop.example",))])
        found: int = RawMail.objects.filter(mailbox=None).latest("id").pk
    return found


def state(box: Post, raw: int) -> Any:
    return box.raw(raw).state


def test_nothing_waits(cast: Cast) -> None:
    assert "Nothing waits" in page(cast, "mail/")


def test_what_waits_is_shown_with_its_reason(cast: Cast, box: Post) -> None:
    broken(box)
    unrouted(box.account)
    found = page(cast, "mail/")
    assert "Mail 0" in found and "This mail could not be read. ValueError: broken" in found
    assert "tried 6 times" in found and "From Anna <anna@customer.example>" in found
    assert "To nobody" in found and "No inbox has the address" in found and "to nobody@shop.example" in found
    assert "2 mails came in and wait for you." in page(cast)


def test_the_reason_is_told_in_the_reader_s_language(cast: Cast, box: Post) -> None:
    (raw,) = broken(box)
    with account_scope(box.account):
        RawMail.objects.filter(pk=raw).update(error=f"{troubles.SLOW}\nNO quota of {{words}}")
    with override("it"):
        italian = gettext(troubles.SLOW)
        (dead,) = dead_letters(by=cast.primary_admin)
    assert (dead.reason, dead.words) == (italian, "NO quota of {words}") and italian != troubles.SLOW
    (again,) = dead_letters(by=cast.primary_admin)
    assert again.reason == troubles.SLOW


def test_the_rail_tells_managers_only(cast: Cast, box: Post) -> None:
    broken(box)
    desk = f"/a/{cast.slug}/inbox/"
    assert "1 mail waits" in cast.client(cast.primary_admin).get(desk).content.decode()
    assert "1 mail waits" not in cast.client(cast.admin).get(desk).content.decode()


def test_one_is_tried_again(cast: Cast, box: Post) -> None:
    (raw,) = broken(box)
    answer = post(cast, f"mail/{raw}/retry/", {}, follow=True)
    assert "being tried again" in text_of(answer.content.decode())
    box.take_in()
    assert state(box, raw) == RawState.DONE
    twice = post(cast, f"mail/{raw}/retry/", {}, follow=True)
    assert "does not wait any more" in text_of(twice.content.decode())


def test_all_are_tried_again(cast: Cast, box: Post) -> None:
    ids = broken(box, 3)
    answer = post(cast, "mail/retry/", {}, follow=True)
    assert "3 mails are being tried again." in text_of(answer.content.decode())
    box.take_in()
    assert {state(box, raw) for raw in ids} == {RawState.DONE}


def test_a_mail_for_no_inbox_is_given_to_one(cast: Cast, box: Post) -> None:
    raw = unrouted(box.account)
    assert post(cast, f"mail/{raw}/assign/", {"mailbox": ""}).status_code == 400
    assert post(cast, f"mail/{raw}/assign/", {"mailbox": str(box.mailbox.pk)}).status_code == 302
    box.take_in()
    assert state(box, raw) == RawState.DONE


def test_it_cannot_be_given_to_another_account(cast: Cast, box: Post) -> None:
    other = open_post(cast.outsider)
    raw = unrouted(box.account)
    assert post(cast, f"mail/{raw}/assign/", {"mailbox": str(other.mailbox.pk)}).status_code == 404
    assert post(cast, f"mail/{broken(other)[0]}/retry/", {}).status_code == 404


def test_of_many_inboxes_one_is_typed(cast: Cast) -> None:
    boxes = [open_inbox(cast, f"Shop {number % 50}") for number in range(51)]
    first, second = unrouted(cast.account.pk), unrouted(cast.account.pk)
    shown = cast.client(cast.primary_admin).get(url(cast, "mail/")).content.decode()
    assert shown.count('list="inboxes"') == 2 and "<select" not in shown
    assert f'<option value="Shop 7">{boxes[7].address}</option>' in shown
    for typed, words in (("Shop 99", "No inbox has"), ("shop 0", "Several inboxes are called")):
        answer = post(cast, f"mail/{first}/assign/", {"typed": typed}, follow=True)
        assert words in text_of(answer.content.decode())
    assert post(cast, f"mail/{first}/assign/", {"typed": " shop 7 "}).status_code == 302
    post(cast, f"mail/{second}/assign/", {"typed": boxes[50].address.upper()})
    with account_scope(cast.account.pk):
        found = list(RawMail.objects.order_by("id").values_list("mailbox", flat=True))
    assert found == [boxes[7].mailbox.pk, boxes[50].mailbox.pk]


def test_the_original_is_shown_and_given_as_a_file(cast: Cast, box: Post) -> None:
    (raw,) = broken(box)
    assert "Subject: Mail 0" in page(cast, f"mail/{raw}/")
    file = cast.client(cast.primary_admin).get(url(cast, f"mail/{raw}/?file=1"))
    assert file.content == bytes(box.raw(raw).content)
    assert file["Content-Disposition"] == f'attachment; filename="mail-{raw}.eml"'
    other = broken(open_post(cast.outsider))[0]
    assert cast.client(cast.primary_admin).get(url(cast, f"mail/{other}/")).status_code == 404


def test_a_long_list_goes_on_where_it_ended(cast: Cast, box: Post) -> None:
    broken(box, 35)
    client = cast.client(cast.primary_admin)
    first = client.get(url(cast, "mail/")).content.decode()
    assert first.count('class="letter"') == 30
    edge = first.partition("?before=")[2].partition('"')[0]
    rest = client.get(url(cast, f"mail/?before={edge}"), headers=HTMX).content.decode()
    assert rest.count('class="letter"') == 5 and "?before=" not in rest
    assert client.get(url(cast, "mail/?before=nonsense")).status_code == 200
    assert client.get(url(cast, f"mail/?before={2**63}")).status_code == 404


def too_large(box: Post) -> int:
    """A mail of which only the headers were taken from the mailbox."""
    head = letter("Big <big@kunde.example>", box.address, "", subject="A large file")
    lies = {"source": "imap", "folder": "imap://x", "uidvalidity": 1, "uid": 9, "mailbox": box.mailbox}
    with account_scope(box.account):
        row = RawMail.objects.create(
            account_id=box.account, content=head, size=39 << 20, digest="0" * 64, state=RawState.FAILED,
            error=f"{troubles.TOO_LARGE}\n39.0 MB > 35 MB", **lies,
        )  # fmt: skip
    return int(row.pk)


def test_of_a_mail_that_is_too_large_it_is_said_where_it_lies_until_it_is_put_away(
    cast: Cast, box: Post
) -> None:
    raw, whole = too_large(box), broken(box)[0]
    shown = text_of(page(cast, "mail/"))
    assert "A large file" in shown and "39.0 MB" in shown and "lies in the mailbox" in shown
    assert "Only its headers are here" in page(cast, f"mail/{raw}/")
    again = post(cast, f"mail/{raw}/retry/", {}, follow=True).content.decode()
    assert "SALOTTO_MAIL_LIMIT" in again and state(box, raw) == "failed"
    assert page(cast, "mail/").count("Put away") == 1
    post(cast, f"mail/{whole}/dismiss/", {})
    assert state(box, whole) == "failed", "nothing else has it"
    post(cast, f"mail/{raw}/dismiss/", {})
    assert state(box, raw) == "deleted" and "A large file" not in page(cast, "mail/")
    with account_scope(box.account):
        entry = AuditEntry.objects.get(account_id=box.account, verb="mail.dismissed")
    assert entry.subject == f"mail {raw}"
