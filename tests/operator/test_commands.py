"""The same on the command line: for people, for programs, and with its own exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from salotto.accounts.models import User
from salotto.billing.gateways import gateway
from salotto.billing.models import Catalogue, InvoiceState, Payment, PaymentState, Price
from salotto.billing.queries import payment as find_payment
from salotto.cli import house, main
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from salotto.seats.actions.requests import request_removal
from salotto.seats.models import SeatRequest
from tests.billing import shop
from tests.cast import Cast
from tests.operator.test_catalogue import SOON
from tests.operator.test_invoices import by_card, now, on_invoice
from tests.operator.test_purchases import ANSWER_LOST, bought_with


@pytest.fixture
def salotto(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the database of the tests: exit code, stdout, stderr."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return (main(arguments), *capsys.readouterr())

    return run


def test_the_catalogue_is_shown_and_set(salotto: Any, operator: User) -> None:
    with shop.catalogue():
        code, out, _ = salotto(
            "catalogue", "price", "HUF", "7500.00", "--new-from", SOON, "--as", operator.email
        )
        assert code == 0 and "7500.00 HUF for first purchases from" in out
        assert Price.objects.get(currency="HUF").created_by == operator
        assert salotto("catalogue", "dates", "--sale-ends", SOON)[0] == 0
        assert salotto("catalogue", "terms", "--trial-days", "9")[0] == 0
        assert salotto("catalogue", "seller", "--name", "Salotto", "--country", "IT")[0] == 0
        assert salotto("catalogue", "tax", "FO", "25", "--name", "MVG", "--from", SOON)[0] == 0
        shown = json.loads(salotto("catalogue", "show", "--json")[1])
        assert (shown["sale_ends_on"], shown["trial_days"], shown["seller"]["country"]) == (SOON, 9, "IT")
        assert next(row for row in shown["tax"] if row["country"] == "FO")["is"] == "later"
        assert "7500.00 HUF" in salotto("catalogue", "show")[1]
        assert salotto("catalogue", "tax", "FO", "--from", SOON, "--remove")[0] == 0
        assert salotto("catalogue", "dates", "--sale-ends", "never")[0] == 0
        assert Catalogue.objects.get().sale_ends_on is None


def test_exit_codes_say_whether_it_was_refused_or_made_no_sense(salotto: Any, cast: Cast) -> None:
    assert salotto("catalogue", "price", "EUR", "1.900")[0] == 2
    assert salotto("catalogue", "dates", "--sale-ends", "2020-01-01")[0] == 2
    assert salotto("accounts", "show", "no-such-account")[0] == 1
    assert salotto("invoices", "show", "1999-000001")[0] == 1
    code, out, err = salotto(
        "accounts", "gateway", cast.slug, "invoice", "--as", cast.primary_admin.user.email
    )
    assert (code, out) == (1, "") and "Only operators" in err
    assert salotto("accounts", "gateway", cast.slug, "invoice", "--as", "nobody@example.com")[0] == 1


def test_an_account_is_found_and_set(salotto: Any, cast: Cast, operator: User) -> None:
    (row,) = json.loads(salotto("accounts", "list", cast.slug, "--json")[1])
    assert (row["account"], row["state"], row["gateway"]) == (cast.slug, "trial", "default")
    assert salotto("accounts", "anchor", cast.slug, "2026-01-31")[0] == 0
    assert salotto("accounts", "anchor", cast.slug, "none")[0] == 0
    assert salotto("accounts", "gateway", str(cast.account.pk), "invoice")[0] == 0
    key = "6b1c2f0e-0000-4000-8000-000000000001"
    for _ in range(2):
        arguments = (
            "credit",
            cast.slug,
            "5",
            "CHF",
            "--reason",
            "Sorry",
            "--key",
            key,
            "--as",
            operator.email,
        )
        assert salotto("accounts", *arguments)[0] == 0
    shown = json.loads(salotto("accounts", "show", cast.slug, "--json")[1])
    assert (shown["gateway"], shown["balance"]) == ("invoice", "5.00 CHF")
    assert "primary_admin" in salotto("accounts", "show", cast.slug)[1]


def test_the_actor_is_the_operator_or_nobody(salotto: Any, cast: Cast, operator: User) -> None:
    salotto("accounts", "gateway", cast.slug, "invoice", "--as", operator.email)
    salotto("accounts", "gateway", cast.slug, "default")
    found = AuditEntry.objects.filter(account_id=cast.account.pk, verb="billing.gateway_changed").order_by(
        "id"
    )
    assert [entry.actor_id for entry in found] == [operator.pk, None]
    rows = json.loads(salotto("audit", "--account", cast.slug, "--actor", operator.email, "--json")[1])
    assert [row["verb"] for row in rows] == ["billing.gateway_changed"]
    assert "billing.gateway_changed" in salotto("audit", "--account", cast.slug)[1]
    assert salotto("audit", "--actor", "nobody@example.com")[0] == 1


def test_s2_a_request_is_decided_in_an_operators_name(salotto: Any, cast: Cast, operator: User) -> None:
    shop.add_card(cast.primary_admin)
    shop.buy(cast.primary_admin, 10)
    number = str(request_removal(2, "", by=cast.primary_admin).pk)
    assert number in salotto("requests", "list")[1]
    code, _, err = salotto("requests", "schedule", number)
    assert code == 1 and "--as" in err
    assert salotto("requests", "answer", number, "From when?", "--as", operator.email)[0] == 0
    assert salotto("requests", "schedule", number, "--as", operator.email)[0] == 0
    assert salotto("requests", "decline", number, "No", "--as", operator.email)[0] == 1
    with account_scope(cast.account.pk):
        assert SeatRequest.objects.get().state == "scheduled"


def test_a_stuck_purchase_is_asked_for(salotto: Any, cast: Cast) -> None:
    payment = bought_with(cast, ANSWER_LOST)
    code, out, _ = salotto("purchases", "ask", str(payment.pk))
    assert code == 0 and "is paid" in out
    assert find_payment(cast.account.pk, payment.pk).state == PaymentState.PAID
    assert salotto("purchases", "cancel", str(payment.pk))[0] == 1
    assert salotto("purchases", "close", "6b1c2f0e-0000-4000-8000-000000000002")[0] == 1
    assert salotto("purchases", "list", "--json")[0] == 0


def test_s1_no_command_buys_seats() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["purchases", "buy"])
    assert refused.value.code == 2


def test_invoices_are_shown_written_paid_and_taken_back(
    salotto: Any, cast: Cast, operator: User, tmp_path: Path
) -> None:
    invoice = on_invoice(cast, operator)
    (row,) = json.loads(salotto("invoices", "list", "--account", cast.slug, "--state", "open", "--json")[1])
    assert (row["number"], row["total"]) == (invoice.name, "57.00 CHF")
    assert "57.00" in salotto("invoices", "show", invoice.name)[1]
    file = tmp_path / "one.pdf"
    assert salotto("invoices", "pdf", invoice.name, str(file))[0] == 0
    assert file.read_bytes().startswith(b"%PDF")
    assert salotto("invoices", "pdf", invoice.name, str(tmp_path / "none" / "one.pdf"))[0] == 2
    assert salotto("invoices", "paid", invoice.name, "--on", "2001-01-01")[0] == 2
    assert salotto("invoices", "paid", invoice.name)[0] == 0
    assert now(invoice).state == InvoiceState.PAID
    assert salotto("invoices", "paid", invoice.name)[0] == 1
    arguments = ("credit-note", invoice.name, "--amount", "10", "--to", "balance", "--reason", "Sorry")
    code, out, _ = salotto("invoices", *arguments)
    assert code == 0 and "takes back 10.00 CHF" in out
    assert json.loads(salotto("invoices", "list", "--credit-notes", "--account", cast.slug, "--json")[1])


def test_a_refused_refund_is_settled(salotto: Any, cast: Cast) -> None:
    invoice = by_card(cast)
    with account_scope(cast.account.pk):
        intent = Payment.objects.get(pk=invoice.payment_id).intent
    gateway("sandbox").refund(intent, invoice.due, "by hand")
    salotto("invoices", "credit-note", invoice.name, "--to", "card", "--reason", "Sorry")
    note = shop.invoices(cast.primary_admin)[-1]
    arguments = ("refund", note.name, "--to", "balance", "--reason", "The card is closed")
    code, out, _ = salotto("invoices", *arguments)
    assert code == 0 and "credited to the balance" in out
    assert salotto("invoices", *arguments)[0] == 1
