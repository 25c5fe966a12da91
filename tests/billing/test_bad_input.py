"""What must be refused, each with its own status, code and sentence; and nothing changes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import translation

from salotto.accounts.actions import hand_over
from salotto.billing import actions
from salotto.billing.models import PaymentState
from salotto.billing.queries import quote_seats
from salotto.billing.quotes import SALT, Quote
from salotto.core import clock
from salotto.core.errors import Refused
from tests.billing.faulty import Faulty, in_place_of_the_sandbox
from tests.billing.shop import CURRENCY, add_card, buy, quote, use_gateway
from tests.cast import Cast


def dump(account: int) -> dict[str, list[Any]]:
    """Every row of the account in every table."""
    with connection.cursor() as db:
        db.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'account_id' ORDER BY 1"
        )
        tables = [name for (name,) in db.fetchall()]
        found = {}
        for table in tables:
            db.execute(f"SELECT to_jsonb(t) FROM {table} t WHERE account_id = %s ORDER BY 1", [account])
            found[table] = db.fetchall()
        db.execute("SELECT to_jsonb(t) FROM accounts_account t WHERE id = %s", [account])
        return {**found, "accounts_account": db.fetchall()}


@pytest.fixture
def faulty() -> Any:
    """A gateway that counts its calls."""
    with in_place_of_the_sandbox() as gateway:
        yield gateway


def refused(account: int, act: Callable[[], Any], status: int, code: str, faulty: Faulty) -> str:
    """That it is, so, without a trace; the sentence."""
    before, calls = dump(account), len(faulty.calls)
    with translation.override("en"), pytest.raises(Refused) as refusal:
        act()
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert dump(account) == before
    assert len(faulty.calls) == calls
    sentence = str(refusal.value.message)
    assert sentence.endswith(".")
    return sentence


QUANTITIES = [
    0, -1, 1.5, "text", 2**31, "", None, True, False, "３", "٣", 10**30, "1" * 31, "-1", "+3", "1.5", "1e3",
    "0x10", " ", "1 2", "1_0", b"3", [3], "0", "2147483648", float("nan"), "3\x00", "²",
]  # fmt: skip


@pytest.mark.parametrize("given", QUANTITIES, ids=repr)
def test_no_number_of_seats(given: object, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    token = quote(by, 3).token
    for act in (lambda: quote(by, given), lambda: actions.buy(token, given, by=by)):
        said = refused(by.account.pk, act, 422, "bad_quantity", faulty)
        assert said == "Enter a whole number of seats, 1 or more. Nothing was changed."


@pytest.mark.parametrize("given", [" 4 ", "4", "004", "4\n"])
def test_a_number_as_people_type_it(given: str, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, given)
    assert made.add == 4
    assert actions.buy(made.token, given, by=by).state == PaymentState.PAID


def test_more_seats_than_a_column_holds(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 5)
    refused(by.account.pk, lambda: quote(by, 2**31 - 3), 422, "bad_quantity", faulty)


def test_another_number_than_the_quote_is_for(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    token = quote(by, 3).token
    said = refused(by.account.pk, lambda: actions.buy(token, 4, by=by), 409, "other_quantity", faulty)
    assert "another number of seats" in said


@pytest.mark.parametrize("wait", [timedelta(minutes=15), timedelta(days=400)])
def test_an_expired_quote(wait: timedelta, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 3)
    with clock.at(made.at + wait):
        said = refused(by.account.pk, lambda: actions.buy(made.token, 3, by=by), 409, "quote_over", faulty)
    assert "no longer held" in said


def test_a_quote_of_before_another_purchase(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 3)
    buy(by, 4)
    refused(by.account.pk, lambda: actions.buy(made.token, 3, by=by), 409, "quote_over", faulty)


def test_a_quote_of_another_account(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    foreign = quote(cast.outsider, 3)
    said = refused(by.account.pk, lambda: actions.buy(foreign.token, 3, by=by), 403, "foreign_quote", faulty)
    assert "another account" in said


def _signed(made: Quote, salt: str = SALT, **changes: object) -> str:
    values = signing.loads(made.token, salt=SALT)
    names = list(Quote.__dataclass_fields__)
    for name, value in changes.items():
        values[names.index(name)] = value
    return signing.dumps(values, salt=salt, compress=True)


TOKENS: dict[str, Callable[[Quote], object]] = {
    "empty": lambda made: "",
    "none": lambda made: None,
    "bytes": lambda made: made.token.encode(),
    "number": lambda made: 7,
    "words": lambda made: "three seats please",
    "truncated": lambda made: made.token[:-1],
    "half": lambda made: made.token[: len(made.token) // 2],
    "without its end": lambda made: made.token.rpartition(":")[0],
    "changed": lambda made: made.token[:10] + ("A" if made.token[10] != "A" else "B") + made.token[11:],
    "oversized": lambda made: made.token + "x" * 5_000_000,
    "another salt": lambda made: _signed(made, salt="salotto.something.else"),
    "another key": lambda made: signing.dumps([1], key="guessed", salt=SALT),
    "of another form": lambda made: signing.dumps([1, 2, 3], salt=SALT),
    "no list": lambda made: signing.dumps({"amount": 0}, salt=SALT),
    "a number signed": lambda made: signing.dumps(7, salt=SALT),
    "nulls signed": lambda made: signing.dumps([None] * len(Quote.__dataclass_fields__), salt=SALT),
    "not in ASCII": lambda made: made.token + "é",
    "half a character": lambda made: made.token + "\ud800",
    "a null": lambda made: made.token + "\x00",
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_forged_quote(kind: str, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    token: Any = TOKENS[kind](quote(by, 3))
    said = refused(by.account.pk, lambda: actions.buy(token, 3, by=by), 400, "forged_quote", faulty)
    assert "not one of ours" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1, "total": 1, "subtotal": 1},
        {"amount": 0, "carried": 5700},
        {"quantity_to": 300},
        {"delta": 0},
        {"unit": 1},
        {"version": 999},
        {"is_first": False},
        {"expires_at": 2**33},
        {"at": 0},
        {"gateway": "invoice"},
        {"currency": "TWD"},  # in which no test sells
        {"cycle": "year"},
        {"method_id": None},
        {"balance_used": 5700, "amount": 0},
    ],
    ids=str,
)
def test_even_a_signed_lie_is_no_price(changes: dict[str, Any], cast: Cast, faulty: Faulty) -> None:
    """The claim makes the quote again: what it says is compared, not believed."""
    by = cast.primary_admin
    add_card(by)
    token = _signed(quote(by, 3), **changes)
    code = "no_price" if "currency" in changes else "quote_over"
    status = 422 if "currency" in changes else 409
    if changes in ({"expires_at": 2**33}, {"at": 0}):
        code, status = ("no_price", 422) if "at" in changes else ("quote_over", 409)
    refused(by.account.pk, lambda: actions.buy(token, 3, by=by), status, code, faulty)


@pytest.mark.parametrize("who", ["admin", "agent", "viewer", "nobody"])
def test_s1_everybody_but_the_primary_admin(who: str, cast: Cast, faulty: Faulty) -> None:
    add_card(cast.primary_admin)
    made = quote(cast.primary_admin, 3)
    other = cast.members()[who]
    account = cast.account.pk
    for act in (
        lambda: quote_seats(3, by=other),
        lambda: actions.buy(made.token, 3, by=other),
        lambda: actions.continue_purchase(uuid4(), by=other),
        lambda: actions.give_up(uuid4(), by=other),
        lambda: actions.pay_invoice(1, by=other),
    ):
        refused(account, act, 403, "not_primary_admin", faulty)


def test_s1_a_primary_admin_who_has_handed_over_with_the_dialog_open(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    made = quote(by, 3)
    hand_over(cast.admin.user.pk, by=by)
    for who in (by, cast.again(by)):
        refused(
            by.account.pk,
            lambda who=who: actions.buy(made.token, 3, by=who),
            403,
            "not_primary_admin",
            faulty,
        )
    assert actions.buy(made.token, 3, by=cast.again(cast.admin)).state == PaymentState.PAID


@pytest.mark.parametrize("currency", ["ZZZ", "chf", "CHFF", "'; --", "\x00", "€"])
def test_a_currency_without_a_price(currency: str, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    said = refused(by.account.pk, lambda: quote_seats(3, by=by, currency=currency), 422, "no_price", faulty)
    assert "no price in this currency" in said


def test_another_currency_than_the_account_has(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    buy(by, 3)
    refused(by.account.pk, lambda: quote_seats(3, by=by, currency="EUR"), 422, "no_price", faulty)


@pytest.mark.parametrize("cycle", ["week", "MONTH", " month", "12", "\x00"])
def test_an_unknown_cycle(cycle: str, cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    said = refused(
        by.account.pk,
        lambda: quote_seats(3, by=by, currency=CURRENCY, cycle=cycle),
        422,
        "no_such_cycle",
        faulty,
    )
    assert "monthly or yearly" in said


def test_a_payment_of_another_account_or_of_none(cast: Cast, faulty: Faulty) -> None:
    add_card(cast.outsider)
    foreign = buy(cast.outsider, 3)
    by = cast.primary_admin
    for payment in (foreign.pk, uuid4()):
        for verb in (actions.continue_purchase, actions.give_up):
            refused(
                by.account.pk,
                lambda verb=verb, payment=payment: verb(payment, by=by),
                404,
                "not_found",
                faulty,
            )


def test_no_card(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    use_gateway(by, "sandbox")
    token = quote(by, 3).token
    said = refused(by.account.pk, lambda: actions.buy(token, 3, by=by), 409, "no_payment_method", faulty)
    assert "Add a card" in said


def test_a_forged_webhook(cast: Cast, faulty: Faulty) -> None:
    by = cast.primary_admin
    add_card(by)
    faulty.outcome = "asks"
    asked = buy(by, 3)
    body = json.dumps({"id": "e1", "kind": "succeeded", "intent": asked.intent, "key": str(asked.pk)})
    before = dump(by.account.pk)
    for headers in ({}, {"Signature": "bad"}, {"Salotto-Sandbox-Signature": "t=1,v1=00"}):
        answer = Client().post(
            "/billing/webhooks/sandbox", body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 400
    assert dump(by.account.pk) == before
