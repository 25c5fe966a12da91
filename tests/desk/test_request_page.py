"""The page of a request to support over HTTP (S13): reading, writing, and what Manage seats says of it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from salotto.billing.models import Payment
from salotto.core import clock
from salotto.core.tenancy import account_scope
from salotto.desk.seats.shapes import NEWS, SETTLED
from salotto.seats import actions
from salotto.seats.actions.talking import MOST
from salotto.seats.models import RequestWord, SeatRequest
from salotto.seats.queries import WORDS
from tests.billing.shop import CURRENCY, add_card, catalogue, quote
from tests.cast import Cast, client_of, found_account
from tests.mailbox import mails_to, text_of
from tests.seats.requests import operator, paying
from tests.seats.test_request_talk import carry

HTMX = {"hx-request": "true"}
LOST = "4000000000007734"


@pytest.fixture(autouse=True)
def real_mail_backend(settings: Any) -> None:
    """Mail goes its real way, into the queue."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"


@pytest.fixture
def asked(cast: Cast) -> SeatRequest:
    """Ten seats, of which two are to go."""
    return actions.request_removal(2, "Winter is quiet.", by=paying(cast).primary_admin)


def path(cast: Cast, request: SeatRequest) -> str:
    return f"/a/{cast.slug}/settings/seats/requests/{request.pk}/"


def seats_page(cast: Cast, client: Client | None = None) -> str:
    client = client or cast.client(cast.primary_admin)
    return str(client.get(f"/a/{cast.slug}/settings/seats/").text)


def write(client: Client, to: str, text: str, **options: Any) -> Any:
    """Post the form as its page has it; `again`: the key of an earlier one."""
    key = options.pop("key", None) or re.search(r'name="key" value="([^"]+)"', client.get(to).text)[1]  # type: ignore[index]
    return client.post(to, {"text": text, "key": key}, **options)


def said(cast: Cast) -> list[tuple[str, str]]:
    with account_scope(cast.account.pk):
        return list(RequestWord.objects.order_by("id").values_list("side", "text"))


def test_s13_the_page_shows_what_both_sides_have_said(cast: Cast, asked: SeatRequest) -> None:
    actions.answer_request(asked.pk, "Which <b>two</b>?", operator())
    actions.write_to_support(asked.pk, "Those in Rome.", uuid4(), by=cast.primary_admin)
    text = cast.client(cast.primary_admin).get(path(cast, asked)).text
    order = [text.index(part) for part in ("Winter is quiet.", "Which &lt;b&gt;two", "Those in Rome.")]
    assert order == sorted(order)
    assert "Remove 2 seats" in text and "Waiting for support" in text


def test_s13_writing_without_script_leads_back_to_the_page(cast: Cast, asked: SeatRequest) -> None:
    client = cast.client(cast.primary_admin)
    answer = write(client, path(cast, asked), "Any news?")
    assert answer.status_code == 302 and answer["Location"] == path(cast, asked) + "#last"
    text = client.get(answer["Location"]).text
    assert "Any news?" in text and "Support has your words." in text
    assert said(cast) == [("account", "Any news?")]


def test_s13_both_ways_over_http_from_support_and_back(cast: Cast) -> None:
    paying(cast)
    support = found_account("Salotto Support", "Olga Ferri")
    agent, inbox = client_of(support.user), f"/a/{support.account.slug}/c"
    with catalogue(support_account=support.account):
        request = actions.request_removal(2, "Winter is quiet.", by=cast.primary_admin)
        talk = f"{inbox}/{request.support_conversation_id}"
        for verb, body in (("note", "A good customer."), ("reply", "Which two?"), ("complete", "")):
            fields = {"body": body, "client_id": str(uuid4())}
            answer = agent.post(f"{talk}/{verb}/", fields, headers={"accept": "application/json"})
            assert answer.status_code == 200, answer.text
        assert said(cast) == []  # the job does it
        carry(support.account.pk)
        client = cast.client(cast.primary_admin)
        page = client.get(path(cast, request)).text
        assert "Which two?" in page and "A good customer." not in page
        assert "Which two?" in seats_page(cast, client)
        write(client, path(cast, request), "Those in Rome.")
        thread = agent.get(f"{talk}/messages/", headers={"accept": "application/json"}).text
        assert "Those in Rome." in thread
        assert "Open again: the contact wrote" in thread
    mails = [text_of(mail) for mail in mails_to(cast.primary_admin.user.email)]
    assert [("Which two?" in text, "A good customer." in text) for text in mails].count((True, False)) == 1
    assert not any("A good customer." in text for text in mails)
    outsider = cast.client(cast.outsider)  # who may read neither
    assert outsider.get(path(cast, request)).status_code == 404
    assert outsider.get(f"{talk}/messages/").status_code == 404
    assert client.get(f"{talk}/messages/").status_code == 404


def test_s13_a_form_that_is_sent_twice_is_said_once(cast: Cast, asked: SeatRequest) -> None:
    client, key = cast.client(cast.primary_admin), str(uuid4())
    for _ in range(2):
        assert write(client, path(cast, asked), "Any news?", key=key).status_code == 302
    assert said(cast) == [("account", "Any news?")]


def test_s13_writing_with_htmx_gives_the_words_and_a_fresh_form(cast: Cast, asked: SeatRequest) -> None:
    client, key = cast.client(cast.primary_admin), str(uuid4())
    answer = write(client, path(cast, asked), "Any news?", key=key, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="panel stack" id="talk"')
    assert "Any news?" in answer.text and key not in answer.text
    words = client.get(path(cast, asked), headers=HTMX).text
    assert "Any news?" in words and "<form" not in words and "data-oob" in words


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_s13_what_cannot_be_sent_stays_in_the_form(
    headers: dict[str, str], text: str, cast: Cast, asked: SeatRequest
) -> None:
    answer = write(cast.client(cast.primary_admin), path(cast, asked), text, headers=headers)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert text in answer.text
    assert said(cast) == []


def test_s13_too_many_words_are_429_with_the_time_to_wait(cast: Cast, asked: SeatRequest) -> None:
    for _ in range(MOST):
        actions.write_to_support(asked.pk, "hello", uuid4(), by=cast.primary_admin)
    answer = write(cast.client(cast.primary_admin), path(cast, asked), "one more")
    assert answer.status_code == 429 and "one more" in answer.text
    assert 0 < int(answer["Retry-After"]) <= 3600


def test_s13_a_key_that_is_none_is_refused(cast: Cast, asked: SeatRequest) -> None:
    answer = write(cast.client(cast.primary_admin), path(cast, asked), "hello", key="nonsense")
    assert answer.status_code == 422 and said(cast) == []


def test_s2_who_reads_the_page_and_who_writes(cast: Cast, asked: SeatRequest) -> None:
    to = path(cast, asked)
    reads = {name: cast.client(member).get(to).status_code for name, member in cast.members().items()}
    assert reads == {
        "primary_admin": 200, "admin": 200, "agent": 403, "viewer": 403, "nobody": 403, "outsider": 404,
    }  # fmt: skip
    admin = cast.client(cast.admin)
    assert "<form" not in admin.get(to).text.split('id="talk"')[1].split("</section>")[0]
    assert admin.post(to, {"text": "hello", "key": uuid4()}).status_code == 403
    assert said(cast) == []


def test_another_accounts_request_is_not_there(cast: Cast, asked: SeatRequest) -> None:
    outsider = cast.client(cast.outsider)
    theirs = f"/a/{cast.outsider.account.slug}/settings/seats/requests"
    for number in (asked.pk, 0, 2**63):
        assert outsider.get(f"{theirs}/{number}/").status_code == 404
        assert outsider.post(f"{theirs}/{number}/", {"text": "x", "key": uuid4()}).status_code == 404


def test_the_words_are_paged_by_key(cast: Cast, asked: SeatRequest) -> None:
    with account_scope(cast.account.pk):
        RequestWord.objects.bulk_create(
            RequestWord(
                account=cast.account, request=asked, key=uuid4(), side="support",
                author=cast.primary_admin.user, text=f"word {n:03}", at=clock.now(),
            )
            for n in range(WORDS + 5)
        )  # fmt: skip
    client = cast.client(cast.primary_admin)
    newest = client.get(path(cast, asked)).text
    assert "word 005" in newest and "word 004" not in newest and "Winter is quiet." not in newest
    older = re.search(r'href="([^"]+\?before=\d+)"', newest)
    assert older is not None
    first = client.get(older[1]).text
    assert "word 004" in first and "word 005" not in first and "Winter is quiet." in first
    for cursor in ("x", "-1", "9" * 30, "%00"):
        assert client.get(f"{path(cast, asked)}?before={cursor}").status_code == 200


def test_s13_manage_seats_shows_the_answer_and_the_way_to_the_page(cast: Cast, asked: SeatRequest) -> None:
    actions.answer_request(asked.pk, "Which two?", operator())
    text = seats_page(cast)
    assert "Which two?" in text and path(cast, asked) in text
    assert "write to support" in text
    assert "write to support" not in seats_page(cast, cast.client(cast.admin))


def test_s13_manage_seats_says_what_became_of_a_request_for_a_month(cast: Cast, asked: SeatRequest) -> None:
    actions.decline(asked.pk, "The contract runs on.", operator())
    text = seats_page(cast)
    assert "Support has declined your last request." in text and "The contract runs on." in text
    assert path(cast, asked) in text
    with clock.at(clock.now() + SETTLED):
        assert "declined" not in seats_page(cast)


def test_a_purchase_that_is_not_known_yet_is_spoken_of_on_manage_seats(cast: Cast) -> None:
    add_card(paying(cast, 5).primary_admin, LOST)
    client = cast.client(cast.primary_admin)
    made = quote(cast.primary_admin, 3)
    buying = f"/a/{cast.slug}/settings/seats/buy/"
    fields = {"token": made.token, "add": "3", "currency": CURRENCY}
    assert client.post(buying, fields, headers=HTMX).status_code == 202
    text = seats_page(cast, client)
    assert "A purchase of 3 seats is under way" in text and f'href="{buying}" data-deal-open' in text
    other = seats_page(cast, cast.client(cast.admin))
    assert "A purchase of 3 seats is under way" in other and buying not in other
    assert client.post(f"{buying}{made.id}/give-up/", headers=HTMX).status_code == 200
    text = seats_page(cast, client)
    assert "The last purchase, of 3 seats, came to nothing: nothing was charged." in text
    assert "under way" not in text
    again = re.search(r'href="([^"]+/buy/\?add=3[^"]*)"', text)
    assert again is not None and client.get(again[1].replace("&amp;", "&")).status_code == 200
    with clock.at(clock.now() + NEWS * 2):
        assert "came to nothing" not in seats_page(cast, client)


def test_a_purchase_that_is_paid_is_not_spoken_of(cast: Cast) -> None:
    paying(cast, 5)
    with account_scope(cast.account.pk):
        assert Payment.objects.get().state == "paid"
    text = seats_page(cast)
    assert "purchase-open" not in text and "purchase-lost" not in text
