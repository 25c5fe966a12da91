import re
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from salotto.accounts import actions
from salotto.accounts.models import User
from salotto.accounts.queries import accounts_of
from salotto.live.models import Event
from tests.cast import PASSWORD, Cast, client_of, new_user, some_address
from tests.mailbox import link_in, mails_to, text_of
from tests.threads import at_once


def fresh() -> str:
    return f"s{uuid4().hex[:12]}@example.com"


def form(address: str, **changes: str) -> dict[str, str]:
    return {
        "name": "Nora Neri",
        "account_name": "Bottega Neri",
        "email": address,
        "password1": PASSWORD,
        **changes,
    }


@pytest.fixture(autouse=True)
def somebody_is_here_already() -> None:
    new_user()


def test_sign_up_makes_person_and_account_and_asks_to_confirm() -> None:
    email, client = fresh(), client_of()
    answer = client.post("/signup/", form(email))
    assert answer.headers["Location"] == "/confirm-email/"
    assert email in client.get("/confirm-email/").content.decode()
    user = User.objects.get(email=email)
    (member,) = accounts_of(user)
    assert (user.name, member.role, member.access) == ("Nora Neri", "primary_admin", "agent")
    path = link_in(mails_to(email)[0])
    assert client.get(path).status_code == 200
    assert not EmailAddress.objects.get(email=email).verified
    client.post(path)
    assert EmailAddress.objects.get(email=email).verified
    client.post("/login/", {"login": email, "password": PASSWORD})
    assert client.get("/").headers["Location"] == f"/a/{member.account.slug}/"


def test_an_unconfirmed_person_is_not_let_in() -> None:
    email = fresh()
    client_of().post("/signup/", form(email))
    client = client_of()
    answer = client.post("/login/", {"login": email, "password": PASSWORD})
    assert answer.headers["Location"] == "/confirm-email/"
    assert "_auth_user_id" not in client.session


def test_sign_up_looks_the_same_for_an_address_that_is_taken() -> None:
    taken = new_user().email
    known, unknown = client_of(), client_of()
    first, second = known.post("/signup/", form(taken)), unknown.post("/signup/", form(fresh()))
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    assert "already" in mails_to(taken)[-1]["Subject"]
    assert User.objects.filter(email=taken).count() == 1


class Counting(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    count = 0

    def encode(self, password: str, salt: str) -> str:
        Counting.count += 1
        return super().encode(password, salt)


def work_of(address: str) -> tuple[int, list[str]]:
    """What a sign-up costs: passwords hashed, and the tables that it writes to."""
    Counting.count = 0
    with CaptureQueriesContext(connection) as queries:
        client_of().post("/signup/", form(address))
    written = (re.match(r'INSERT INTO "(\w+)"', query["sql"]) for query in queries)
    return Counting.count, sorted(match[1] for match in written if match)


def test_sign_up_costs_the_same_for_an_address_that_is_taken(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    taken, free = work_of(new_user().email), work_of(fresh())
    assert taken == free
    assert free[0] == 1 and "accounts_account" in free[1]


def test_a_double_submit_makes_one_person() -> None:
    email = fresh()
    answers = at_once(*(lambda: client_of().post("/signup/", form(email)) for _ in range(3)))
    assert {getattr(a, "status_code", a) for a in answers} == {302}
    assert len(accounts_of(User.objects.get(email=email))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\x00b"},
        {"account_name": ""},
        {"account_name": "y" * 81},
        {"password1": "kurz"},
        {"password1": "password123"},
        {"password1": "x" * 5000},
        {"email": "nobody"},
    ],
)
def test_a_sign_up_that_cannot_be_writes_nothing(changes: dict[str, str]) -> None:
    email = fresh()
    answer = client_of().post("/signup/", form(email, **changes))
    assert answer.status_code == 200
    assert not User.objects.filter(email=email).exists()


def test_closed_sign_up_says_so(settings: Any) -> None:
    settings.SIGNUP = False
    email = fresh()
    assert "Sign-up is closed" in client_of().get("/signup/").content.decode()
    client_of().post("/signup/", form(email))
    assert not User.objects.filter(email=email).exists()
    assert "/signup/" not in client_of().get("/login/").content.decode()
    assert client_of(new_user()).post("/new-account/", {"name": "Mia"}).status_code == 403


def test_the_confirmation_is_sent_again_after_a_minute_only() -> None:
    email, client = fresh(), client_of()
    client.post("/signup/", form(email))
    answer = client.post("/confirm-email/again/")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert len(mails_to(email)) == 1


def test_the_session_key_changes_at_sign_in() -> None:
    user, client = new_user(), client_of()
    client.get("/login/")
    client.session.save()
    before = client.session.session_key
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_sign_out_needs_a_post_and_closes_the_streams(cast: Cast) -> None:
    client = cast.client(cast.agent)
    assert client.get("/logout/").status_code == 200
    assert client.get(f"/a/{cast.slug}/settings/people/").status_code == 200
    told = Event.objects.filter(
        account_id=cast.account.pk, kind="member.changed", data={"user": cast.agent.user.pk}
    )
    before = told.count()
    client.post("/logout/")
    assert told.count() == before + 1
    assert client.get(f"/a/{cast.slug}/settings/people/").status_code == 302


@pytest.mark.parametrize("given", [{"password": "falsch"}, {"login": "nobody@example.com"}])
def test_a_wrong_sign_in_says_the_same_for_every_reason(given: dict[str, str]) -> None:
    user = new_user()
    answer = client_of().post("/login/", {"login": user.email, "password": PASSWORD, **given})
    assert "do not belong together" in answer.content.decode()


def test_too_many_failed_attempts_are_answered_with_429_whatever_the_host_header() -> None:
    user, client = new_user(), client_of()
    for number in range(5):
        client.post("/login/", {"login": user.email, "password": "x"}, headers={"host": f"h{number}.example"})
    answer = client.post("/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "300"


def test_nobody_locks_out_somebody_elsewhere() -> None:
    user, stranger = new_user(), client_of()
    for _ in range(6):
        stranger.post("/login/", {"login": user.email, "password": "x"})
    answer = client_of().post("/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302


def test_guesses_from_many_places_are_limited_all_the_same() -> None:
    user = new_user()
    for _ in range(50):
        assert client_of().post("/login/", {"login": user.email, "password": "x"}).status_code == 200
    answer = client_of().post("/login/", {"login": user.email.upper(), "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "600"


def test_a_right_password_costs_nothing_of_either_limit() -> None:
    user = new_user()
    for _ in range(51):
        assert client_of().post("/login/", {"login": user.email, "password": PASSWORD}).status_code == 302


def test_many_requests_of_one_address_are_answered_with_429() -> None:
    address = some_address()
    for _ in range(20):
        Client(REMOTE_ADDR=address).post("/signup/", {})
    answer = Client(REMOTE_ADDR=address).post("/signup/", form(fresh()))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"


def test_a_password_is_reset_by_mail_and_every_session_ends(cast: Cast) -> None:
    email = cast.agent.user.email
    old = cast.client(cast.agent)
    client = client_of()
    answer = client.post("/password/reset/", {"email": email}, headers={"host": "evil.example"})
    assert answer.headers["Location"] == "/password/reset/done/"
    mail = mails_to(email)[-1]
    assert "evil.example" not in text_of(mail) + text_of(mail, "html")
    path = client.get(link_in(mail)).headers["Location"]
    answer = client.post(path, {"password1": "another long sentence"})
    assert answer.headers["Location"] == "/password/reset/key/done/"
    assert old.get(f"/a/{cast.slug}/settings/people/").status_code == 302
    assert "does not work" in client_of().get(link_in(mail)).content.decode()
    assert "changed" in mails_to(email)[-1]["Subject"]


def test_a_reset_for_an_unknown_address_looks_the_same() -> None:
    email = fresh()
    answer = client_of().post("/password/reset/", {"email": email})
    assert answer.headers["Location"] == "/password/reset/done/"
    assert "No sign-in" in mails_to(email)[-1]["Subject"]


@pytest.mark.parametrize(
    "path",
    ["/password/reset/key/1-abc/", "/password/reset/key/zzzzzzzzzzzzzzzz-x-y/", "/confirm-email/forged/"],
)
def test_a_forged_link_says_that_it_does_not_work(path: str) -> None:
    assert client_of().get(path).status_code in (200, 404)


def test_a_changed_password_ends_the_other_sessions_only(cast: Cast) -> None:
    here, there = cast.client(cast.agent), cast.client(cast.agent)
    page = f"/a/{cast.slug}/settings/profile/"
    answer = here.post(page + "password/", {"oldpassword": PASSWORD, "password1": "another long sentence"})
    assert answer.status_code == 302
    assert here.get(page).status_code == 200
    assert there.get(page).status_code == 302
    assert "changed" in mails_to(cast.agent.user.email)[-1]["Subject"]


@pytest.mark.parametrize("given", [{"oldpassword": "falsch"}, {"password1": "kurz"}, {"password1": ""}])
def test_a_password_change_that_cannot_be_is_refused(given: dict[str, str], cast: Cast) -> None:
    page = f"/a/{cast.slug}/settings/profile/password/"
    fields = {"oldpassword": PASSWORD, "password1": "another long sentence", **given}
    assert cast.client(cast.agent).post(page, fields).status_code == 422
    cast.agent.user.refresh_from_db()
    assert cast.agent.user.check_password(PASSWORD)


def test_somebody_without_an_account_is_told_so_and_may_begin_one() -> None:
    user = new_user()
    client = client_of(user)
    assert "You belong to no account" in client.get("/").content.decode()
    answer = client.post("/new-account/", {"name": "Mia Bottega"})
    assert answer.headers["Location"] == f"/a/{accounts_of(user)[0].account.slug}/"


def test_the_language_before_sign_in_is_kept_in_a_cookie() -> None:
    client = client_of()
    answer = client.post("/language/", {"language": "it", "next": "/login/"})
    assert answer.headers["Location"] == "/login/"
    assert '<html lang="it"' in client.get("/login/").content.decode()
    assert (
        '<html lang="it"' in client_of(HTTP_ACCEPT_LANGUAGE="it-CH,it;q=0.9").get("/login/").content.decode()
    )


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "evil", "/\\evil.example"]
)
def test_the_language_switch_leads_nowhere_else(target: str) -> None:
    answer = client_of().post("/language/", {"language": "it", "next": target})
    assert answer.headers["Location"] == "/"


def test_an_unknown_language_is_refused() -> None:
    assert client_of().post("/language/", {"language": "xx"}).status_code == 400


def test_the_persons_language_wins_on_every_page(cast: Cast) -> None:
    actions.update_profile(cast.agent.user, language="it")
    page = cast.client(cast.agent).get(f"/a/{cast.slug}/settings/profile/")
    assert '<html lang="it"' in page.content.decode()


@pytest.mark.parametrize("path", ["/email/", "/password/set/", "/login/code/confirm/", "/password/change/"])
def test_pages_that_are_not_ours_do_not_exist(path: str) -> None:
    assert client_of(new_user()).get(path).status_code == 404


def test_a_form_without_its_token_is_refused_with_a_page() -> None:
    client = Client(enforce_csrf_checks=True, REMOTE_ADDR=some_address())
    answer = client.post("/login/", {"login": "a@example.com", "password": "x"})
    assert answer.status_code == 403
    assert "<html" in answer.content.decode()


def test_the_next_page_after_sign_in_is_one_of_ours() -> None:
    user = new_user()
    answer = client_of().post(
        "/login/?next=https://evil.example/", {"login": user.email, "password": PASSWORD}
    )
    assert answer.headers["Location"] == "/"
