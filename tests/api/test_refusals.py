"""Bad input, each with its own clear error in the reader's language, and nothing changed."""

import json
from typing import Any

import pytest

from salotto.billing.models import PaymentMethod
from salotto.billing.quotes import LIFE
from salotto.core import clock
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.api.program import Program
from tests.billing.shop import add_card, catalogue, invoices
from tests.cast import Cast

NUMBERS = [0, -1, 1.5, 3.0, "3", "three", True, None, 2**31, 10**30, [], {}]


def no_trace(cast: Cast) -> bool:
    verbs = AuditEntry.objects.filter(account_id=cast.account.pk).values_list("verb", flat=True)
    return invoices(cast.primary_admin) == [] and not any("request" in verb for verb in verbs)


@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_a_number_of_seats_is_a_whole_number(number: Any, cast: Cast) -> None:
    host = Program(cast.primary_admin)
    token = host.quote(5)["token"]
    for path, field, body in (
        ("quotes", "add", {"add": number}),
        ("purchases", "add", {"quote": token, "add": number}),
        ("seat-requests", "quantity", {"quantity": number}),
    ):
        told = host.post(path, body)
        assert (told.status, told.code) == (422, "bad_quantity")
        assert told.json["error"]["field"] == field
    assert no_trace(cast)


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("quotes", {}, "add", "needed"),
        ("quotes", {"add": 1, "coupon": "FREE"}, "coupon", "no such field"),
        ("quotes", {"add": 1, "currency": 5}, "currency", "text"),
        ("quotes", {"add": 1, "currency": "EURO"}, "currency", "too long"),
        ("quotes", {"add": 1, "currency": ""}, "currency", "not possible"),
        ("quotes", {"add": 1, "cycle": "week"}, "cycle", "none of the possible"),
        ("quotes", {"add": 1, "cycle": True}, "cycle", "none of the possible"),
        ("purchases", {"add": 1}, "quote", "needed"),
        ("purchases", {"quote": "x" * 4001, "add": 1}, "quote", "too long"),
        ("purchases", {"quote": 1, "add": 1}, "quote", "text"),
        ("seat-requests", {"kind": "swap", "quantity": 1}, "kind", "none of the possible"),
        ("seat-requests", {"quantity": 1, "note": "x" * 2001}, "note", "too long"),
        ("seat-requests", {"quantity": 1, "note": None}, "note", "text"),
    ],
)
def test_a_field_that_cannot_be_is_named(path: str, body: Any, field: str, says: str, cast: Cast) -> None:
    told = Program(cast.primary_admin).post(path, body)
    assert (told.status, told.code) == (422, "invalid")
    assert told.json["error"]["field"] == field
    assert says in told.json["error"]["message"]
    assert no_trace(cast)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"level": "boss"},
        {"level": None},
        {"level": "none", "hand_to": "5"},
        {"level": "none", "hand_to": True},
        {"level": "none", "hand_to": 2**63},
    ],
)
def test_an_access_level_is_one_of_three(body: Any, cast: Cast) -> None:
    told = Program(cast.admin).put(f"members/{cast.agent.user.pk}/access", body)
    assert (told.status, told.code) == (422, "invalid")
    assert cast.again(cast.agent).is_agent


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"3", b"null", b'"text"', b'{"add": NaN}', b'{"add": 1, "add": 2}', b'{"add": 1}x',
     b"\xff", b'{"add": "\\ud800"}', b"[" * 100_000, b'{"a":' * 5000, b'{"add": ' + b"9" * 5000 + b"}",
     b"add=3"],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_a_body_that_is_no_object_is_not_understood(body: bytes, cast: Cast) -> None:
    told = Program(cast.primary_admin).post("quotes", body)
    assert (told.status, told.code) == (400, "not_json")


def test_a_body_that_is_too_large_is_refused(cast: Cast) -> None:
    told = Program(cast.primary_admin).post("quotes", b" " * 300_000)
    assert (told.status, told.code) == (413, "too_large")


def test_a_forged_quote_is_refused(cast: Cast) -> None:
    host = Program(cast.primary_admin)
    token = host.quote(5)["token"]
    for forged in ("", "x", token[:-1], token[1:], token + "x", "\x00", "é"):
        told = host.post("purchases", {"quote": forged, "add": 5})
        assert (told.status, told.code) == (400, "forged_quote")
        assert told.json["error"]["field"] == "quote"
    assert no_trace(cast)


def test_another_number_than_the_quotes_is_refused(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    told = host.post("purchases", {"quote": host.quote(5)["token"], "add": 6})
    assert (told.status, told.code, told.json["error"]["field"]) == (409, "other_quantity", "add")
    assert no_trace(cast)


def test_a_currency_without_a_price_is_refused(cast: Cast) -> None:
    told = Program(cast.primary_admin).post("quotes", {"add": 5, "currency": "ISK"})
    assert (told.status, told.code, told.json["error"]["field"]) == (422, "no_price", "currency")


def test_without_a_card_nothing_is_bought(cast: Cast) -> None:
    add_card(cast.primary_admin)
    with account_scope(cast.account.pk):
        PaymentMethod.objects.update(is_current=False)
    host = Program(cast.primary_admin)
    made = host.quote(5)
    assert made["needs_payment_method"] is True
    told = host.post("purchases", {"quote": made["token"], "add": 5})
    assert (told.status, told.code) == (409, "no_payment_method")


@pytest.mark.parametrize(
    "path",
    ["", "seat", "seats/", "members/x/access", "members/-1/access", "invoices/0x1", "purchases/1", "../seats",
     "invoices/1/pdf/", "openapi", "docs"],
)  # fmt: skip
def test_an_address_that_is_not_there_is_a_refusal_too(path: str, cast: Cast) -> None:
    told = Program(cast.primary_admin).get(path)
    assert (told.status, told.code) == (404, "not_found")


@pytest.mark.parametrize("number", [0, 2**63, 10**40])
def test_an_id_that_nobody_has_is_not_there(number: int, cast: Cast) -> None:
    host = Program(cast.primary_admin)
    for path in (f"members/{number}/access", f"invoices/{number}", f"seat-requests/{number}"):
        assert host.get(path).status == 404
    assert host.put(f"members/{number}/access", {"level": "none"}).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "seats", "GET"),
        ("DELETE", "members/1/access", "GET, PUT"),
        ("GET", "quotes", "POST"),
        ("PATCH", "seat-requests", "GET, POST"),
        ("OPTIONS", "invoices", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allowed: str, cast: Cast) -> None:
    program = Program(cast.primary_admin)
    got: Any = program.client.generic(method, f"/api/v1/{path}", headers=program.headers)
    assert (got.status_code, json.loads(got.content)["error"]["code"]) == (405, "wrong_method")
    assert got["Allow"] == allowed


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("it", "it"), ("it-CH,de;q=0.5", "it"), ("de,it;q=0.5,en;q=0.1", "it"), ("en;q=0.9,it;q=0.1", "en"),
     ("de", "en"), ("", "en"), (";;;,,", "en")],
)  # fmt: skip
def test_words_are_in_the_language_that_is_asked_for(wanted: str, language: str, cast: Cast) -> None:
    told = Program(cast.primary_admin, **{"Accept-Language": wanted}).get("nowhere")
    assert told.headers["content-language"] == language
    assert ("Questa pagina" in told.json["error"]["message"]) == (language == "it")


def test_money_is_shown_in_that_language(cast: Cast) -> None:
    made = Program(cast.primary_admin, **{"Accept-Language": "it"}).quote(5)
    assert made["unit"]["shown"] == "19,00\u00a0CHF"


def test_a_language_cookie_has_no_say(cast: Cast) -> None:
    program = Program(cast.primary_admin)
    program.client.cookies["salotto_language"] = "it"
    assert program.get("nowhere").headers["content-language"] == "en"


def test_no_cache_keeps_an_answer_and_no_cookie_is_set(cast: Cast) -> None:
    told = Program(cast.primary_admin).get("seats")
    assert told.headers["cache-control"] == "no-store"
    assert "set-cookie" not in told.headers
    assert "Authorization" in told.headers["vary"]


def test_a_failure_of_ours_is_a_refusal_too_and_is_logged(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("salotto.api.views.seats.plan", fail)
        told = Program(cast.primary_admin).get("seats")
    assert (told.status, told.code) == (500, "failed")
    assert b"secret" not in told.body
    assert "secret detail" in caplog.text


def test_an_expired_quote_is_refused(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    body = {"quote": host.quote(5)["token"], "add": 5}
    with clock.at(clock.now() + LIFE):
        told = host.post("purchases", body)
    assert (told.status, told.code) == (409, "quote_over")
    assert no_trace(cast)


def test_s14_after_the_end_of_sale_nobody_is_quoted_a_first_purchase(cast: Cast) -> None:
    host = Program(cast.primary_admin)
    with catalogue(sale_ends_on="2023-01-03"):
        told = host.post("quotes", {"add": 5})
    assert (told.status, told.code) == (409, "sale_over")


def test_s14_after_self_service_more_seats_are_asked_for(cast: Cast) -> None:
    add_card(cast.primary_admin)
    host = Program(cast.primary_admin)
    host.buy(5)
    with catalogue(extra_sale_ends_on="2023-01-03"):
        told = host.post("quotes", {"add": 1})
        assert (told.status, told.code) == (409, "self_service_over")
        assert host.post("seat-requests", {"kind": "add", "quantity": 1}).json["kind"] == "add"
