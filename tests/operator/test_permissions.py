"""Operators alone get in; to everybody else the pages do not exist."""

from uuid import uuid4

import pytest

from salotto.accounts.models import User
from tests.cast import Cast, client_of

PAGES = ["", "catalogue/", "accounts/", "requests/", "purchases/", "invoices/", "audit/"]
ACTS = [
    "catalogue/price/",
    "catalogue/dates/",
    "catalogue/terms/",
    "catalogue/seller/",
    "catalogue/tax/",
    "catalogue/tax/remove/",
    "accounts/{account}/gateway/",
    "accounts/{account}/anchor/",
    "accounts/{account}/credit/",
    "requests/1/schedule/",
    "requests/1/decline/",
    "requests/1/answer/",
    f"purchases/{{account}}/{uuid4()}/ask/",
    "invoices/{account}/1/paid/",
    "invoices/{account}/1/credit-note/",
]


@pytest.mark.parametrize("who", ["primary_admin", "admin", "agent", "viewer", "nobody", "outsider"])
def test_nobody_of_an_account_gets_in(cast: Cast, who: str) -> None:
    client = cast.client(cast.members()[who])
    for path in [*PAGES, f"accounts/{cast.account.pk}/"]:
        assert client.get(f"/operator/{path}").status_code == 404, path
    for path in ACTS:
        assert client.post(f"/operator/{path.format(account=cast.account.pk)}").status_code == 404, path


def test_who_is_signed_out_is_asked_to_sign_in(cast: Cast) -> None:
    for path in PAGES:
        answer = cast.client().get(f"/operator/{path}")
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next=/operator/{path}")
    answer = cast.client().post("/operator/catalogue/dates/", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_an_operator_sees_every_page(cast: Cast, operator: User) -> None:
    client = client_of(operator)
    for path in [*PAGES, f"accounts/{cast.account.pk}/"]:
        answer = client.get(f"/operator/{path}")
        assert answer.status_code == 200, path
        assert "private" in answer["Cache-Control"]


def test_an_operator_does_not_get_into_accounts_by_it(cast: Cast, operator: User) -> None:
    assert client_of(operator).get(f"/a/{cast.slug}/inbox/").status_code == 404


def test_who_is_no_operator_any_more_is_out_at_once(cast: Cast, operator: User) -> None:
    client = client_of(operator)
    operator.is_operator = False
    operator.save()
    assert client.get("/operator/").status_code == 404
    answer = client.post("/operator/catalogue/dates/", {"sale_ends_on": "2030-01-01"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["accounts/999999999/", f"accounts/{2**64}/", "invoices/1/999999999/", "requests/999999999/"]
)
def test_what_is_not_there_is_404(pages: object, path: str) -> None:
    assert pages.get(f"/operator/{path}").status_code == 404  # type: ignore[attr-defined]


def test_an_operator_finds_the_pages(cast: Cast, operator: User) -> None:
    client = client_of(operator)
    assert client.get("/")["Location"] == "/operator/"
    assert "To the desk" not in client.get("/operator/").text
    leader = cast.primary_admin.user
    leader.is_operator = True
    leader.save()
    client = client_of(leader)
    assert client.get("/")["Location"] == f"/a/{cast.slug}/"
    assert "To the desk" in client.get("/operator/").text
    assert 'href="/operator/"' in client.get(f"/a/{cast.slug}/settings/people/").text
    assert 'href="/operator/"' not in cast.client(cast.admin).get(f"/a/{cast.slug}/settings/people/").text
