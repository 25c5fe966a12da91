"""Operators of the installation: named on the command line, or the first who comes."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from salotto.accounts import actions
from salotto.accounts.actions import OPERATION
from salotto.accounts.http import OperatorRequest, for_operators
from salotto.accounts.models import User
from salotto.cli import house, main
from salotto.core.errors import Missing, SignInNeeded
from salotto.core.models import AuditEntry
from tests.cast import PASSWORD, Cast, client_of, new_user
from tests.threads import at_once


@pytest.fixture
def operator_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `salotto operator` on the database of the tests: exit code, stdout, stderr."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        return (main(["operator", *arguments]), *capsys.readouterr())

    return run


def verbs(user: User) -> list[str]:
    found = AuditEntry.objects.filter(account_id=OPERATION, subject=f"user {user.pk}").order_by("id")
    return list(found.values_list("verb", flat=True))


def test_an_operator_is_named_listed_and_removed(operator_command: Any) -> None:
    user = new_user()
    assert operator_command("add", user.email.upper()) == (0, f"{user.email} is an operator.\n", "")
    assert user.email in operator_command("list")[1].splitlines()
    assert operator_command("add", user.email)[0] == 0
    assert operator_command("remove", user.email)[:2] == (0, f"{user.email} is no operator.\n")
    assert user.email not in operator_command("list")[1].splitlines()
    assert verbs(user) == ["operator.added", "operator.removed"]


def test_a_stranger_is_no_operator(operator_command: Any) -> None:
    for verb in ("add", "remove"):
        code, out, err = operator_command(verb, f"{uuid4().hex}@example.com")
        assert (code, out) == (1, "") and "Nobody here has this address" in err


def test_the_last_operator_may_go_with_a_warning(operator_command: Any) -> None:
    known = list(User.objects.filter(is_operator=True))
    user = new_user()
    actions.add_operator(user.email)
    try:
        for other in known:
            actions.remove_operator(other.email)
        code, _, err = operator_command("remove", user.email)
        assert code == 0 and err.startswith("Warning: this installation has no operator now.")
    finally:
        for other in known:
            actions.add_operator(other.email)


@for_operators
def page(request: OperatorRequest, number: int) -> HttpResponse:
    return HttpResponse(f"{request.operator.pk} {number}")


def asked(user: Any, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/operator/?a=1", headers=headers)
    request.user = user
    return request


def test_a_page_of_operators_is_there_for_them_alone(cast: Cast) -> None:
    user = new_user()
    actions.add_operator(user.email)
    answer = page(asked(User.objects.get(pk=user.pk)), 7)
    assert answer.content.decode() == f"{user.pk} 7"
    assert "private" in answer["Cache-Control"] and "Cookie" in answer["Vary"]
    with pytest.raises(Missing):
        page(asked(cast.primary_admin.user), 7)
    actions.remove_operator(user.email)
    with pytest.raises(Missing):
        page(asked(User.objects.get(pk=user.pk)), 7)


def test_the_signed_out_are_led_to_sign_in_and_back() -> None:
    answer = page(asked(AnonymousUser()), 7)
    assert answer["Location"] == "/login/?next=/operator/%3Fa%3D1"
    with pytest.raises(SignInNeeded):
        page(asked(AnonymousUser(), Accept="application/json"), 7)


def sign_up(email: str) -> None:
    """Through the form, as the first person does."""
    given = {"name": "Nora Neri", "account_name": "Bottega", "email": email, "password1": PASSWORD}
    assert client_of().post("/signup/", given).status_code == 302


def test_who_signs_up_later_is_no_operator() -> None:
    new_user()
    email = f"{uuid4().hex}@example.com"
    sign_up(email)
    assert not User.objects.get(email=email).is_operator


def test_the_first_person_of_an_empty_server_is_an_operator() -> None:
    """In a transaction that is taken back, a table of its own stands before that of the suite."""
    with transaction.atomic(), connection.cursor() as db:
        db.execute("CREATE TEMPORARY TABLE accounts_user (LIKE accounts_user INCLUDING ALL) ON COMMIT DROP")
        first = User.objects.create_user("first@example.com", "", name="Nora Neri")
        assert actions.first_operator(first)
        assert User.objects.get().is_operator
        second = User.objects.create_user("second@example.com", "", name="Otto Neri")
        assert not actions.first_operator(second)
        assert [user.email for user in User.objects.filter(is_operator=True)] == [first.email]
        transaction.set_rollback(True)


def test_two_first_persons_at_once_make_one_operator_at_most() -> None:
    users = [new_user(), new_user()]
    assert at_once(*[lambda user=user: actions.first_operator(user) for user in users]) == [False, False]
