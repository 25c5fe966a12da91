"""The inbox's pages and writes: who may, what comes back, what bad input gets."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from salotto.core.tenancy import account_scope
from salotto.desk.times import long_date
from salotto.inbox import actions
from salotto.inbox.models import Conversation, Inbox, Message
from salotto.live.models import Event
from tests.cast import Cast, found_cast
from tests.desk.talk import begin, write

JSON = {"HTTP_ACCEPT": "application/json"}
SIGN_IN = 3
"""Queries of every page before its view: session, user, membership."""

READS = (
    "",
    "inbox/",
    "inbox/mine/",
    "inbox/all/older/?before=1-1",
    "inbox/all/rows/?ids={id}",
    "inbox/all/{id}/",
    "c/{id}/",
    "c/{id}/messages/",
)
WRITES = ("reply", "note", "assign", "complete", "reopen", "read", "unread")


@pytest.fixture
def cast() -> Cast:
    return found_cast()


def url(cast: Cast, path: str, number: int = 0) -> str:
    return f"/a/{cast.slug}/{path.format(id=number)}"


def text(**more: Any) -> dict[str, Any]:
    return {"body": "Certainly!", "client_id": str(uuid4()), **more}


@pytest.mark.parametrize("path", READS)
def test_agents_and_viewers_read_others_do_not(cast: Cast, path: str) -> None:
    address = url(cast, path, begin(cast.agent))
    got = {name: cast.client(member).get(address).status_code for name, member in cast.members().items()}
    fine = 302 if path in ("", "c/{id}/") else 200
    assert got == {
        "primary_admin": fine,
        "admin": fine,
        "agent": fine,
        "viewer": fine,
        "nobody": 200 if path == "" else 403,  # the account's own address says what they can do
        "outsider": 404,
    }
    assert cast.client().get(address).status_code == 302
    assert cast.client().get(address, **JSON).status_code == 401


@pytest.mark.parametrize("verb", WRITES)
def test_only_agents_write(cast: Cast, verb: str) -> None:
    number = begin(cast.agent)
    address = url(cast, f"c/{number}/{verb}/")
    fields = text(to=cast.agent.user.pk)
    got = {
        name: cast.client(member).post(address, fields, **JSON).status_code
        for name, member in cast.members().items()
    }
    assert got.pop("viewer") == got.pop("nobody") == 403
    assert got.pop("outsider") == 404
    assert set(got.values()) == {200}
    assert cast.client().post(address, fields, **JSON).status_code == 401


@pytest.mark.parametrize("verb", WRITES)
def test_another_accounts_conversation_is_not_there(cast: Cast, verb: str) -> None:
    foreign = begin(cast.outsider)
    client = cast.client(cast.agent)
    for number in (foreign, 2**63 - 1, 2**63, 10**30):
        assert client.post(url(cast, f"c/{number}/{verb}/"), text(), **JSON).status_code == 404
    with account_scope(cast.outsider.account.pk):
        assert Message.objects.filter(conversation_id=foreign).count() == 1


@pytest.mark.parametrize("path", ["inbox/all/{id}/", "c/{id}/", "c/{id}/messages/"])
def test_a_foreign_or_impossible_id_is_not_found(cast: Cast, path: str) -> None:
    client = cast.client(cast.agent)
    for number in (begin(cast.outsider), 0, 2**63, 10**40):
        assert client.get(url(cast, path, number)).status_code == 404


@pytest.mark.parametrize("verb", WRITES)
def test_writes_want_post_and_a_token(cast: Cast, verb: str) -> None:
    address = url(cast, f"c/{begin(cast.agent)}/{verb}/")
    assert cast.client(cast.agent).get(address).status_code == 405
    assert cast.client(cast.agent, enforce_csrf_checks=True).post(address, text(), **JSON).status_code == 403


def test_pages_take_no_post(cast: Cast) -> None:
    for path in ("inbox/", "inbox/all/rows/", "inbox/all/older/"):
        assert cast.client(cast.agent).post(url(cast, path)).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "inbox/all/rows/?ids=a",
        "inbox/all/rows/?ids=1,,2",
        "inbox/all/rows/?ids=-1",
        "inbox/all/rows/?ids=%00",
        "inbox/all/rows/?ids=%FF%FE",
        "inbox/all/rows/?ids=9223372036854775808",
        "inbox/all/rows/?ids=" + ",".join("1" for _ in range(51)),
        "inbox/all/older/",
        "inbox/all/older/?before=x",
        "c/{id}/messages/?after=x",
        "c/{id}/messages/?before=%00",
        "c/{id}/messages/?before=99999999999999999999",
    ],
)
def test_what_cannot_be_understood_is_400_with_a_sentence(cast: Cast, path: str) -> None:
    answer = cast.client(cast.agent).get(url(cast, path, begin(cast.agent)), **JSON)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["inbox/nowhere/", "inbox/all/abc/", "c/-1/", "c/1e3/reply/"])
def test_an_unknown_address_is_404(cast: Cast, path: str) -> None:
    assert cast.client(cast.agent).get(url(cast, path)).status_code == 404


BAD = [
    ({"body": "", "client_id": str(uuid4())}, 422, "empty"),
    ({"body": " \n ", "client_id": str(uuid4())}, 422, "empty"),
    ({"client_id": str(uuid4())}, 422, "empty"),
    ({"body": "nul\x00", "client_id": str(uuid4())}, 422, "not_text"),
    ({"body": "bell\x07", "client_id": str(uuid4())}, 422, "not_text"),
    ({"body": "x" * 10_001, "client_id": str(uuid4())}, 413, "too_large"),
    ({"body": "fine", "client_id": "no"}, 400, "bad_request"),
    ({"body": "fine"}, 400, "bad_request"),
    ({"body": "fine", "client_id": str(uuid4()), "seen": "x"}, 400, "bad_request"),
    ({"body": "fine", "client_id": str(uuid4()), "seen": str(2**70)}, 400, "bad_request"),
]


@pytest.mark.parametrize(("fields", "status", "code"), BAD)
def test_bad_text_is_refused_and_nothing_is_written(
    cast: Cast, fields: dict[str, str], status: int, code: str
) -> None:
    number = begin(cast.agent)
    answer = cast.client(cast.agent).post(url(cast, f"c/{number}/reply/"), fields, **JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    with account_scope(cast.account.pk):
        assert Message.objects.filter(conversation_id=number).count() == 1


@pytest.mark.parametrize("body", [b"body=%FF%FE&client_id=x", b"\xff\xfe\x00", b"body=%ED%A0%80", b"{}"])
def test_bytes_that_are_no_form_are_refused(cast: Cast, body: bytes) -> None:
    number = begin(cast.agent)
    kind = "application/x-www-form-urlencoded"
    answer = cast.client(cast.agent).post(url(cast, f"c/{number}/reply/"), body, content_type=kind, **JSON)
    assert answer.status_code in (400, 422)


def test_a_body_over_the_limit_is_413(cast: Cast) -> None:
    number = begin(cast.agent)
    answer = cast.client(cast.agent).post(
        url(cast, f"c/{number}/reply/"), {"body": "x" * (1024 * 1024 + 1)}, **JSON
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("to", ["x", "-1", "0", str(2**64)])
def test_an_owner_that_is_no_id_is_refused(cast: Cast, to: str) -> None:
    answer = cast.client(cast.agent).post(url(cast, f"c/{begin(cast.agent)}/assign/"), {"to": to}, **JSON)
    assert answer.status_code == 400


def test_a_viewer_cannot_become_the_owner(cast: Cast) -> None:
    number = begin(cast.agent)
    answer = cast.client(cast.agent).post(
        url(cast, f"c/{number}/assign/"), {"to": cast.viewer.user.pk}, **JSON
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_an_agent")


def test_a_reply_comes_back_as_the_threads_new_entries(cast: Cast) -> None:
    first = write(cast.agent)
    sent = text(after=first.message, seen=first.message)
    told = cast.client(cast.agent).post(url(cast, f"c/{first.conversation}/reply/"), sent, **JSON).json()
    assert sent["client_id"] in told["html"] and "You took this over" in told["html"]
    assert "Good morning!" not in told["html"]
    assert told["last"] > first.message and told["unread"] == 0


def test_the_same_reply_sent_twice_is_written_once(cast: Cast) -> None:
    number, sent, client = begin(cast.agent), text(), cast.client(cast.agent)
    for _ in range(2):
        assert client.post(url(cast, f"c/{number}/reply/"), sent, **JSON).status_code == 200
    with account_scope(cast.account.pk):
        assert Message.objects.filter(conversation_id=number, kind="reply").count() == 1


def test_a_reply_over_a_colleagues_unseen_one_is_held_back(cast: Cast) -> None:
    first = write(cast.agent)
    address = url(cast, f"c/{first.conversation}/reply/")
    cast.client(cast.admin).post(address, text(), **JSON)
    mine = text(seen=first.message)
    client = cast.client(cast.agent)
    refused = client.post(address, mine, **JSON)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "unseen_reply")
    seen = client.get(url(cast, f"c/{first.conversation}/messages/?after={first.message}")).json()["last"]
    assert client.post(address, mine | {"seen": seen}, **JSON).status_code == 200


def test_without_a_script_a_form_leads_back_to_its_thread(cast: Cast) -> None:
    number = begin(cast.agent)
    answer = cast.client(cast.agent).post(url(cast, f"c/{number}/reply/"), text())
    assert answer.status_code == 302 and answer["Location"] == url(cast, f"inbox/all/{number}/")


def test_rows_tell_what_is_in_the_view_and_the_counters(cast: Cast) -> None:
    number, client = begin(cast.agent), cast.client(cast.agent)
    told = client.get(url(cast, f"inbox/unassigned/rows/?ids={number}")).json()
    assert [row["id"] for row in told["rows"]] == [number]
    assert told["counts"] == {"all": 1, "unassigned": 1, "mine": 0}
    client.post(url(cast, f"c/{number}/assign/"), {"to": cast.agent.user.pk}, **JSON)
    told = client.get(url(cast, f"inbox/unassigned/rows/?ids={number}")).json()
    assert told == {"rows": [], "counts": {"all": 1, "unassigned": 0, "mine": 1}}


def test_a_page_embeds_the_cursor_of_its_render(cast: Cast) -> None:
    from salotto.live.cursor import parse

    page = cast.client(cast.agent).get(url(cast, "inbox/"))
    assert parse(page.context["cursor"]) is not None
    assert page.context["cursor"] in page.content.decode()


def test_htmx_gets_the_part_it_asks_for(cast: Cast) -> None:
    number, client = begin(cast.agent), cast.client(cast.agent)
    stage = client.get(
        url(cast, f"inbox/all/{number}/"), HTTP_HX_REQUEST="true", HTTP_HX_TARGET="div#stage"
    ).content.decode()
    assert "data-thread" in stage and "data-rows" not in stage and "<html" not in stage
    desk = client.get(
        url(cast, "inbox/mine/"), HTTP_HX_REQUEST="true", HTTP_HX_TARGET="div#desk"
    ).content.decode()
    assert "data-rows" in desk and "<html" not in desk


def queries_of(client: Client, address: str, **headers: str) -> int:
    client.get(address, **headers)
    with CaptureQueriesContext(connection) as made:
        assert client.get(address, **headers).status_code == 200
    return len(made) - SIGN_IN


def test_pages_ask_a_bounded_number_of_questions(cast: Cast) -> None:
    client = cast.client(cast.agent)
    numbers = [begin(cast.agent) for _ in range(6)]
    client.post(url(cast, f"c/{numbers[0]}/assign/"), {"to": cast.admin.user.pk}, **JSON)
    stage = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "div#stage"}
    assert queries_of(client, url(cast, "inbox/")) <= 6
    assert queries_of(client, url(cast, f"inbox/all/{numbers[0]}/"), **stage) <= 5
    assert queries_of(client, url(cast, "inbox/all/rows/?ids=" + ",".join(map(str, numbers)))) <= 2
    assert queries_of(client, url(cast, "inbox/all/older/?before=9999999999999999-1")) == 1
    assert queries_of(client, url(cast, f"c/{numbers[0]}/messages/?after=0")) <= 3


def test_a_message_cannot_bring_markup_into_the_page(cast: Cast) -> None:
    number = begin(
        cast.agent,
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        page="javascript:alert(1)",
        title="<b>x</b>",
    )
    page = cast.client(cast.agent).get(url(cast, f"inbox/all/{number}/")).content.decode()
    assert "<script>alert" not in page and "<img" not in page and 'href="javascript' not in page


def test_pages_carry_no_inline_script_or_style(cast: Cast) -> None:
    number = begin(cast.agent)
    page = cast.client(cast.agent).get(url(cast, f"inbox/all/{number}/"))
    html = page.content.decode()
    assert " style=" not in html and "<style" not in html and " onclick=" not in html
    assert all("src=" in tag or 'type="application/json"' in tag for tag in html.split("<script")[1:])
    assert "'unsafe" not in page["Content-Security-Policy"]


def test_an_admin_of_a_quiet_inbox_gets_the_line_for_the_site(cast: Cast) -> None:
    line = "/widget.js"
    assert line in cast.client(cast.admin).get(url(cast, "inbox/")).content.decode()
    assert line not in cast.client(cast.agent).get(url(cast, "inbox/")).content.decode()


def test_a_member_without_access_reads_why(cast: Cast) -> None:
    page = cast.client(cast.nobody).get(url(cast, "inbox/"))
    assert page.status_code == 403
    assert "nobody has given you access" in page.content.decode()


def test_a_viewer_sees_why_there_is_no_composer(cast: Cast) -> None:
    number = begin(cast.agent)
    html = cast.client(cast.viewer).get(url(cast, f"inbox/all/{number}/")).content.decode()
    assert "data-composer" not in html and "viewer" in html and 'id="assign"' not in html


def test_a_viewer_reads_who_can_give_a_seat(cast: Cast) -> None:
    number = begin(cast.agent)
    html = cast.client(cast.viewer).get(url(cast, f"inbox/all/{number}/")).content.decode()
    names = [member.user.name.split(" ")[0] for member in (cast.primary_admin, cast.admin)]
    assert f"{names[0]} or {names[1]} can give you a seat." in html


def test_a_viewer_has_nothing_of_their_own(cast: Cast) -> None:
    begin(cast.agent)
    assert 'data-nav="mine"' not in cast.client(cast.viewer).get(url(cast, "inbox/")).content.decode()
    assert 'data-nav="mine"' in cast.client(cast.agent).get(url(cast, "inbox/")).content.decode()


def test_a_page_is_called_as_its_view(cast: Cast) -> None:
    client = cast.client(cast.agent)
    for path, name in (("inbox/", "Inbox"), ("inbox/mine/", "Mine"), ("inbox/done/", "Done")):
        page = client.get(url(cast, path)).content.decode()
        assert f"<title>{name} · Salotto</title>" in page and page.count("<h1") == 1


def test_a_single_inbox_is_not_named_in_every_row(cast: Cast) -> None:
    begin(cast.agent)
    client = cast.client(cast.agent)
    assert "data-one-inbox" in client.get(url(cast, "inbox/")).content.decode()
    with account_scope(cast.account.pk):
        Inbox.objects.create(account_id=cast.account.pk, channel="web", name="A second one")
    assert "data-one-inbox" not in client.get(url(cast, "inbox/")).content.decode()


def test_an_italian_reads_languages_and_dates_in_italian(cast: Cast) -> None:
    number = begin(cast.agent)
    client = cast.client(cast.agent)
    client.cookies["salotto_language"] = "it"
    cast.agent.user.language = "it"
    cast.agent.user.save()
    pane = client.get(url(cast, f"inbox/all/{number}/")).content.decode()
    assert "selected>Inglese</option>" in pane
    with override("it"):
        assert f">{long_date(timezone.localdate())}<" in pane


def test_reading_by_get_changes_nothing(cast: Cast) -> None:
    number = begin(cast.agent)
    before = Event.objects.filter(account_id=cast.account.pk).count()
    for path in READS:
        cast.client(cast.agent).get(url(cast, path, number))
    with account_scope(cast.account.pk):
        assert Conversation.objects.get(pk=number).unread == 1
        actions.mark_read(number, by=cast.agent)
    assert Event.objects.filter(account_id=cast.account.pk).count() == before + 1


def test_the_words_of_the_scripts_are_a_json_block(cast: Cast) -> None:
    page = cast.client(cast.agent).get(url(cast, "inbox/")).content.decode()
    block = page.split('id="desk-words" type="application/json">')[1].split("</script>")[0]
    told = json.loads(block)
    assert told["minutes"] == "{n} min" and all(told.values())
