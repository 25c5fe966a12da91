"""`salotto billing explain`: amounts in words, of files and of invoices."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from salotto.billing import explain
from salotto.billing.explain import Unexplained, read_charges
from salotto.billing.models import Invoice
from salotto.cli import billing, house, main
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.billing import shop
from tests.cast import Cast

CASES = Path(__file__).parent / "cases/proration.json"
LINE: dict[str, Any] = {
    "id": "L1",
    "period_start": "2025-06-01T00:00:00Z",
    "period_end": "2025-07-01T00:00:00Z",
    "at": "2025-06-11T00:00:00Z",
    "delta_qty": 3,
    "unit_amount": 1900,
    "currency": "EUR",
}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `explain` on the content of a file, without a database: exit code, stdout, stderr."""

    def no_database(*_: object) -> None:
        raise AssertionError("a file needs no database")

    def ask(content: object, *more: str) -> tuple[int, str, str]:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        file = tmp_path / "lines.json"
        file.write_bytes(data)
        monkeypatch.setattr(house, "visit", no_database)
        code = main(["billing", "explain", str(file), *more])
        return (code, *capsys.readouterr())

    return ask


def amount(asked: Any, **changes: Any) -> int:
    code, out, _ = asked([{**LINE, **changes}], "--json")
    assert code == 0
    return int(json.loads(out)[0]["amount"])


def test_every_worked_line_is_printed_for_programs(asked: Any) -> None:
    cases = json.loads(CASES.read_text())
    given = [{name: value for name, value in case.items() if name != "expected"} for case in cases]
    code, out, err = asked(given, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [{"id": case["id"], "amount": case["expected"]} for case in cases]


def test_standard_input_is_read_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps([LINE]).encode())))
    assert main(["billing", "explain", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"id": "L1", "amount": 3800}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "3 seats × €19.00 × 20 of 30 days (1,728,000 of 2,592,000 seconds) = €38.00;"
            " rounded half away from zero",
        ),
        (
            {"delta_qty": -1, "unit_amount": 10000},
            "-1 seat × €100.00 × 20 of 30 days (1,728,000 of 2,592,000 seconds) = -€66.67;"
            " rounded half away from zero, from -6,666 2/3 minor units",
        ),
        (
            {"at": "2025-06-11T10:00:00Z"},
            "3 seats × €19.00 × 1,692,000 of 2,592,000 seconds = €37.21;"
            " rounded half away from zero, from 3,720 5/6 minor units",
        ),
        (
            {"at": "2025-05-11T10:00:00Z", "currency": "JPY"},
            "3 seats × ¥1,900 × 30 of 30 days (2,592,000 of 2,592,000 seconds), as the instant is before the"
            " period = ¥5,700; rounded half away from zero",
        ),
        (
            {"at": "2025-07-01T00:00:00Z", "currency": "KWD"},
            "3 seats × KWD\u00a01.900 × 0 of 30 days (0 of 2,592,000 seconds), as the period is over"
            " = KWD\u00a00.000; rounded half away from zero",
        ),
    ],
)
def test_a_charge_is_said_in_words(asked: Any, changes: dict[str, Any], words: str) -> None:
    assert asked([{**LINE, **changes}]) == (0, f"L1: {words}\n", "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"at": "2025-06-11T05:30:00+05:30"}, 3800),
        ({"at": "2025-06-10T14:15:00-09:45"}, 3800),
        ({"at": "2025-06-11T00:00:00.999999Z"}, 3800),
        ({"at": "2025-06-11 00:00:00+0000"}, 3800),
        ({"period_start": "2025-06-01T00:00:00.5Z"}, 3800),
        ({"delta_qty": 0}, 0),
        ({"delta_qty": 10**12}, 10**12 * 1900 * 2 // 3 + 1),
        ({"delta_qty": -(10**30), "unit_amount": 3}, -2 * 10**30),
        ({"unit_amount": 0}, 0),
        ({"currency": "jpy", "unit_amount": 1501, "delta_qty": 1}, 1001),
        ({"currency": "KWD", "unit_amount": 1501, "delta_qty": 1}, 1001),
        ({"id": 7, "note": "left alone", "expected": 1}, 3800),
    ],
)
def test_other_lines_are_worked_out_too(asked: Any, changes: dict[str, Any], expected: int) -> None:
    assert amount(asked, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": None}, "`id` is missing"),
        ({"id": ""}, "`id` must"),
        ({"id": "a\x1b[2J"}, "`id` must"),
        ({"id": True}, "`id` must"),
        ({"at": None}, "(L1): `at` is missing"),
        ({"at": "2025-06-11T00:00:00"}, "(L1): `at` has no offset"),
        ({"at": "2025-06-11"}, "(L1): `at` has no offset"),
        ({"at": "2025-06-31T00:00:00Z"}, "(L1): `at` must be an instant that exists"),
        ({"at": "2025-06-11T25:00:00Z"}, "(L1): `at` must be an instant that exists"),
        ({"at": 1749600000}, "(L1): `at` must be an instant that exists"),
        ({"at": ["2025"]}, "(L1): `at` must be an instant that exists"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "(L1): `at` is outside the years"),
        ({"period_start": "yesterday"}, "(L1): `period_start` must"),
        ({"period_end": "2025-06-01T00:00:00Z"}, "(L1): `period_end` must be later than `period_start`"),
        ({"period_end": "2025-06-01T00:00:00.9Z"}, "(L1): `period_end` must be later than `period_start`"),
        ({"period_end": "2025-05-01T00:00:00Z"}, "(L1): `period_end` must be later than `period_start`"),
        ({"period_end": "2025-06-01T01:00:00+02:00"}, "(L1): `period_end` must be later than `period_start`"),
        ({"delta_qty": 1.5}, "(L1): `delta_qty` must be a whole number"),
        ({"delta_qty": "3"}, "(L1): `delta_qty` must be a whole number"),
        ({"delta_qty": True}, "(L1): `delta_qty` must be a whole number"),
        ({"delta_qty": float("nan")}, "(L1): `delta_qty` must be a whole number"),
        ({"delta_qty": 10**50}, "(L1): `delta_qty` has more than 40 digits"),
        ({"unit_amount": 19.0}, "(L1): `unit_amount` must be a whole number"),
        ({"unit_amount": -1900}, "(L1): `unit_amount` must not be negative"),
        ({"unit_amount": None}, "(L1): `unit_amount` is missing"),
        ({"currency": "ZZZ"}, "(L1): `currency` must be the code of a currency"),
        ({"currency": ""}, "(L1): `currency` must be the code of a currency"),
        ({"currency": ["EUR"]}, "(L1): `currency` must be the code of a currency"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_with_its_field(
    asked: Any, changes: dict[str, Any], said: str
) -> None:
    code, out, err = asked([{**LINE, "id": "good"}, {**LINE, **changes}], "--json")
    assert (code, out) == (2, "")
    assert err.startswith("Line 2") and said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"19,00", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{}", "must be a JSON list"),
        (b"null", "must be a JSON list"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "Line 1: must be an object"),
        (b"[[]]", "Line 1: must be an object"),
        (b"[" + b" " * 10_000_000 + b"]", "more than 5,000,000 bytes"),
        (
            json.dumps([LINE]).replace("1900", "9" * 10_000).encode(),
            "(L1): `unit_amount` has more than 40 digits",
        ),
    ],
    ids=range(10),
)
def test_a_file_that_makes_no_sense_is_refused_in_one_sentence(asked: Any, content: bytes, said: str) -> None:
    code, out, err = asked(content)
    assert (code, out) == (2, "")
    assert said in err and err.count("\n") == 1


def test_no_lines_are_no_mistake(asked: Any) -> None:
    assert asked([]) == (0, "", "")
    assert asked([], "--json") == (0, "[]\n", "")
    assert asked(b"\xef\xbb\xbf[]") == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a file"),
        (["a.json", "--invoice", "2026-000001"], "Name a file"),
        (["a.json", "--line", "1"], "--line is for --invoice"),
        (["/no/such/file.json"], "cannot be read: No such file"),
        (["/"], "cannot be read: Is a directory"),
    ],
)
def test_what_to_explain_is_named_once(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["billing", "explain", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_the_first_wrong_line_is_said_for_callers_too() -> None:
    with pytest.raises(Unexplained, match="Line 1 "):
        read_charges(json.dumps([{**LINE, "at": "soon"}]).encode())


def invoice_line(what: str, **changes: Any) -> dict[str, Any]:
    line = {
        "what": what,
        "quantity": 3,
        "unit": 1900,
        "cycle": "month",
        "from": "2025-06-01T00:00:00+00:00",
        "to": "2025-07-01T00:00:00+00:00",
        "at": "2025-06-11T00:00:00+00:00",
        "amount": 3800,
        "text": "",
    }
    return {**line, **changes}


def issue(cast: Cast, series: str, *lines: dict[str, Any]) -> Invoice:
    """An invoice of these lines, with the number 123 of a series of its own."""
    total = sum(line["amount"] for line in lines)
    now = datetime(2025, 6, 11, tzinfo=UTC)
    with account_scope(cast.account.pk):
        return Invoice.objects.create(
            account=cast.account,
            series=series,
            number=123,
            currency="EUR",
            lines=list(lines),
            taxes=[],
            subtotal=total,
            tax=0,
            total=total,
            due=total,
            seller={},
            buyer={},
            language="en",
            gateway="sandbox",
            issued_at=now,
            payable_until=now,
        )


@pytest.fixture
def explain_invoice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `explain --invoice` on the database of the tests."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)

    def ask(*arguments: str) -> tuple[int, str, str]:
        return (main(["billing", "explain", *arguments]), *capsys.readouterr())

    return ask


def test_the_lines_of_an_invoice_are_explained(cast: Cast, explain_invoice: Any) -> None:
    issue(
        cast,
        cast.slug[-10:],
        invoice_line("seats_prorated"),
        invoice_line("seats_cycle", at=None, amount=5700),
        invoice_line("correction", at=None, amount=-500, text="Goodwill"),
    )
    code, out, err = explain_invoice("--invoice", f"{cast.slug[-10:]}-000123")
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first.startswith("1: 3 seats × €19.00 × 20 of 30 days") and "= €38.00;" in first
    assert second.startswith("2: 3 seats × €19.00 × 30 of 30 days") and "= €57.00;" in second
    assert third == "3: Goodwill = -€5.00"


def test_a_credit_note_is_explained_as_seats_given_back(cast: Cast, explain_invoice: Any) -> None:
    name = issue(cast, cast.slug[-10:], invoice_line("seats_prorated", amount=-3800)).name
    code, out, _ = explain_invoice("--invoice", name)
    assert code == 0 and out.startswith("1: -3 seats × €19.00 ×") and "= -€38.00;" in out


def test_what_was_really_bought_is_explained(cast: Cast, explain_invoice: Any) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 7)
    with clock.at(clock.now() + timedelta(days=10, hours=3)):
        shop.buy(cast.primary_admin, 3)
    for invoice, seats in zip(shop.invoices(cast.primary_admin), ("7 seats", "3 seats"), strict=True):
        code, out, err = explain_invoice("--invoice", invoice.name)
        assert (code, err) == (0, "") and out.startswith(f"1: {seats} × ")


def test_one_line_of_an_invoice_is_explained(cast: Cast, explain_invoice: Any) -> None:
    name = issue(
        cast, cast.slug[-10:], invoice_line("seats_prorated"), invoice_line("seats_cycle", amount=5700)
    ).name
    assert json.loads(explain_invoice("--invoice", name, "--line", "2", "--json")[1]) == [
        {"id": 2, "amount": 5700}
    ]
    assert explain_invoice("--invoice", name, "--line", "3")[::2] == (
        2,
        f"Invoice {name} has the lines 1 to 2.\n",
    )


def test_an_invoice_that_says_something_else_is_pointed_out(cast: Cast, explain_invoice: Any) -> None:
    name = issue(cast, cast.slug[-10:], invoice_line("seats_prorated", amount=3799)).name
    code, out, _ = explain_invoice("--invoice", name)
    assert code == 1 and out.endswith("The invoice says €37.99\n")


@pytest.mark.parametrize("name", ["2026-000000", "2026", "-", "", "2026-x", "2026-²", "2026-" + "9" * 40])
def test_an_invoice_that_is_not_there_is_said(name: str, explain_invoice: Any) -> None:
    code, out, err = explain_invoice("--invoice", name)
    assert (code, out) == (2, "") and "There is no invoice" in err


def test_a_file_is_read_no_further_than_it_may_be_long() -> None:
    assert len(billing._content("/dev/zero")) == explain.LARGEST_FILE + 1


@pytest.mark.parametrize("code", ["ſek", "ıdr", "EURO", "EU", "", "Eu\u0280", "ＥＵＲ", "EUR\n"])
def test_a_currency_is_three_ascii_letters(code: str, asked: Any) -> None:
    told = asked([{**LINE, "currency": code}])
    assert told[:2] == (2, "") and "`currency`" in told[2]


def test_a_field_that_is_there_twice_is_refused_by_its_line(asked: Any) -> None:
    text = json.dumps([LINE, {**LINE, "id": "L2"}])
    twice = text[:-2] + ', "delta_qty": 5}]'
    told = asked(twice.encode())
    assert told[:2] == (2, "") and "Line 2" in told[2] and "`delta_qty`" in told[2]
